"""``tensor.flatten()``: a size that is a product, which nobody wrote down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import numel
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Flatten(Construct):
    """Takes any tensor that is known to be contiguous; demands nothing."""

    name = "flatten"
    kind = "consumer"
    fields = (Field("tensor", "tensor"),)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        if not scope.tensors[statement.name("tensor")].contiguous:
            return f"{statement.name('tensor')} is not known to be contiguous"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = scope.tensors[statement.name("tensor")]
        return Effect(tensors=(Tensor((numel(tensor.shape),), tensor.dtype),))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"{result} = {statement.name('tensor')}.flatten()",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if scope.tensors[name].contiguous]
        # A vector stays as it is: it comes last.
        names.sort(key=lambda name: len(scope.tensors[name].shape) == 1)
        return (self.statement(tensor=chooser.pick(names)),) if names else None


CONSTRUCT = Flatten()
