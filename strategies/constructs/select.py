"""``tensor.select(dim, index)``: one row, by an index that the data decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.layouts import part_of
from strategies.constructs.tensors import DIM, TENSOR, TakesDimension
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Select(TakesDimension):
    """The index must be known not to be negative where it stands, because a negative one counts from the end."""

    name = "select"
    fields = (TENSOR, DIM, Field("index", "int term"))

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        if not scope.is_nonnegative(statement.term("index")):
            return "the index must be checked to be >= 0 before (a negative index counts from the end)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = self.operand(statement, scope)
        contiguous = tensor.contiguous and statement.number("dim") == 0
        shape, dim = self.resized(statement, scope), statement.number("dim")
        part = part_of(tensor, shape, contiguous, dim, statement.term("index"), drops=True)
        return Effect(tensors=(part,))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (apply("lt", statement.term("index"), self.size(statement, scope)),)

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return f"{statement.name('tensor')}.select({statement.number('dim')}, {render(statement.term('index'))})"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...] | None:
        if size == 0:
            return None
        fitting = [leaf for leaf in scope.unbacked if 0 <= scope.values[leaf] < size]
        index: Term = Var(chooser.pick(fitting)) if fitting else Const(chooser.below(size))
        return (*chooser.nonnegative(scope, index), self.statement(tensor=name, dim=dim, index=index))


CONSTRUCT = Select()
