"""``tensor.narrow(dim, start, length)``: a window that must lie inside the dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import not_negative
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Narrow(Construct):
    """The start must be known not to be negative where it stands, because a negative one counts from the end."""

    name = "narrow"
    kind = "consumer"
    fields = (
        Field("tensor", "tensor"),
        Field("dim", "int"),
        Field("start", "int term"),
        Field("length", "int term"),
    )

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        rank = len(scope.tensors[statement.name("tensor")].shape)
        if not 0 <= statement.number("dim") < rank:
            return f"dim={statement.number('dim')} is no dimension of a tensor of {rank}"
        if not scope.is_nonnegative(statement.term("start")):
            return "the start must be checked to be >= 0 before (a negative start counts from the end)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, dim = scope.tensors[statement.name("tensor")], statement.number("dim")
        shape = (*tensor.shape[:dim], statement.term("length"), *tensor.shape[dim + 1 :])
        return Effect(tensors=(Tensor(shape, tensor.dtype, tensor.contiguous and dim == 0),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        start, length = statement.term("start"), statement.term("length")
        size = scope.tensors[statement.name("tensor")].shape[statement.number("dim")]
        end = length if start == Const(0) else apply("add", start, length)
        return (*not_negative((length,), scope), apply("le", end, size))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        start, length = render(statement.term("start")), render(statement.term("length"))
        return (f"{result} = {statement.name('tensor')}.narrow({statement.number('dim')}, {start}, {length})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        if not names:
            return None
        name = chooser.pick(names)
        shape = scope.tensors[name].shape
        dim = chooser.below(len(shape)) if len(shape) > 1 else 0
        size = int(evaluate(shape[dim], scope.values))
        start: Term = Const(0)
        if chooser.flag(2):
            start = chooser.at_most(scope, size)
        room = size - int(evaluate(start, scope.values))
        length = chooser.at_most(scope, room)
        checks = () if scope.is_nonnegative(start) else (chooser.check(apply("ge", start, 0)),)
        return (*checks, self.statement(tensor=name, dim=dim, start=start, length=length))


CONSTRUCT = Narrow()
