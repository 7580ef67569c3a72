"""``torch.unique(vector, return_inverse=True, return_counts=True)``: three results, two of which share a length."""

from __future__ import annotations

from collections.abc import Callable

from strategies.constructs.unique import Unique
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, Var


class UniqueCounts(Unique):
    """The inverse has the length of the vector, the counts have that of the result."""

    name = "unique_counts"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        (leaf,), lengths = scope.next_leaves(1), statement.terms("length")
        shapes: tuple[tuple[Term, ...], ...] = ((Var(leaf),), lengths, (Var(leaf),))
        return Effect((statement.number("count"),), tuple(Tensor(shape, "int64") for shape in shapes))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,), results = scope.next_leaves(1), scope.next_tensors(3)
        call = f"torch.unique(v{leaf[1:]}, return_inverse=True, return_counts=True)"
        return f"{', '.join(results)} = {call}", f"{leaf} = {results[0]}.shape[0]"


CONSTRUCT = UniqueCounts()
