"""``torch.relu(tensor)`` and its kin: the sizes stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.tensors import TENSOR, TakesTensor
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


FUNCTIONS: dict[str, str] = {
    "relu": "torch.relu({0})",
    "neg": "-{0}",
    "plus": "{0} + 1",
    "clone": "{0}.clone()",
    "cumsum": "{0}.cumsum(0)",
    "flip": "{0}.flip(0)",
}
"""What is done, by the word that stands for it in a document."""


class Elementwise(TakesTensor):
    """Takes any tensor of numbers; demands nothing."""

    name = "elementwise"
    fields = (TENSOR, Field("function", "word", tuple(FUNCTIONS)))

    def unfit(self, tensor: Tensor) -> str | None:
        fits = tensor.shape and tensor.dtype in ("float32", "float64", "int64")
        return None if fits else "has no dimension or is of a small dtype"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        # What is made anew has a layout of its own.
        return Effect(tensors=(replace(self.operand(statement, scope), strides=None, offset=None),))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return FUNCTIONS[statement.name("function")].format(statement.name("tensor"))

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names:
            return None
        name, function = chooser.pick(names), chooser.pick(tuple(FUNCTIONS))
        return (self.statement(tensor=name, function=function),)


CONSTRUCT = Elementwise()
