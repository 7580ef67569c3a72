"""``torch._check(condition)``: what the writer of the program demands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Check(Construct):
    """Raises if the condition is false, and if computing it raises."""

    name = "check"
    kind = "check"
    fields = (Field("cond", "bool term"),)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (statement.term("cond"),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (f"torch._check({render(statement.term('cond'))})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        condition = chooser.condition(scope)
        return None if condition is None else (self.statement(cond=condition),)


CONSTRUCT = Check()
