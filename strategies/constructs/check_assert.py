"""``assert condition`` and the functions that do the same: ``torch._assert`` and ``torch._assert_scalar``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.conditions import CONDITION, Demands
from strategies.statement import Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

FORMS: dict[str, str] = {
    "assert": "assert {0}",
    "message": 'assert {0}, "the size does not fit"',
    "scalar": 'torch._assert_scalar({0}, "the size does not fit")',
    "operator": 'torch.ops.aten._assert_scalar.default({0}, "the size does not fit")',
    "function": 'torch._assert({0}, "the size does not fit")',
}
"""How the assertion is written, by the word that stands for it in a document."""


class CheckAssert(Demands):
    """Raises an ``AssertionError``, in the forms that are a call of an operator a ``RuntimeError``."""

    name = "check_assert"
    fields = (CONDITION, Field("form", "word", tuple(FORMS)))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (FORMS[statement.name("form")].format(render(statement.term("cond"))),)

    def choices(self, chooser: Chooser) -> dict[str, object]:
        return {"form": chooser.pick(tuple(FORMS))}


CONSTRUCT = CheckAssert()
