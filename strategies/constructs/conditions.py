"""What the ways of demanding a condition have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

CONDITION = Field("cond", "bool term")


class Demands(Construct):
    """Raises if the condition is false, and if computing it raises."""

    kind = "check"
    fields = (CONDITION,)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (statement.term("cond"),)

    def choices(self, chooser: Chooser) -> dict[str, object]:
        """The arguments beside the condition."""
        return {}

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        condition = chooser.condition(scope)
        return None if condition is None else (self.statement(cond=condition, **self.choices(chooser)),)
