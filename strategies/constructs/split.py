"""``tensor.split(sizes, dim)``: the sizes must add up to the dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import equal, not_negative, total
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Split(Construct):
    """Binds one tensor for each size."""

    name = "split"
    kind = "consumer"
    fields = (Field("tensor", "tensor"), Field("sizes", "int terms"), Field("dim", "int"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        rank = len(scope.tensors[statement.name("tensor")].shape)
        if not 0 <= statement.number("dim") < rank:
            return f"dim={statement.number('dim')} is no dimension of a tensor of {rank}"
        return None if statement.terms("sizes") else "no sizes are given"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, dim = scope.tensors[statement.name("tensor")], statement.number("dim")
        return Effect(
            tensors=tuple(
                Tensor(
                    (*tensor.shape[:dim], size, *tensor.shape[dim + 1 :]),
                    tensor.dtype,
                    tensor.contiguous and dim == 0,
                )
                for size in statement.terms("sizes")
            )
        )

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        sizes = statement.terms("sizes")
        whole = scope.tensors[statement.name("tensor")].shape[statement.number("dim")]
        return (*not_negative(sizes, scope), *equal(total(sizes), whole))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        sizes = statement.terms("sizes")
        names = scope.next_tensors(len(sizes))
        results = f"({names[0]},)" if len(names) == 1 else ", ".join(names)
        dim = "" if statement.number("dim") == 0 else f", dim={statement.number('dim')}"
        return (f"{results} = {statement.name('tensor')}.split([{', '.join(map(render, sizes))}]{dim})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        if not names:
            return None
        name = chooser.pick(names)
        shape = scope.tensors[name].shape
        dim = chooser.below(len(shape)) if len(shape) > 1 else 0
        rest = int(evaluate(shape[dim], scope.values))
        sizes: list[Term] = [chooser.at_most(scope, rest)]
        rest -= int(evaluate(sizes[0], scope.values))
        while rest and len(sizes) < 3 and chooser.flag(2):
            sizes.append(chooser.at_most(scope, rest))
            rest -= int(evaluate(sizes[-1], scope.values))
        if rest:
            # What is left is a constant, or the difference to the whole, in which case nothing is left to demand.
            sizes.append(apply("sub", shape[dim], total(sizes)) if chooser.flag(2) else Const(rest))
        return (self.statement(tensor=name, sizes=tuple(sizes), dim=dim),)


CONSTRUCT = Split()
