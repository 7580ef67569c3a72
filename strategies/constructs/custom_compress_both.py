"""An operator of one's own with two sizes that the data decides."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.masks import mask_of
from strategies.constructs.sizes import numel
from strategies.custom_operators import called
from strategies.statement import Effect, Input, Scope, Statement, Tensor
from strategies.terms import Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class CustomCompressBoth(Construct):
    """The positions of the true entries of two masks of one length; the call binds two symbols at once."""

    name = "custom_compress_both"
    kind = "source"
    refused_by = MappingProxyType({"shape_env": "no single call reads each of its numbers"})
    fields = (Field("shape", "dim terms"), Field("count", "int"), Field("other", "int"))

    def operators(self) -> tuple[str, ...]:
        return ("compress_both",)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        for name in ("count", "other"):
            if statement.number(name) < 0:
                return f"{name}={statement.number(name)} is negative"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensors = tuple(Tensor((Var(leaf),), "int64") for leaf in scope.next_leaves(2))
        return Effect((statement.number("count"), statement.number("other")), tensors)

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        most = numel(statement.terms("shape"))
        return tuple(
            bound for leaf in scope.next_leaves(2) for bound in (apply("ge", leaf, 0), apply("le", leaf, most))
        )

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        return tuple(mask_of(leaf, statement.terms("shape")) for leaf in scope.next_leaves(2))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        leaves, results = scope.next_leaves(2), scope.next_tensors(2)
        call = called("compress_both", *(f"m{leaf[1:]}" for leaf in leaves))
        sizes = (f"{leaf} = {result}.shape[0]" for leaf, result in zip(leaves, results, strict=True))
        return f"{', '.join(results)} = {call}", *sizes

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        if not scope.dims:
            return None
        dim = chooser.pick(scope.dims)
        counts = [chooser.count(scope, scope.values[dim]) for _ in range(2)]
        return (self.statement(shape=(Var(dim),), count=counts[0], other=counts[1]),)


CONSTRUCT = CustomCompressBoth()
