"""``torch.stack(tensors, dim)``: tensors of the same sizes along a new dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import equal
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Stack(Construct):
    """All tensors have one rank, one dtype and equal sizes."""

    name = "stack"
    kind = "consumer"
    fields = (Field("tensors", "tensors"), Field("dim", "int"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        tensors = [scope.tensors[name] for name in statement.names("tensors")]
        if not tensors:
            return "no tensors are given"
        if len({(len(tensor.shape), tensor.dtype) for tensor in tensors}) > 1:
            return "the tensors differ in rank or dtype"
        rank = len(tensors[0].shape) + 1
        if not 0 <= statement.number("dim") < rank:
            return f"dim={statement.number('dim')} is no dimension of a tensor of {rank}"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        names, dim = statement.names("tensors"), statement.number("dim")
        first = scope.tensors[names[0]]
        shape = (*first.shape[:dim], Const(len(names)), *first.shape[dim:])
        return Effect(tensors=(Tensor(shape, first.dtype),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        first, *others = (scope.tensors[name].shape for name in statement.names("tensors"))
        found = [
            condition
            for other in others
            for left, right in zip(first, other, strict=True)
            for condition in equal(left, right)
        ]
        return tuple(dict.fromkeys(found))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        dim = "" if statement.number("dim") == 0 else f", dim={statement.number('dim')}"
        return (f"{result} = torch.stack([{', '.join(statement.names('tensors'))}]{dim})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if len(scope.tensors[name].shape) < 3]
        if not names:
            return None
        first = chooser.pick(names)
        mates = [name for name in names if _fits(scope, first, name)]
        chosen = [first, chooser.pick(mates[::-1])]
        rank = len(scope.tensors[first].shape)
        return (self.statement(tensors=tuple(chosen), dim=chooser.below(rank + 1)),)


def _fits(scope: Scope, first: str, second: str) -> bool:
    one, other = scope.tensors[first], scope.tensors[second]
    if one.dtype != other.dtype or len(one.shape) != len(other.shape):
        return False
    return all(
        evaluate(left, scope.values) == evaluate(right, scope.values)
        for left, right in zip(one.shape, other.shape, strict=True)
    )


CONSTRUCT = Stack()
