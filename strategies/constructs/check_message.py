"""Checks that say what is wrong: ``torch._check(condition, message)`` and its kin that raise other errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

FUNCTIONS: dict[str, str] = {
    "check": "_check",
    "value": "_check_value",
    "index": "_check_index",
    "type": "_check_type",
    "not_implemented": "_check_not_implemented",
}
"""The functions of torch that take a condition and a message; each raises an error of its own."""

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


class CheckMessage(Construct):
    """Raises if the condition is false; the message is a function, as torch 2.13 takes no plain string."""

    name = "check_message"
    kind = "check"
    fields = (
        Field("cond", "bool term"),
        Field("function", "word", tuple(FUNCTIONS)),
        Field("message", "word", tuple(MESSAGES)),
    )

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (statement.term("cond"),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        text = MESSAGES[statement.name("message")]
        message = f", lambda: {text!r}" if text else ""
        function = FUNCTIONS[statement.name("function")]
        return (f"torch.{function}({render(statement.term('cond'))}{message})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        condition = chooser.condition(scope)
        if condition is None:
            return None
        function = chooser.pick(tuple(FUNCTIONS))
        # Strict export of torch 2.13 refuses every message, so that half of the checks go without one.
        message = chooser.pick(tuple(MESSAGES)[1:]) if chooser.flag(2) else "none"
        return (self.statement(cond=condition, function=function, message=message),)


CONSTRUCT = CheckMessage()
