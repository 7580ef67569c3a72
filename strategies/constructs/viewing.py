"""What the consumers that arrange the same elements in other sizes have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import equal, numel
from strategies.constructs.tensors import TENSOR, TakesTensor
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, Var

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class KeepsElements(TakesTensor):
    """Each size must be known not to be negative where it stands, because ``-1`` has a meaning of its own."""

    fields = (TENSOR, Field("shape", "int terms"))

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        if not all(map(scope.is_nonnegative, statement.terms("shape"))):
            return "every size must be checked to be >= 0 before (-1 means: infer)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = self.operand(statement, scope)
        return Effect(tensors=(Tensor(statement.terms("shape"), tensor.dtype, tensor.contiguous),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return equal(numel(statement.terms("shape")), numel(self.operand(statement, scope).shape))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        sizes = ", ".join(map(render, statement.terms("shape"))) or "()"
        return f"{statement.name('tensor')}.{self.name}({sizes})"

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names:
            return None
        name = chooser.pick(names)
        grown = _shape(chooser, scope, scope.tensors[name].shape)
        if grown is None:
            return None
        checks, shape = grown
        return (*checks, self.statement(tensor=name, shape=shape))


def _shape(
    chooser: Chooser, scope: Scope, old: tuple[Term, ...]
) -> tuple[tuple[Statement, ...], tuple[Term, ...]] | None:
    """Sizes with as many elements as ``old`` on the example, and the checks that they need in front of them."""
    elements = int(evaluate(numel(old), scope.values))
    # A leaf takes the place of a factor of the number of elements, so that the view relates the two.
    divisors = [
        leaf
        for leaf in (*scope.unbacked, *scope.backed)
        # Every number divides 0, but a size of billions is none that a tensor has.
        if 0 < scope.values[leaf] <= (elements or 8) and elements % scope.values[leaf] == 0
    ]
    if not divisors:
        return ((), (numel(old),)) if scope.is_nonnegative(numel(old)) else None
    size = Var(chooser.pick(divisors))
    quotient = elements // scope.values[size.name]
    shape: tuple[Term, ...] = (size,) if quotient == 1 else (size, Const(quotient))
    if chooser.flag(3):
        shape = shape[::-1]
    return chooser.nonnegative(scope, size), shape
