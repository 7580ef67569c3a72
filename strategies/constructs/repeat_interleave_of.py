"""``torch.repeat_interleave(data, repeats)``: each element as often as its number says."""

from __future__ import annotations

from collections.abc import Callable

from strategies.constructs.repeat_interleave import RepeatInterleave
from strategies.statement import Effect, Input, Scope, Statement, Tensor
from strategies.terms import Term, Var


class RepeatInterleaveOf(RepeatInterleave):
    """The data has as many elements as there are numbers."""

    name = "repeat_interleave_of"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        (leaf,) = scope.next_leaves(1)
        return Effect((statement.number("count"),), (Tensor((Var(leaf),)),))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        (leaf,) = scope.next_leaves(1)
        return Input(f"m{leaf[1:]}", statement.terms("length"), "float32"), *super().inputs(statement, scope)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,), (result,) = scope.next_leaves(1), scope.next_tensors(1)
        number = leaf[1:]
        call = f"torch.repeat_interleave(m{number}, v{number})"
        return f"{result} = {call}", f"{leaf} = {result}.shape[0]"


CONSTRUCT = RepeatInterleaveOf()
