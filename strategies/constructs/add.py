"""``left + right``: two tensors that must have the same sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Add(Construct):
    """Every pair of sizes must be known to be equal where it stands: one that is 1 would be repeated."""

    name = "add"
    kind = "consumer"
    fields = (Field("left", "tensor"), Field("right", "tensor"))

    def _pair(self, statement: Statement, scope: Scope) -> tuple[Tensor, Tensor]:
        return scope.tensors[statement.name("left")], scope.tensors[statement.name("right")]

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        left, right = self._pair(statement, scope)
        if left.dtype != right.dtype or len(left.shape) != len(right.shape) or left.dtype == "bool":
            return "the tensors differ in rank or dtype, or are of bool"
        for one, other in zip(left.shape, right.shape, strict=True):
            if not scope.is_equal(one, other):
                return "every pair of sizes must be checked to be equal before (a size of 1 is repeated)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        left, right = self._pair(statement, scope)
        return Effect(tensors=(Tensor(left.shape, left.dtype, left.contiguous and right.contiguous),))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"{result} = {statement.name('left')} + {statement.name('right')}",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if scope.tensors[name].dtype != "bool"]
        if not names:
            return None
        first = chooser.pick(names)
        mates = [name for name in names if name != first and _match(scope, first, name)]
        second = chooser.pick(mates[::-1]) if mates else first
        pairs = zip(scope.tensors[first].shape, scope.tensors[second].shape, strict=True)
        apart = dict.fromkeys((one, other) for one, other in pairs if not scope.is_equal(one, other))
        checks = (chooser.check(apply("eq", one, other)) for one, other in apart)
        return (*checks, self.statement(left=first, right=second))


def _match(scope: Scope, first: str, second: str) -> bool:
    one, other = scope.tensors[first], scope.tensors[second]
    return (
        one.dtype == other.dtype
        and len(one.shape) == len(other.shape)
        and all(
            evaluate(left, scope.values) == evaluate(right, scope.values)
            for left, right in zip(one.shape, other.shape, strict=True)
        )
    )


CONSTRUCT = Add()
