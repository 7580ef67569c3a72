"""``torch.cat(tensors, dim)``: a size that is a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.constructs.joined import JoinsTensors
from strategies.constructs.sizes import total
from strategies.statement import Effect, Scope, Statement, Tensor

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Cat(JoinsTensors):
    """The joint is one of the dimensions, whose sizes may differ."""

    name = "cat"

    def places(self, rank: int) -> int:
        return rank

    def joined(self, axis: int, dim: int) -> bool:
        return axis == dim

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensors, dim = self.operands(statement, scope), statement.number("dim")
        first = tensors[0]
        joint = total([tensor.shape[dim] for tensor in tensors])
        return Effect(tensors=(Tensor((*first.shape[:dim], joint, *first.shape[dim + 1 :]), first.dtype),))

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        if not names:
            return None
        first = chooser.pick(names)
        rank = len(scope.tensors[first].shape)
        dim = chooser.below(rank) if rank > 1 else 0
        chosen = [first]
        mates = self.mates(scope, names, first, dim)
        while len(chosen) < 4 and (len(chosen) == 1 or chooser.flag(2)):
            chosen.append(chooser.pick(mates))
        return (self.statement(tensors=tuple(chosen), dim=dim),)


CONSTRUCT = Cat()
