"""``u, w = x.item(), ...``: one element that is read twice, as it is or around a write to its tensor."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.evaluate import holds
from strategies.statement import Effect, Input, Scope, Statement, Unrealisable
from strategies.terms import Const, Term, Valuation, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

LEAST, MOST = -(2**63), 2**63 - 1

FORMS: dict[str, tuple[str, ...]] = {
    "same": ("{1} = {2}.item()",),
    "clone": ("{1} = {2}.clone().item()",),
    "view": ("{1} = {2}.view(-1).item()",),
    "add": ("{2}.add_(3)", "{1} = {2}.item()"),
    "zero": ("{2}.zero_()", "{1} = {2}.item()"),
}
"""What comes behind the first reading, by the word that stands for it in a document."""


def _second(form: str, first: Term) -> Term:
    """The second number, by the first."""
    return apply("add", first, 3) if form == "add" else Const(0) if form == "zero" else first


class ItemTwice(Construct):
    """Binds both numbers. Torch may know them as one symbol or as two; what ties them holds in either case."""

    name = "item_twice"
    kind = "source"
    refused_by = MappingProxyType({"shape_env": "no single call reads each of its numbers"})
    fields = (Field("value", "int"), Field("form", "word", tuple(FORMS)))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        value = statement.number("value")
        return None if LEAST <= value <= MOST - 3 else f"value={value} does not fit in int64, or 3 more does not"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        value, form = statement.number("value"), statement.name("form")
        return Effect(leaves=(value, value + 3 if form == "add" else 0 if form == "zero" else value))

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        first, second = scope.next_leaves(2)
        form = statement.name("form")
        bounds = apply("ge", first, LEAST), apply("le", first, MOST - 3 if form == "add" else MOST)
        return (*bounds, apply("eq", second, _second(form, Var(first))))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        leaves = scope.next_leaves(2)
        demands = self.guarantees(statement, scope)

        def element(count: int, valuation: Valuation) -> list[int]:
            if not all(holds(term, valuation) for term in demands):
                raise Unrealisable(f"{leaves[1]}={valuation[leaves[1]]} does not follow {valuation[leaves[0]]}")
            return [int(valuation[leaves[0]])]

        return (Input(f"x{leaves[0][1:]}", (Const(1),), "int64", element, leaves),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        first, second = scope.next_leaves(2)
        names = first, second, f"x{first[1:]}"
        return tuple(line.format(*names) for line in ("{0} = {2}.item()", *FORMS[statement.name("form")]))

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        value = max(LEAST, min(chooser.item_value(scope), MOST - 3))
        return (self.statement(value=value, form=chooser.pick(tuple(FORMS))),)


CONSTRUCT = ItemTwice()
