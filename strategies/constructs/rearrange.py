"""``tensor.t()`` and its kin: the same sizes in another order, or with a 1 among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.tensors import TENSOR, TakesTensor
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


FUNCTIONS: dict[str, tuple[str, int]] = {
    "transpose": ("{0}.transpose(0, 1)", 2),
    "unsqueeze": ("{0}.unsqueeze(0)", 0),
    "unsqueeze_last": ("{0}.unsqueeze(-1)", 0),
    "contiguous": ("{0}.contiguous()", 0),
    "permute": ("{0}.permute(2, 0, 1)", 3),
}
"""What is done, by the word that stands for it in a document, with the rank that it needs (0: any)."""


class Rearrange(TakesTensor):
    """Demands nothing; what is no longer contiguous takes no view."""

    name = "rearrange"
    fields = (TENSOR, Field("function", "word", tuple(FUNCTIONS)))

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        rank, needed = len(self.operand(statement, scope).shape), FUNCTIONS[statement.name("function")][1]
        return f"takes a tensor of {needed} dimensions, not of {rank}" if needed not in (0, rank) else None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, one = self.operand(statement, scope), Const(1)
        shape, dtype, contiguous = tensor.shape, tensor.dtype, tensor.contiguous
        match statement.name("function"):
            case "transpose":
                return Effect(tensors=(Tensor(shape[::-1], dtype, contiguous=False),))
            case "permute":
                return Effect(tensors=(Tensor((shape[2], shape[0], shape[1]), dtype, contiguous=False),))
            case "unsqueeze":
                return Effect(tensors=(Tensor((one, *shape), dtype, contiguous),))
            case "unsqueeze_last":
                return Effect(tensors=(Tensor((*shape, one), dtype, contiguous),))
            case _:
                return Effect(tensors=(Tensor(shape, dtype),))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return FUNCTIONS[statement.name("function")][0].format(statement.name("tensor"))

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names:
            return None
        name = chooser.pick(names)
        rank = len(scope.tensors[name].shape)
        functions = [
            function
            for function, (_, needed) in FUNCTIONS.items()
            if needed == rank or (needed == 0 and (rank < 3 or function == "contiguous"))
        ]
        return (self.statement(tensor=name, function=chooser.pick(functions)),)


CONSTRUCT = Rearrange()
