"""A query as SMT-LIB 2, which any solver reads."""

from __future__ import annotations

from collections.abc import Sequence

import z3

from properties.solver.context import Builder
from properties.solver.smt import Groups
from strategies.terms import Term


def smtlib(hold: Sequence[Term], broken: Groups) -> str:
    """The query as a text that ends with ``(check-sat)``.

    Floats are real numbers with facts about their roundings, as a proof has them: ``unsat`` is one about doubles.
    """
    builder = Builder()
    solver = z3.Solver(ctx=builder.context)
    solver.add(builder.conjunction(hold), *(builder.Not(builder.conjunction(group)) for group in broken))
    solver.add(*builder.facts())
    return f"(set-logic ALL)\n{solver.sexpr()}(check-sat)\n"
