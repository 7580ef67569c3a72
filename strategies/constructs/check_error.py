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
    "value": "_check_value(",
    "index": "_check_index(",
    "type": "_check_type(",
    "not_implemented": "_check_not_implemented(",
    "with": "_check_with(ArithmeticError, ",
}
"""How the functions are called, up to their condition; each raises an error of its own."""


def called(function: str, condition: str, text: str = "") -> str:
    """A call of what stands for a function, with a message that is a function, as torch 2.13 takes no plain string."""
    # Only one function wants a message in any case.
    message = f", lambda: {text!r}" if text else ", None" if "_with(" in function else ""
    return f"torch.{function}{condition}{message})"


class CheckError(Demands):
    """Raises an error of the kind that the function is for, if the condition is false."""

    name = "check_error"
    fields = (CONDITION, Field("function", "word", tuple(FUNCTIONS)))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (called(FUNCTIONS[statement.name("function")], render(statement.term("cond"))),)

    def choices(self, chooser: Chooser) -> dict[str, object]:
        return {"function": chooser.pick(tuple(FUNCTIONS))}


CONSTRUCT = CheckError()
