"""``torch._check(condition)``: what the writer of the program demands."""

from __future__ import annotations

from collections.abc import Callable

from strategies.constructs.conditions import Demands
from strategies.statement import Scope, Statement
from strategies.terms import Term


class Check(Demands):
    """The plainest form."""

    name = "check"

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (f"torch._check({render(statement.term('cond'))})",)


CONSTRUCT = Check()
