"""``tensor.view(sizes)``: the product of the sizes must be the number of elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import equal, numel
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class View(Construct):
    """Each size must be known not to be negative where it stands, because ``-1`` has a meaning of its own."""

    name = "view"
    kind = "consumer"
    fields = (Field("tensor", "tensor"), Field("shape", "int terms"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        if not scope.tensors[statement.name("tensor")].contiguous:
            return f"{statement.name('tensor')} is not known to be contiguous"
        if not all(map(scope.is_nonnegative, statement.terms("shape"))):
            return "every size must be checked to be >= 0 before (-1 means: infer)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        dtype = scope.tensors[statement.name("tensor")].dtype
        return Effect(tensors=(Tensor(statement.terms("shape"), dtype),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        tensor = scope.tensors[statement.name("tensor")]
        return equal(numel(statement.terms("shape")), numel(tensor.shape))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        sizes = ", ".join(map(render, statement.terms("shape"))) or "()"
        return (f"{result} = {statement.name('tensor')}.view({sizes})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if scope.tensors[name].contiguous]
        if not names:
            return None
        name = chooser.pick(names)
        grown = grown_shape(chooser, scope, scope.tensors[name].shape)
        if grown is None:
            return None
        checks, shape = grown
        return (*checks, self.statement(tensor=name, shape=shape))


def grown_shape(
    chooser: Chooser, scope: Scope, old: tuple[Term, ...]
) -> tuple[tuple[Statement, ...], tuple[Term, ...]] | None:
    """Sizes with as many elements as ``old`` on the example, and the checks that they need in front of them."""
    elements = int(evaluate(numel(old), scope.values))
    # A leaf takes the place of a factor of the number of elements, so that the view relates the two.
    divisors = [
        leaf for leaf in (*scope.unbacked, *scope.dims) if scope.values[leaf] > 0 and elements % scope.values[leaf] == 0
    ]
    if not divisors:
        return ((), (numel(old),)) if scope.is_nonnegative(numel(old)) else None
    size = Var(chooser.pick(divisors))
    quotient = elements // scope.values[size.name]
    shape: tuple[Term, ...] = (size,) if quotient == 1 else (size, Const(quotient))
    if chooser.flag(3):
        shape = shape[::-1]
    return (() if scope.is_nonnegative(size) else (chooser.check(apply("ge", size, 0)),)), shape


CONSTRUCT = View()
