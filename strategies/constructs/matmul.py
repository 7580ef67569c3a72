"""``torch.mm``, ``torch.mv`` and ``torch.bmm``: two sizes that must be equal, and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import equal
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


FUNCTIONS: dict[str, tuple[int, int]] = {"mm": (2, 2), "mv": (2, 1), "bmm": (3, 3)}
"""The functions of torch, each with the ranks of the tensors that it takes."""


class MatMul(Construct):
    """The last size of the left tensor is the last but one of the right one (of a vector: the only one)."""

    name = "matmul"
    kind = "consumer"
    fields = (Field("function", "word", tuple(FUNCTIONS)), Field("left", "tensor"), Field("right", "tensor"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        ranks, dtypes = FUNCTIONS[statement.name("function")], []
        for side, rank in zip(("left", "right"), ranks, strict=True):
            tensor = scope.tensors[statement.name(side)]
            dtypes.append(tensor.dtype)
            if len(tensor.shape) != rank:
                return f"{statement.name(side)} has {len(tensor.shape)} dimensions; {rank} are allowed"
        return None if dtypes in (["float32"] * 2, ["float64"] * 2) else "both tensors must be of one float dtype"

    def _shapes(self, statement: Statement, scope: Scope) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
        return scope.tensors[statement.name("left")].shape, scope.tensors[statement.name("right")].shape

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        left, right = self._shapes(statement, scope)
        columns = right[-1:] if len(right) > 1 else ()
        return Effect(tensors=(Tensor((*left[:-1], *columns), scope.tensors[statement.name("left")].dtype),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        left, right = self._shapes(statement, scope)
        batch = equal(left[0], right[0]) if len(left) == 3 else ()
        return tuple(dict.fromkeys((*batch, *equal(left[-1], right[0 if len(right) == 1 else -2]))))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        operands = f"{statement.name('left')}, {statement.name('right')}"
        return (f"{result} = torch.{statement.name('function')}({operands})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if scope.tensors[name].dtype == "float32"]
        found = [
            statement
            for left in names
            for right in names
            for function in FUNCTIONS
            if self.validate(statement := self.statement(function=function, left=left, right=right), scope) is None
            and all(evaluate(term, scope.values) for term in self.requires(statement, scope))
        ]
        # What relates two different sizes comes first.
        found.sort(key=lambda statement: not self.requires(statement, scope))
        return (chooser.pick(found),) if found else None


CONSTRUCT = MatMul()
