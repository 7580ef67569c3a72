"""An operator of one's own that yields a bare number that the data decides."""

from __future__ import annotations

from collections.abc import Callable

from strategies.constructs.base import Reading
from strategies.constructs.custom import CallsOperator
from strategies.custom_operators import NAMESPACE, called
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term


class CustomCount(CallsOperator):
    """How many entries of the mask are true."""

    name = "custom_count"
    operator = "count_true"
    reading = Reading(f"{NAMESPACE}.count_true.default", (), least=0)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect((statement.number("count"),))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,) = scope.next_leaves(1)
        return (f"{leaf} = {called(self.operator, f'm{leaf[1:]}')}",)


CONSTRUCT = CustomCount()
