"""``tensor.index_select(dim, torch.arange(length))``: the first rows, by their indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import not_negative
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class IndexSelect(Construct):
    """The length is not negative and at most the size. Nothing but a run can tell: no index has a symbol."""

    name = "index_select"
    kind = "consumer"
    fields = (Field("tensor", "tensor"), Field("dim", "int"), Field("length", "int term"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        rank = len(scope.tensors[statement.name("tensor")].shape)
        if not 0 <= statement.number("dim") < rank:
            return f"dim={statement.number('dim')} is no dimension of a tensor of {rank}"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, dim = scope.tensors[statement.name("tensor")], statement.number("dim")
        shape = (*tensor.shape[:dim], statement.term("length"), *tensor.shape[dim + 1 :])
        return Effect(tensors=(Tensor(shape, tensor.dtype),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        length = statement.term("length")
        size = scope.tensors[statement.name("tensor")].shape[statement.number("dim")]
        return (*not_negative((length,), scope), apply("le", length, size))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        indices = f"torch.arange({render(statement.term('length'))})"
        return (f"{result} = {statement.name('tensor')}.index_select({statement.number('dim')}, {indices})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        if not names:
            return None
        name = chooser.pick(names)
        shape = scope.tensors[name].shape
        dim = chooser.below(len(shape)) if len(shape) > 1 else 0
        length = chooser.at_most(scope, int(evaluate(shape[dim], scope.values)))
        return (self.statement(tensor=name, dim=dim, length=length),)


CONSTRUCT = IndexSelect()
