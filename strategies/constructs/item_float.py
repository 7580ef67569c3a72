"""``u = x.item()`` of a tensor of 64-bit floats: any double, also none that is a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import SCALAR, Construct, Field
from strategies.statement import Effect, Input, Scope, Statement
from strategies.terms import Const, Term, Valuation

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

_VALUES = (2.5, 0.0, 1.0, 3.0, -1.5, 0.25, 7.0, 100.0, -0.0, 1e-3, 4.000000000000001, 2.0**53)
"""Example values: numbers between integers, integers, close to one, and beyond those that are all doubles."""


class ItemFloat(Construct):
    """Makes sure of nothing: there is no double that a tensor cannot hold."""

    name = "item_float"
    kind = "source"
    fields = (Field("value", "float term"),)
    reading = SCALAR

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        return None if isinstance(statement.term("value"), Const) else "the example value must be a literal"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        value = statement.term("value")
        return Effect(leaves=(float(value.value),) if isinstance(value, Const) else ())

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        (leaf,) = scope.next_leaves(1)

        def element(count: int, valuation: Valuation) -> list[float]:
            return [float(valuation[leaf])]

        return (Input(f"x{leaf[1:]}", (Const(1),), "float64", element, (leaf,)),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,) = scope.next_leaves(1)
        return (f"{leaf} = x{leaf[1:]}.item()",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        return (self.statement(value=Const(chooser.pick(_VALUES))),)


CONSTRUCT = ItemFloat()
