"""``torch.arange(end)``: a size that is used as a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import not_negative
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Arange(Construct):
    """Needs an end that is not negative."""

    name = "arange"
    kind = "consumer"
    fields = (Field("end", "int term"),)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(tensors=(Tensor((statement.term("end"),), "int64"),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return not_negative((statement.term("end"),), scope)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"{result} = torch.arange({render(statement.term('end'))})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        return (self.statement(end=chooser.size(scope)),)


CONSTRUCT = Arange()
