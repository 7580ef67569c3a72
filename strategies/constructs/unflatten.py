"""``tensor.unflatten(dim, sizes)``: one dimension becomes several, whose product it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import equal, numel
from strategies.constructs.tensors import DIM, TENSOR, TakesDimension
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, Var

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Unflatten(TakesDimension):
    """Each size must be known not to be negative where it stands, because ``-1`` has a meaning of its own."""

    name = "unflatten"
    fields = (TENSOR, DIM, Field("sizes", "int terms"))

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        sizes = statement.terms("sizes")
        if not sizes:
            return "no sizes are given"
        if not all(map(scope.is_nonnegative, sizes)):
            return "every size must be checked to be >= 0 before (-1 means: infer)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = self.operand(statement, scope)
        shape = self.resized(statement, scope, *statement.terms("sizes"))
        return Effect(tensors=(Tensor(shape, tensor.dtype, tensor.contiguous),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return equal(numel(statement.terms("sizes")), self.size(statement, scope))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        sizes = ", ".join(map(render, statement.terms("sizes")))
        comma = "," if len(statement.terms("sizes")) == 1 else ""
        return f"{statement.name('tensor')}.unflatten({statement.number('dim')}, ({sizes}{comma}))"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...] | None:
        if len(scope.tensors[name].shape) > 2:
            return None
        factors = [
            leaf
            for leaf in (*scope.unbacked, *scope.backed)
            if 0 < scope.values[leaf] <= (size or 8) and size % scope.values[leaf] == 0
        ]
        first: Term = Var(chooser.pick(factors)) if factors else Const(1)
        value = scope.values[first.name] if isinstance(first, Var) else 1
        sizes = (first, Const(size // value))
        if chooser.flag(2):
            sizes = sizes[::-1]
        return (*chooser.nonnegative(scope, first), self.statement(tensor=name, dim=dim, sizes=sizes))


CONSTRUCT = Unflatten()
