"""An operator of one's own whose size has bounds that its author promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from strategies.constructs.base import Reading
from strategies.constructs.custom import CallsOperator
from strategies.constructs.sizes import numel
from strategies.custom_operators import LEAST, MOST, NAMESPACE
from strategies.statement import Input, Scope, Statement, Unrealisable
from strategies.terms import Term, Valuation, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class CustomFirstFew(CallsOperator):
    """One element at least, also for a mask without a true entry, and a few at most."""

    name = "custom_first_few"
    operator = "first_few"
    reading = Reading(f"{NAMESPACE}.first_few.default", least=LEAST, most=MOST)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        count = statement.number("count")
        return None if LEAST <= count <= MOST else f"count={count} is not between {LEAST} and {MOST}"

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        (leaf,) = scope.next_leaves(1)
        elements = numel(statement.terms("shape"))
        return apply("ge", leaf, LEAST), apply("le", leaf, MOST), apply("le", leaf, apply("max", elements, LEAST))

    def mask(self, statement: Statement, scope: Scope) -> Input:
        (leaf,) = scope.next_leaves(1)

        def entries(count: int, valuation: Valuation) -> Sequence[bool]:
            true = int(valuation[leaf])
            if not LEAST <= true <= min(MOST, max(count, LEAST)):
                raise Unrealisable(f"{leaf}={true} does not come out of {count} entries")
            return [index < true for index in range(count)]

        return replace(super().mask(statement, scope), fill=entries)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        grown = super().grow(chooser, scope)
        if grown is None:
            return None
        shape, count = grown[0].terms("shape"), grown[0].number("count")
        return (self.statement(shape=shape, count=max(LEAST, min(count, MOST))),)


CONSTRUCT = CustomFirstFew()
