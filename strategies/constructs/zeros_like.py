"""``torch.zeros_like(tensor)``: the sizes of another tensor once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class ZerosLike(Construct):
    """Takes any tensor; demands nothing."""

    name = "zeros_like"
    kind = "consumer"
    fields = (Field("tensor", "tensor"),)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(tensors=(replace(scope.tensors[statement.name("tensor")], strides=None, offset=None),))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"{result} = torch.zeros_like({statement.name('tensor')})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        return (self.statement(tensor=chooser.pick(names)),) if names else None


CONSTRUCT = ZerosLike()
