"""``torch._check_is_size(size)``: the older way of demanding that a number can be a size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class CheckIsSize(Construct):
    """Raises if the number is negative."""

    name = "check_is_size"
    kind = "check"
    fields = (Field("size", "int term"),)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (apply("ge", statement.term("size"), 0),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (f"torch._check_is_size({render(statement.term('size'))})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        return (self.statement(size=chooser.size(scope)),) if scope.unbacked else None


CONSTRUCT = CheckIsSize()
