"""``torch._check(torch.sym_sum([u0, u1, u2]) <= 12)``: a sum of three to twelve values, and the items that it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.check_query import COMPARISONS, compared
from strategies.constructs.sizes import total
from strategies.constructs.tolist import CONSTRUCT as TOLIST
from strategies.drawing.sums import FEWEST, LARGE, MOST
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class CheckSum(Construct):
    """Raises unless the sum of ``terms`` compares with ``other`` as ``comparison`` says."""

    name = "check_sum"
    kind = "check"
    fields = (
        Field("terms", "int terms"),
        Field("comparison", "word", tuple(COMPARISONS)),
        Field("other", "int term"),
    )

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        count = len(statement.terms("terms"))
        return None if FEWEST <= count <= MOST else f"{count} terms; {FEWEST} to {MOST} are allowed"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (apply(statement.name("comparison"), total(statement.terms("terms")), statement.term("other")),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        terms = ", ".join(map(render, statement.terms("terms")))
        comparison, other = COMPARISONS[statement.name("comparison")], render(statement.term("other"))
        return (f"torch._check(torch.sym_sum([{terms}]) {comparison} {other})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        """With a ``tolist`` in front of it where there are too few items."""
        values = {name: scope.values[name] for name in scope.unbacked if abs(scope.values[name]) < LARGE}
        before: tuple[Statement, ...] = ()
        if len(values) < FEWEST:
            read = [chooser.below(13) for _ in range(FEWEST)]
            while len(read) < MOST and chooser.often(4):
                read.append(chooser.below(13))
            before = (TOLIST.statement(values=tuple(map(Const, read))),)
            values = dict(zip(scope.next_leaves(len(read)), read, strict=True))
        names = list(values)
        chosen = [names.pop(chooser.below(len(names))) for _ in range(FEWEST)]
        while names and len(chosen) < MOST and chooser.often(6):
            chosen.append(names.pop(0))
        comparison, other = compared(chooser, scope, sum(values[name] for name in chosen))
        return (*before, self.statement(terms=tuple(map(Var, chosen)), comparison=comparison, other=other))


CONSTRUCT = CheckSum()
"""Drawn where the items that it may need are."""
