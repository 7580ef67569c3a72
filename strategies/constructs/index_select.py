"""``tensor.index_select(dim, torch.arange(length))``: the first rows, by their indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import not_negative
from strategies.constructs.tensors import DIM, TENSOR, ResizesDimension
from strategies.statement import Scope, Statement
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class IndexSelect(ResizesDimension):
    """The length is not negative and at most the size. Nothing but a run can tell: no index has a symbol."""

    name = "index_select"
    fields = (TENSOR, DIM, Field("length", "int term"))

    def new_size(self, statement: Statement, scope: Scope) -> Term:
        return statement.term("length")

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        length = statement.term("length")
        return (*not_negative((length,), scope), apply("le", length, self.size(statement, scope)))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        indices = f"torch.arange({render(statement.term('length'))})"
        return f"{statement.name('tensor')}.index_select({statement.number('dim')}, {indices})"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...]:
        return (self.statement(tensor=name, dim=dim, length=chooser.at_most(scope, size)),)


CONSTRUCT = IndexSelect()
