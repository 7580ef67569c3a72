"""``u = torch.nonzero(mask).shape[0]`` of a mask that is held by another tensor: the size is one of a tensor inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from strategies.constructs.masks import CountsTrueEntries
from strategies.input_forms import WRAPPED
from strategies.statement import Effect, Input, Scope, Statement
from strategies.terms import Term


class NonzeroWrapped(CountsTrueEntries):
    """Binds the number of rows, whose key path begins with an ``InnerTensorKey``; nothing else of them is used."""

    name = "nonzero_wrapped"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect((statement.number("count"),))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        return (replace(self.mask(statement, scope), form=WRAPPED),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,) = scope.next_leaves(1)
        return (f"{leaf} = torch.nonzero(m{leaf[1:]}).shape[0]",)


CONSTRUCT = NonzeroWrapped()
