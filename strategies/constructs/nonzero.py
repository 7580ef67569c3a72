"""``torch.nonzero(mask)``: a matrix with as many rows as the mask has true entries."""

from __future__ import annotations

from collections.abc import Callable

from strategies.constructs.masks import CountsTrueEntries
from strategies.statement import Effect, Input, Scope, Statement, Tensor
from strategies.terms import Const, Term, Var


class Nonzero(CountsTrueEntries):
    """Binds the number of rows and the matrix of indices."""

    name = "nonzero"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        (leaf,) = scope.next_leaves(1)
        columns = len(statement.terms("shape"))
        # With more than one column the layout of the result is the kernel's own affair.
        rows = Tensor((Var(leaf), Const(columns)), "int64", contiguous=columns == 1)
        return Effect((statement.number("count"),), (rows,))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        return (self.mask(statement, scope),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,), (rows,) = scope.next_leaves(1), scope.next_tensors(1)
        return f"{rows} = torch.nonzero(m{leaf[1:]})", f"{leaf} = {rows}.shape[0]"


CONSTRUCT = Nonzero()
