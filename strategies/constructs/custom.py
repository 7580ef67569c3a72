"""What the sources have in common that call an operator of this project's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from strategies.constructs.masks import CountsTrueEntries
from strategies.custom_operators import called
from strategies.statement import Effect, Input, Scope, Statement, Tensor
from strategies.terms import Term, Var


class CallsOperator(CountsTrueEntries):
    """Binds the number of true entries of a mask, which is the length of what ``operator`` yields."""

    operator: ClassVar[str]

    def operators(self) -> tuple[str, ...]:
        return (self.operator,)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        (leaf,) = scope.next_leaves(1)
        return Effect((statement.number("count"),), (Tensor((Var(leaf),), "int64"),))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        return (self.mask(statement, scope),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,), (result,) = scope.next_leaves(1), scope.next_tensors(1)
        return f"{result} = {called(self.operator, f'm{leaf[1:]}')}", f"{leaf} = {result}.shape[0]"
