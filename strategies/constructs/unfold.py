"""``tensor.unfold(dim, size, step)``: every window of a size, as a dimension of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import not_negative
from strategies.constructs.tensors import DIM, TENSOR, TakesDimension
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Unfold(TakesDimension):
    """The window is not longer than the dimension."""

    name = "unfold"
    fields = (TENSOR, DIM, Field("size", "int term"), Field("step", "int"))

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        step = statement.number("step")
        return None if step >= 1 else f"step={step}; torch takes steps of at least 1"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, step = self.operand(statement, scope), statement.number("step")
        room = apply("sub", self.size(statement, scope), statement.term("size"))
        windows = apply("add", room if step == 1 else apply("floordiv", room, step), 1)
        shape = (*self.resized(statement, scope, windows), statement.term("size"))
        return Effect(tensors=(Tensor(shape, tensor.dtype, contiguous=False),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        size = statement.term("size")
        return (*not_negative((size,), scope), apply("le", size, self.size(statement, scope)))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        size, step = render(statement.term("size")), statement.number("step")
        return f"{statement.name('tensor')}.unfold({statement.number('dim')}, {size}, {step})"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...] | None:
        if len(scope.tensors[name].shape) > 2:
            return None
        window = chooser.at_most(scope, size)
        if evaluate(window, scope.values) == 0:
            window = Const(min(size, 1))
        return (self.statement(tensor=name, dim=dim, size=window, step=1 + chooser.below(2)),)


CONSTRUCT = Unfold()
