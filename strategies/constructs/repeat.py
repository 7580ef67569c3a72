"""``tensor.repeat(times)``: sizes that are products."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import numel
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Repeat(Construct):
    """The numbers are known not to be negative where they stand: a negative number of empty parts is accepted."""

    name = "repeat"
    kind = "consumer"
    fields = (Field("tensor", "tensor"), Field("times", "int terms"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        rank, times = len(scope.tensors[statement.name("tensor")].shape), statement.terms("times")
        if len(times) < rank:
            return f"{len(times)} numbers for a tensor of {rank} dimensions"
        if not all(map(scope.is_nonnegative, times)):
            return "every number must be checked to be >= 0 before"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, times = scope.tensors[statement.name("tensor")], statement.terms("times")
        new = len(times) - len(tensor.shape)
        joined = (numel((number, size)) for number, size in zip(times[new:], tensor.shape, strict=True))
        return Effect(tensors=(Tensor((*times[:new], *joined), tensor.dtype),))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        times = ", ".join(map(render, statement.terms("times"))) or "()"
        return (f"{result} = {statement.name('tensor')}.repeat({times})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if len(scope.tensors[name].shape) < 3]
        if not names:
            return None
        name, number = chooser.pick(names), chooser.small_size(scope)
        rest = [Const(1)] * (len(scope.tensors[name].shape) - 1)
        times = (number, *rest) if chooser.often(3) else (Const(2), number, *rest)
        checks = () if scope.is_nonnegative(number) else (chooser.check(apply("ge", number, 0)),)
        return (*checks, self.statement(tensor=name, times=times))


CONSTRUCT = Repeat()
