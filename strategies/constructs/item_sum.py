"""``u = mask.sum().item()``: how many entries of a mask are true, as a number that was computed before it is read."""

from __future__ import annotations

from collections.abc import Callable

from strategies.constructs.base import Reading
from strategies.constructs.masks import CountsTrueEntries
from strategies.statement import Effect, Input, Scope, Statement
from strategies.terms import Term


class ItemSum(CountsTrueEntries):
    """Torch knows nothing of the bounds: the number is read as any other element is."""

    name = "item_sum"
    reading = Reading("aten._local_scalar_dense.default", (), before="aten.sum.default")

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect((statement.number("count"),))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        return (self.mask(statement, scope),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,) = scope.next_leaves(1)
        return (f"{leaf} = m{leaf[1:]}.sum().item()",)


CONSTRUCT = ItemSum()
