"""``tensor.chunk(2, dim)``: two halves, of which the first may be longer by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.tensors import DIM, TENSOR, TakesDimension
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Chunk(TakesDimension):
    """A dimension of 1 has one chunk only, which two names cannot take; one of 0 has two empty ones."""

    name = "chunk"
    fields = (TENSOR, DIM)

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        size = self.size(statement, scope)
        return "the number of chunks would depend on the data" if scope.depends_on_data(size) else None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, size = self.operand(statement, scope), self.size(statement, scope)
        contiguous = tensor.contiguous and statement.number("dim") == 0
        first = apply("floordiv", apply("add", size, 1), 2)
        halves = (first, apply("sub", size, first))
        return Effect(
            tensors=tuple(Tensor(self.resized(statement, scope, half), tensor.dtype, contiguous) for half in halves)
        )

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (apply("ne", self.size(statement, scope), 1),)

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        dim = "" if statement.number("dim") == 0 else f", {statement.number('dim')}"
        return f"{statement.name('tensor')}.chunk(2{dim})"

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (f"{', '.join(scope.next_tensors(2))} = {self.call(statement, render)}",)

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...] | None:
        if size == 1 or scope.depends_on_data(scope.tensors[name].shape[dim]):
            return None
        return (self.statement(tensor=name, dim=dim),)


CONSTRUCT = Chunk()
