"""``tensor.repeat_interleave(times, dim)``: a size that is a product."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import not_negative, numel
from strategies.constructs.tensors import DIM, TENSOR, ResizesDimension
from strategies.statement import Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class RepeatRows(ResizesDimension):
    """The number is not negative."""

    name = "repeat_rows"
    fields = (TENSOR, DIM, Field("times", "int term"))

    def new_size(self, statement: Statement, scope: Scope) -> Term:
        return numel((self.size(statement, scope), statement.term("times")))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return not_negative((statement.term("times"),), scope)

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        times, dim = render(statement.term("times")), statement.number("dim")
        return f"{statement.name('tensor')}.repeat_interleave({times}, dim={dim})"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...]:
        return (self.statement(tensor=name, dim=dim, times=chooser.small_size(scope)),)


CONSTRUCT = RepeatRows()
