"""``tensor.expand(sizes)``: dimensions of size 1 and new leading ones are repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import equal
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Expand(Construct):
    """A new size is known not to be negative: ``-1`` means to keep, and an empty tensor takes any negative size."""

    name = "expand"
    kind = "consumer"
    fields = (Field("tensor", "tensor"), Field("shape", "int terms"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        old, new = scope.tensors[statement.name("tensor")].shape, statement.terms("shape")
        if len(new) < len(old):
            return f"{len(new)} sizes for a tensor of {len(old)} dimensions"
        kept: tuple[Term | None, ...] = (*[None] * (len(new) - len(old)), *old)
        for before, after in zip(kept, new, strict=True):
            if before != after and not scope.is_nonnegative(after):
                return "a size that is not kept must be checked to be >= 0 before (-1 means: keep)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        dtype = scope.tensors[statement.name("tensor")].dtype
        return Effect(tensors=(Tensor(statement.terms("shape"), dtype, contiguous=False),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        old, new = scope.tensors[statement.name("tensor")].shape, statement.terms("shape")
        found = []
        for before, after in zip(old, new[len(new) - len(old) :], strict=True):
            if before == after or before == Const(1):
                continue
            (same,) = equal(before, after)
            found.append(same if isinstance(before, Const) else apply("or", apply("eq", before, 1), same))
        return tuple(found)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        sizes = ", ".join(map(render, statement.terms("shape"))) or "()"
        return (f"{result} = {statement.name('tensor')}.expand({sizes})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        # A repeated dimension of an already repeated tensor tells nothing new and its elements add up.
        names = [name for name in chooser.tensors(scope) if len(scope.tensors[name].shape) < 3]
        if not names:
            return None
        name, size = chooser.pick(names), chooser.small_size(scope)
        checks = () if scope.is_nonnegative(size) else (chooser.check(apply("ge", size, 0)),)
        return (*checks, self.statement(tensor=name, shape=(size, *scope.tensors[name].shape)))


CONSTRUCT = Expand()
