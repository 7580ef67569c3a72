"""``torch.topk(tensor, k, dim).values``: the greatest ones, no more than there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import not_negative
from strategies.constructs.tensors import DIM, TENSOR, ResizesDimension
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class TopK(ResizesDimension):
    """The number is not negative and at most the size."""

    name = "topk"
    fields = (TENSOR, DIM, Field("k", "int term"))

    def unfit(self, tensor: Tensor) -> str | None:
        return None if tensor.dtype in ("float32", "float64", "int64", "int32") else f"is of {tensor.dtype}"

    def new_size(self, statement: Statement, scope: Scope) -> Term:
        return statement.term("k")

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        shape = self.resized(statement, scope, statement.term("k"))
        # With several dimensions the layout of the result is the kernel's own affair.
        return Effect(tensors=(Tensor(shape, self.operand(statement, scope).dtype, len(shape) == 1),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        number = statement.term("k")
        return (*not_negative((number,), scope), apply("le", number, self.size(statement, scope)))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        number = render(statement.term("k"))
        return f"torch.topk({statement.name('tensor')}, {number}, {statement.number('dim')}).values"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...]:
        return (self.statement(tensor=name, dim=dim, k=chooser.at_most(scope, size)),)


CONSTRUCT = TopK()
