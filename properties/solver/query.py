"""One query: is there a valuation that makes some terms hold and breaks at least one of others?

Returns data; prints nothing. What bounds, normal forms and monotony tell is told first; what is left falls apart into
parts that share no leaf, and each part goes through a portfolio of steps until one of them knows. Budgets
count work (z3's rlimit), so the same query ends the same way on every machine; a limit on wall-clock time stands far
behind it as a guard against a hang.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from properties.errors import ToolError
from properties.solver import second, statistics
from properties.solver.bounds import Contradiction
from properties.solver.portfolio import decide
from properties.solver.reduction import Part, free_values, parts_of, reduced
from properties.solver.search import simpler
from properties.solver.smt import Answer, Budget, Groups, ask, satisfies
from strategies.terms import Sort, Term, Value, apply, leaves_of

WORK = 2_000_000
"""What one call of z3 may do, in its own unit."""
_CALLS = 3
"""All calls for a query may do so many times that work."""


def solve(hold: Sequence[Term], *broken: Sequence[Term], small: bool = False, work: int = WORK) -> Answer:
    """A valuation in which every term of ``hold`` holds and in each group of ``broken`` one term does not.

    To hold means to be defined and true. ``small`` asks for a model near zero, which costs more queries.

    Returns:
        An :class:`Answer`; the model of ``sat`` has been checked by evaluating the terms in Python.

    Raises:
        ToolError: if a model of what the query was reduced to is none of the query, or if a second solver, where it
            is asked (:func:`properties.solver.second.confirming`), disagrees: a fault of this package.
    """
    with statistics.query() as decided:
        answer = _solve(hold, broken, small, work)
        decided(statistics.UNDECIDED if answer.status == "unknown" else answer.by)
    second.confirm(hold, broken, answer)
    return answer


def _solve(hold: Sequence[Term], broken: Groups, small: bool, work: int) -> Answer:
    try:
        query = reduced(hold, broken)
    except Contradiction:
        return Answer("unsat", statistics.REDUCTION)
    budget = Budget(_CALLS * work)
    sorts = leaves_of(*hold, *itertools.chain(*broken))
    values: dict[str, Value] = free_values(query, sorts)
    unknown: Answer | None = None
    by = statistics.REDUCTION
    for part in parts_of(query):
        answer = decide(part, budget, work)
        if answer.status == "unsat":
            return answer
        if answer.model is None:
            unknown = unknown or answer
        elif unknown is None:
            with statistics.step("smaller models"):
                model = _minimised(part, answer.model, budget, work) if small else answer.model
            values.update(model)
        by = answer.by
    if unknown is not None:
        return unknown
    if not satisfies(hold, broken, values):
        raise ToolError(f"the solver's reduction is wrong: {values} solves {query}, but not {(hold, broken)}")
    if small:
        with statistics.step("smaller models"):
            values = _made_smaller(hold, broken, sorts, values)
    return Answer("sat", by, {name: values[name] for name in sorted(values)})


def _minimised(part: Part, model: Mapping[str, Value], budget: Budget, work: int) -> Mapping[str, Value]:
    """A model in the smallest of a few nested boxes."""
    ints = [name for name, sort in part.sorts.items() if sort == "int"]
    for bound in (16, 1024):
        if max((abs(int(model[name])) for name in ints), default=0) <= bound:
            break
        box = [apply(op, name, edge) for name in ints for op, edge in (("ge", -bound), ("le", bound))]
        try:
            boxed = reduced((*part.hold, *box), part.broken)
        except Contradiction:
            continue
        answer = ask(boxed.hold, boxed.broken, budget, work)
        if answer.status == "sat":
            return {**free_values(boxed, part.sorts), **(answer.model or {})}
    return model


def _made_smaller(
    hold: Sequence[Term], broken: Groups, sorts: Mapping[str, Sort], model: Mapping[str, Value]
) -> dict[str, Value]:
    """``model`` made smaller leaf by leaf, as far as it stays a solution."""
    values = dict(model)
    for name, _ in itertools.product(sorted(values), range(2)):
        for candidate in simpler(sorts[name], values[name]):
            trial = {**values, name: candidate}
            if satisfies(hold, broken, trial):
                values = trial
                break
    return values


__all__ = ["WORK", "Answer", "satisfies", "solve"]
