"""``input.add_(1)`` and its kin: an input that is written to while the program runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.tensors import TENSOR, TakesTensor
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

FUNCTIONS: dict[str, str] = {"add": "{0}.add_(1)", "mul": "{0}.mul_(2)", "zero": "{0}.zero_()", "relu": "{0}.relu_()"}
"""What is done, by the word that stands for it in a document."""


class Mutate(TakesTensor):
    """Takes an input of the program; its sizes stay, its elements and those of its views change."""

    name = "mutate"
    fields = (TENSOR, Field("function", "word", tuple(FUNCTIONS)))

    def unfit(self, tensor: Tensor) -> str | None:
        # Elements that share their memory cannot be written to.
        fits = tensor.contiguous and tensor.dtype in ("float32", "float64")
        return None if fits else "is of another dtype or not contiguous"

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        name = statement.name("tensor")
        return None if name.startswith("a") else f"{name} is no input"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return FUNCTIONS[statement.name("function")].format(statement.name("tensor"))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (self.call(statement, render),)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in self.fitting(chooser, scope) if name.startswith("a")]
        if not names:
            return None
        return (self.statement(tensor=chooser.pick(names), function=chooser.pick(tuple(FUNCTIONS))),)


CONSTRUCT = Mutate()
