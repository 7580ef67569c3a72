"""What the consumers that take one tensor have in common, and those of them that work on one of its dimensions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

TENSOR = Field("tensor", "tensor")
DIM = Field("dim", "int")


class TakesTensor(Construct):
    """Makes one tensor of one: the first field is ``tensor``."""

    kind = "consumer"
    fields = (TENSOR,)

    def operand(self, statement: Statement, scope: Scope) -> Tensor:
        """The tensor that the statement takes."""
        return scope.tensors[statement.name("tensor")]

    def unfit(self, tensor: Tensor) -> str | None:
        """Why ``tensor`` is none that this construct takes, or ``None``."""
        return None

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        """Why the other arguments cannot stand in ``scope``, or ``None``; the tensor and its dimension can."""
        return None

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        unfit = self.unfit(self.operand(statement, scope))
        return f"{statement.name('tensor')} {unfit}" if unfit else self.problem(statement, scope)

    @abstractmethod
    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        """The Python expression that makes the result."""

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"{result} = {self.call(statement, render)}",)

    def fitting(self, chooser: Chooser, scope: Scope) -> list[str]:
        """The names of the tensors in ``scope`` that this construct takes."""
        return [name for name in chooser.tensors(scope) if self.unfit(scope.tensors[name]) is None]


class TakesDimension(TakesTensor):
    """Works on one dimension: the fields begin with ``tensor`` and ``dim``."""

    fields = (TENSOR, DIM)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        rank = len(self.operand(statement, scope).shape)
        if not 0 <= statement.number("dim") < rank:
            return f"dim={statement.number('dim')} is no dimension of a tensor of {rank}"
        return super().validate(statement, scope)

    def size(self, statement: Statement, scope: Scope) -> Term:
        """The size of the dimension."""
        return self.operand(statement, scope).shape[statement.number("dim")]

    def resized(self, statement: Statement, scope: Scope, *sizes: Term) -> tuple[Term, ...]:
        """The sizes of the tensor with those of the dimension replaced by ``sizes``."""
        shape, dim = self.operand(statement, scope).shape, statement.number("dim")
        return (*shape[:dim], *sizes, *shape[dim + 1 :])

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names:
            return None
        name = chooser.pick(names)
        shape = scope.tensors[name].shape
        dim = chooser.below(len(shape)) if len(shape) > 1 else 0
        return self.grow_on(chooser, scope, name, dim, int(evaluate(shape[dim], scope.values)))

    @abstractmethod
    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...] | None:
        """Statements as of :meth:`grow`, on dimension ``dim`` of ``name``, which has ``size`` on the example."""


class ResizesDimension(TakesDimension):
    """Makes a tensor of the same kind whose dimension has another size."""

    @abstractmethod
    def new_size(self, statement: Statement, scope: Scope) -> Term:
        """The size of the dimension in the result."""

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        shape = self.resized(statement, scope, self.new_size(statement, scope))
        return Effect(tensors=(Tensor(shape, self.operand(statement, scope).dtype),))
