"""One call of z3: a fresh context, a budget of work, and a model only if evaluating the terms confirms it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import z3

from properties.phases import SOLVER, phase
from properties.solver.context import Builder
from strategies.evaluate import holds
from strategies.operators import OPERATORS
from strategies.terms import Apply, Term, Valuation, Value, leaves_of, walk

Groups: TypeAlias = Sequence[Sequence[Term]]

WATCHDOG_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """``sat`` with a model, ``unsat``, or ``unknown`` with the reason; ``by`` names the step that decided.

    A model is confirmed by evaluation; one that rests on an approximation and cannot be confirmed is ``unknown``, and
    then a hint at best.
    """

    status: Literal["sat", "unsat", "unknown"]
    by: str = ""
    model: Mapping[str, Value] | None = None
    reason: str = ""


class Budget:
    """The work that all calls for one query may do together, in z3's unit; a clock stands behind it."""

    def __init__(self, work: int, seconds: float = WATCHDOG_SECONDS) -> None:
        self.left = work
        self._end = time.monotonic() + seconds

    @property
    def milliseconds(self) -> int:
        """What is left of the time that no query should ever need."""
        return int(max(0.0, self._end - time.monotonic()) * 1000)


def satisfies(hold: Sequence[Term], broken: Groups, valuation: Valuation) -> bool:
    """Whether ``valuation`` is a solution, decided by plain evaluation."""
    return all(holds(term, valuation) for term in hold) and all(
        not all(holds(term, valuation) for term in group) for group in broken
    )


def ask(
    hold: Sequence[Term],
    broken: Groups,
    budget: Budget,
    work: int,
    builder: Builder | None = None,
) -> Answer:
    """z3's answer within ``work``, which is taken from ``budget``; ``builder`` encodes in another way than usually."""
    work, limit = min(work, budget.left), budget.milliseconds
    if work <= 0 or limit <= 0:
        return Answer("unknown", "z3", reason="the budget is used up" if limit else "watchdog")
    own = builder or Builder()
    solver = z3.SimpleSolver(ctx=own.context)
    solver.set("rlimit", work)
    solver.set("timeout", limit)
    solver.set("random_seed", 0)
    solver.add(own.conjunction(hold))
    for group in broken:
        solver.add(own.Not(own.conjunction(group)))
    for fact in own.facts():
        solver.add(fact)
    with phase(SOLVER):
        result = solver.check()
    budget.left -= _work_of(solver)
    if result == z3.unsat:
        return Answer("unsat", "z3")
    if result == z3.unknown:
        return Answer("unknown", "z3", reason=solver.reason_unknown())
    terms = (*hold, *itertools.chain(*broken))
    model = solver.model()
    values = {name: own.value_in(model, name) for name in sorted(leaves_of(*terms))}
    if not satisfies(hold, broken, values):
        # A nonlinear query may leave the choice of a division by zero open, an approximation that of a rounding.
        resting = ", ".join(approximations(terms))
        reason = "model not confirmed by evaluation" + (f" (approximate: {resting})" if resting else "")
        return Answer("unknown", "z3", values, reason=reason)
    return Answer("sat", "z3", values)


def approximations(terms: Sequence[Term]) -> tuple[str, ...]:
    """The ids of what a solver may not know exactly in ``terms``."""
    found = {OPERATORS[sub.op].approximation for term in terms for sub in walk(term) if isinstance(sub, Apply)}
    return tuple(sorted(found - {""}))


def _work_of(solver: z3.Solver) -> int:
    statistics = solver.statistics()
    return int(statistics.get_key_value("rlimit count")) if "rlimit count" in statistics.keys() else 0  # noqa: SIM118
