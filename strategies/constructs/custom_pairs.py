"""An operator of one's own whose size is a multiple of what the data decides: the symbol stands behind a divisor."""

from __future__ import annotations

from collections.abc import Callable

from strategies.constructs.base import Reading
from strategies.constructs.custom import CallsOperator
from strategies.custom_operators import FACTOR, NAMESPACE, called
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply


class CustomPairs(CallsOperator):
    """Two elements for each true entry (public thread 124310 and pull 138136)."""

    name = "custom_pairs"
    operator = "pairs"
    reading = Reading(f"{NAMESPACE}.pairs.default", factor=FACTOR)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        (leaf,) = scope.next_leaves(1)
        return Effect((statement.number("count"),), (Tensor((apply("mul", leaf, FACTOR),), "int64"),))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,), (result,) = scope.next_leaves(1), scope.next_tensors(1)
        return f"{result} = {called(self.operator, f'm{leaf[1:]}')}", f"{leaf} = {result}.shape[0] // {FACTOR}"


CONSTRUCT = CustomPairs()
