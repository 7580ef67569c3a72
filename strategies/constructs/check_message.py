"""Checks that say what is wrong: ``torch._check(condition, message)`` and its kin that raise other errors."""

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
    "check": "_check(",
    "value": "_check_value(",
    "index": "_check_index(",
    "type": "_check_type(",
    "not_implemented": "_check_not_implemented(",
    "with": "_check_with(ArithmeticError, ",
}
"""How the functions of torch are called that take a condition and a message; each raises an error of its own."""

MESSAGES: dict[str, str] = {
    "none": "",
    "plain": "the size does not fit",
    "quoted": 'it\'s "too long"',
    "percent": "100% of the rows, %s and %d",
    "braces": "{rows} by {0}",
    "lines": "first line\nsecond line",
    "backslash": "a\\b",
    "foreign": "größer als erlaubt",
}
"""What a message can say, by the word that stands for it in a document. ``none`` stands for no message at all."""


class CheckMessage(Demands):
    """Raises if the condition is false; the message is a function, as torch 2.13 takes no plain string."""

    name = "check_message"
    fields = (
        CONDITION,
        Field("function", "word", tuple(FUNCTIONS)),
        Field("message", "word", tuple(MESSAGES)),
    )

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        text, word = MESSAGES[statement.name("message")], statement.name("function")
        # Only this one function wants a message in any case.
        message = f", lambda: {text!r}" if text else ", None" if word == "with" else ""
        return (f"torch.{FUNCTIONS[word]}{render(statement.term('cond'))}{message})",)

    def choices(self, chooser: Chooser) -> dict[str, object]:
        function = chooser.pick(tuple(FUNCTIONS))
        # Strict export of torch 2.13 refuses every message, so that half of the checks go without one.
        return {"function": function, "message": chooser.pick(tuple(MESSAGES)[1:]) if chooser.flag(2) else "none"}


CONSTRUCT = CheckMessage()
