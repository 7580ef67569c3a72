"""``u = x.item()`` of a bool tensor: a truth value, of which torch makes a number that is 0 or 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import TRUTH, Construct, Field
from strategies.statement import Effect, Input, Scope, Statement
from strategies.terms import Const, Term, Valuation

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class ItemTruth(Construct):
    """Makes sure of nothing: a tensor holds either value."""

    name = "item_truth"
    kind = "source"
    fields = (Field("value", "int"),)
    reading = TRUTH

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        value = statement.number("value")
        return None if value in (0, 1) else f"value={value} is neither 0 nor 1"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(leaves=(bool(statement.number("value")),))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        (leaf,) = scope.next_leaves(1)

        def element(count: int, valuation: Valuation) -> list[bool]:
            return [bool(valuation[leaf])]

        return (Input(f"x{leaf[1:]}", (Const(1),), "bool", element, (leaf,)),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,) = scope.next_leaves(1)
        return (f"{leaf} = x{leaf[1:]}.item()",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        return (self.statement(value=chooser.below(2)),)


CONSTRUCT = ItemTruth()
