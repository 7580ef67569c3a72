"""``torch._check(condition, lambda: text)``: a message that is the value of a variable around it."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from strategies.constructs.conditions import Demands
from strategies.statement import Scope, Statement
from strategies.terms import Term


class CheckVariable(Demands):
    """The function that gives the message is a closure."""

    name = "check_variable"
    refused_by = MappingProxyType({"export-strict": "strict export of torch 2.13 takes no message that is a function"})

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (f'text = "the size does not fit"; torch._check({render(statement.term("cond"))}, lambda: text)',)


CONSTRUCT = CheckVariable()
