"""``data[mask]``: a vector with as many elements as the mask has true entries."""

from __future__ import annotations

from collections.abc import Callable

from strategies.constructs.masks import CountsTrueEntries
from strategies.statement import Effect, Input, Scope, Statement, Tensor
from strategies.terms import Term, Var


class MaskIndex(CountsTrueEntries):
    """Binds the number of selected elements and the vector of them; the mask has the shape of the data."""

    name = "mask_index"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        (leaf,) = scope.next_leaves(1)
        return Effect((statement.number("count"),), (Tensor((Var(leaf),)),))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        (leaf,) = scope.next_leaves(1)
        data = Input(f"v{leaf[1:]}", statement.terms("shape"), "float32")
        return data, self.mask(statement, scope)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,), (selected,) = scope.next_leaves(1), scope.next_tensors(1)
        return f"{selected} = v{leaf[1:]}[m{leaf[1:]}]", f"{leaf} = {selected}.shape[0]"


CONSTRUCT = MaskIndex()
