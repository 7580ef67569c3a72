"""``torch.cat(tensors, dim)``: a size that is a sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import equal, total
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Cat(Construct):
    """All tensors have one rank and one dtype, and equal sizes in the other dimensions."""

    name = "cat"
    kind = "consumer"
    fields = (Field("tensors", "tensors"), Field("dim", "int"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        tensors = [scope.tensors[name] for name in statement.names("tensors")]
        if not tensors:
            return "no tensors are given"
        if len({(len(tensor.shape), tensor.dtype) for tensor in tensors}) > 1:
            return "the tensors differ in rank or dtype"
        if not 0 <= statement.number("dim") < len(tensors[0].shape):
            return f"dim={statement.number('dim')} is no dimension of a tensor of {len(tensors[0].shape)}"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        shapes = [scope.tensors[name].shape for name in statement.names("tensors")]
        dim = statement.number("dim")
        joined = total([shape[dim] for shape in shapes])
        shape = (*shapes[0][:dim], joined, *shapes[0][dim + 1 :])
        return Effect(tensors=(Tensor(shape, scope.tensors[statement.names("tensors")[0]].dtype),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        first, *others = (scope.tensors[name].shape for name in statement.names("tensors"))
        dim = statement.number("dim")
        return tuple(
            condition
            for other in others
            for axis, (left, right) in enumerate(zip(first, other, strict=True))
            if axis != dim
            for condition in equal(left, right)
        )

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        dim = "" if statement.number("dim") == 0 else f", dim={statement.number('dim')}"
        return (f"{result} = torch.cat([{', '.join(statement.names('tensors'))}]{dim})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        if not names:
            return None
        first = chooser.pick(names)
        rank = len(scope.tensors[first].shape)
        dim = chooser.below(rank) if rank > 1 else 0
        chosen = [first]
        mates = [name for name in names if _fits(scope, first, name, dim)]
        while len(chosen) < 4 and (len(chosen) == 1 or chooser.flag(2)):
            chosen.append(chooser.pick(mates))
        return (self.statement(tensors=tuple(chosen), dim=dim),)


def _fits(scope: Scope, first: str, second: str, dim: int) -> bool:
    one, other = scope.tensors[first], scope.tensors[second]
    if one.dtype != other.dtype or len(one.shape) != len(other.shape):
        return False
    return all(
        left == right or evaluate(left, scope.values) == evaluate(right, scope.values)
        for axis, (left, right) in enumerate(zip(one.shape, other.shape, strict=True))
        if axis != dim
    )


CONSTRUCT = Cat()
