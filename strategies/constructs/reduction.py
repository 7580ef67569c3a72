"""``tensor.sum(dim)`` and its kin: a dimension goes, and some of them need it to hold something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.tensors import DIM, TENSOR, TakesDimension
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


FUNCTIONS = ("sum", "mean", "amax", "prod", "argmax")
_NOT_OF_NOTHING = ("amax", "argmax")


class Reduction(TakesDimension):
    """The greatest of nothing does not exist; the mean of integers neither."""

    name = "reduction"
    fields = (TENSOR, DIM, Field("function", "word", FUNCTIONS))

    def unfit(self, tensor: Tensor) -> str | None:
        return None if tensor.dtype in ("float32", "float64", "int64") else f"is of {tensor.dtype}"

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        integers = self.operand(statement, scope).dtype == "int64"
        return "no mean of int64" if integers and statement.name("function") == "mean" else None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = self.operand(statement, scope)
        dtype = "int64" if statement.name("function") == "argmax" else tensor.dtype
        # The layout of what is left is the kernel's own affair where the operand is no plain one.
        return Effect(tensors=(Tensor(self.resized(statement, scope), dtype, tensor.contiguous),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (apply("ge", self.size(statement, scope), 1),) if statement.name("function") in _NOT_OF_NOTHING else ()

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return f"{statement.name('tensor')}.{statement.name('function')}({statement.number('dim')})"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...]:
        functions = [
            function
            for function in FUNCTIONS
            if not (function == "mean" and scope.tensors[name].dtype == "int64")
            and not (function in _NOT_OF_NOTHING and size == 0)
        ]
        return (self.statement(tensor=name, dim=dim, function=chooser.pick(functions)),)


CONSTRUCT = Reduction()
