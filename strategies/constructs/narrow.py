"""``tensor.narrow(dim, start, length)``: a window that must lie inside the dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.layouts import part_of
from strategies.constructs.sizes import not_negative
from strategies.constructs.tensors import DIM, TENSOR, TakesDimension
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Const, Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Narrow(TakesDimension):
    """The start must be known not to be negative where it stands, because a negative one counts from the end."""

    name = "narrow"
    fields = (TENSOR, DIM, Field("start", "int term"), Field("length", "int term"))

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        if not scope.is_nonnegative(statement.term("start")):
            return "the start must be checked to be >= 0 before (a negative start counts from the end)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = self.operand(statement, scope)
        shape = self.resized(statement, scope, statement.term("length"))
        contiguous = tensor.contiguous and statement.number("dim") == 0
        return Effect(tensors=(part_of(tensor, shape, contiguous, statement.number("dim"), statement.term("start")),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        start, length = statement.term("start"), statement.term("length")
        end = length if start == Const(0) else apply("add", start, length)
        return (*not_negative((length,), scope), apply("le", end, self.size(statement, scope)))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        start, length = render(statement.term("start")), render(statement.term("length"))
        return f"{statement.name('tensor')}.narrow({statement.number('dim')}, {start}, {length})"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...]:
        start: Term = chooser.at_most(scope, size) if chooser.flag(2) else Const(0)
        length = chooser.at_most(scope, size - int(evaluate(start, scope.values)))
        checks = chooser.nonnegative(scope, start)
        return (*checks, self.statement(tensor=name, dim=dim, start=start, length=length))


CONSTRUCT = Narrow()
