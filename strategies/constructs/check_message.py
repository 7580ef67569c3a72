"""Checks that say what is wrong: ``torch._check(condition, message)`` and its kin that raise other errors."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

from strategies.constructs import check_error as errors
from strategies.constructs.base import Field
from strategies.constructs.conditions import CONDITION, Demands
from strategies.statement import Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

FUNCTIONS: dict[str, str] = {"check": "_check(", **errors.FUNCTIONS}
"""How the functions are called, up to their condition; each raises an error of its own."""

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
"""What a message can say, by the word that stands for it in a document. ``none`` is read and no longer drawn:
that is what ``check`` and ``check_error`` say."""


class CheckMessage(Demands):
    """Raises if the condition is false, and says why."""

    name = "check_message"
    refused_by = MappingProxyType({"export-strict": "strict export of torch 2.13 takes no message that is a function"})
    fields = (
        CONDITION,
        Field("function", "word", tuple(FUNCTIONS)),
        Field("message", "word", tuple(MESSAGES)),
    )

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        function, text = FUNCTIONS[statement.name("function")], MESSAGES[statement.name("message")]
        return (errors.called(function, render(statement.term("cond")), text),)

    def choices(self, chooser: Chooser) -> dict[str, object]:
        return {"function": chooser.pick(tuple(FUNCTIONS)), "message": chooser.pick(tuple(MESSAGES)[1:])}


CONSTRUCT = CheckMessage()
