"""``torch._check(condition, lambda: f"got {size}")``: a message that is made when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.conditions import CONDITION, Demands
from strategies.statement import Scope, Statement
from strategies.terms import Term, Var, variables

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

FORMS: dict[str, str] = {
    "formatted": 'torch._check({cond}, lambda: f"got {{{leaf}}}")',
    "keyword": 'torch._check({cond}, message=lambda: f"got {{{leaf}}}")',
    "number": "torch._check({cond}, lambda: {leaf})",
}
"""How the message is written, by the word that stands for it in a document."""


class CheckFormatted(Demands):
    """The message shows the first leaf of the condition; torch turns what is no text into text."""

    name = "check_formatted"
    refused_by = MappingProxyType(
        dict.fromkeys(("compile", "export-strict"), "Dynamo takes no message that is made of a value")
    )
    fields = (CONDITION, Field("form", "word", tuple(FORMS)))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        return None if variables(statement.term("cond")) else "the condition names no leaf that a message could show"

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        condition = statement.term("cond")
        leaf = render(Var(min(variables(condition))))
        return (FORMS[statement.name("form")].format(cond=render(condition), leaf=leaf),)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        # A condition can come out as a literal, of which no message shows a leaf.
        grown = super().grow(chooser, scope)
        return grown if grown and variables(grown[0].term("cond")) else None

    def choices(self, chooser: Chooser) -> dict[str, object]:
        return {"form": chooser.pick(tuple(FORMS))}


CONSTRUCT = CheckFormatted()
