"""``u, w = x.tolist()``: several integers that are read from one tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import SCALAR, Construct, Field
from strategies.drawing.sums import MOST as MOST_TERMS
from strategies.statement import Effect, Input, Scope, Statement, Unrealisable
from strategies.terms import Const, Term, Valuation, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

LEAST, MOST = -(2**63), 2**63 - 1


class ToList(Construct):
    """Binds one leaf for each element; ``values`` are their example values, of which there are two at least."""

    name = "tolist"
    kind = "source"
    fields = (Field("values", "int terms"),)
    reading = SCALAR

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        values = statement.terms("values")
        if len(values) < 2:
            return f"{len(values)} values; at least 2 are allowed"
        for value in values:
            if not isinstance(value, Const) or not LEAST <= value.value <= MOST:
                return "every value must be a constant that fits in int64"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(leaves=tuple(int(value.value) for value in statement.terms("values") if isinstance(value, Const)))

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        leaves = self._leaves(statement, scope)
        return tuple(bound for leaf in leaves for bound in (apply("ge", leaf, LEAST), apply("le", leaf, MOST)))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        leaves = self._leaves(statement, scope)

        def elements(count: int, valuation: Valuation) -> list[int]:
            values = [int(valuation[leaf]) for leaf in leaves]
            for leaf, value in zip(leaves, values, strict=True):
                if not LEAST <= value <= MOST:
                    raise Unrealisable(f"{leaf}={value} does not fit in int64")
            return values

        return (Input(f"x{leaves[0][1:]}", (Const(len(leaves)),), "int64", elements, leaves),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        leaves = self._leaves(statement, scope)
        return (f"{', '.join(leaves)} = x{leaves[0][1:]}.tolist()",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        values = [chooser.item_value(scope), chooser.item_value(scope)]
        if chooser.flag(2):
            # As many as a long sum has terms.
            values.append(chooser.item_value(scope))
            while len(values) < MOST_TERMS and chooser.often(6):
                values.append(chooser.item_value(scope))
        return (self.statement(values=tuple(map(Const, values))),)

    def _leaves(self, statement: Statement, scope: Scope) -> tuple[str, ...]:
        return scope.next_leaves(len(statement.terms("values")))


CONSTRUCT = ToList()
