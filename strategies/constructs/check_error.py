"""Checks that raise an error of their own kind and say nothing: ``torch._check_value(condition)`` and its kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.conditions import CONDITION, Demands
from strategies.statement import Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

FUNCTIONS: dict[str, str] = {
    "value": "_check_value({0}{1})",
    "index": "_check_index({0}{1})",
    "type": "_check_type({0}{1})",
    "not_implemented": "_check_not_implemented({0}{1})",
    "with": "_check_with(ArithmeticError, {0}{1})",
}
"""How the functions are called, with a condition and perhaps a message; each raises an error of its own."""


class CheckError(Demands):
    """Raises an error of the kind that the function is for, if the condition is false."""

    name = "check_error"
    fields = (CONDITION, Field("function", "word", tuple(FUNCTIONS)))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        word = statement.name("function")
        # Only this one function wants a message in any case.
        no_message = ", None" if word == "with" else ""
        return (f"torch.{FUNCTIONS[word].format(render(statement.term('cond')), no_message)}",)

    def choices(self, chooser: Chooser) -> dict[str, object]:
        return {"function": chooser.pick(tuple(FUNCTIONS))}


CONSTRUCT = CheckError()
