"""``u = x.item()``: an integer that is read from a tensor of one element."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Input, Scope, Statement, Unrealisable
from strategies.terms import Const, Term, Valuation, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


class Item(Construct):
    """The tensor has the shape ``[1]``: the element of a 0-dimensional input is a backed symbol in some frontends."""

    name = "item"
    kind = "source"
    fields = (Field("value", "int"),)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        if not INT64_MIN <= statement.number("value") <= INT64_MAX:
            return f"value={statement.number('value')} does not fit in int64"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(leaves=(statement.number("value"),))

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        (leaf,) = scope.next_leaves(1)
        return apply("ge", leaf, INT64_MIN), apply("le", leaf, INT64_MAX)

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        (leaf,) = scope.next_leaves(1)

        def element(count: int, valuation: Valuation) -> list[int]:
            value = int(valuation[leaf])
            if not INT64_MIN <= value <= INT64_MAX:
                raise Unrealisable(f"{leaf}={value} does not fit in int64")
            return [value]

        return (Input(f"x{leaf[1:]}", (Const(1),), "int64", element, leaf),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,) = scope.next_leaves(1)
        return (f"{leaf} = x{leaf[1:]}.item()",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        return (self.statement(value=chooser.item_value(scope)),)


CONSTRUCT = Item()
