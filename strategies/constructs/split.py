"""``tensor.split(sizes, dim)``: the sizes must add up to the dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import equal, not_negative, total
from strategies.constructs.tensors import DIM, TENSOR, TakesDimension
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Split(TakesDimension):
    """Binds one tensor for each size; sizes that the data decides come from ``tolist()``."""

    name = "split"
    fields = (TENSOR, Field("sizes", "int terms"), DIM)

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        return None if statement.terms("sizes") else "no sizes are given"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = self.operand(statement, scope)
        contiguous = tensor.contiguous and statement.number("dim") == 0
        return Effect(
            tensors=tuple(
                Tensor(self.resized(statement, scope, size), tensor.dtype, contiguous)
                for size in statement.terms("sizes")
            )
        )

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        sizes = statement.terms("sizes")
        return (*not_negative(sizes, scope), *equal(total(sizes), self.size(statement, scope)))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        dim = "" if statement.number("dim") == 0 else f", dim={statement.number('dim')}"
        return f"{statement.name('tensor')}.split([{', '.join(map(render, statement.terms('sizes')))}]{dim})"

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        names = scope.next_tensors(len(statement.terms("sizes")))
        results = f"({names[0]},)" if len(names) == 1 else ", ".join(names)
        return (f"{results} = {self.call(statement, render)}",)

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...]:
        whole = scope.tensors[name].shape[dim]
        sizes: list[Term] = [chooser.at_most(scope, size)]
        rest = size - int(evaluate(sizes[0], scope.values))
        while rest and len(sizes) < 3 and chooser.flag(2):
            sizes.append(chooser.at_most(scope, rest))
            rest -= int(evaluate(sizes[-1], scope.values))
        if rest:
            # What is left is a leaf that fits, a constant, or the difference to the whole: then nothing is demanded.
            last = [Var(leaf) for leaf in scope.unbacked if scope.values[leaf] == rest]
            sizes.append(chooser.pick([*last, Const(rest), apply("sub", whole, total(sizes))]))
        return (self.statement(tensor=name, sizes=tuple(sizes), dim=dim),)


CONSTRUCT = Split()
