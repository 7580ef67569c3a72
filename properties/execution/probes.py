"""Inputs on and around every boundary of a Program, chosen by the solver (in the manner of MC/DC).

For each requirement one input that breaks it and nothing else, and one that satisfies everything with this
requirement at its edge. Inputs stay within the capture's assumptions, outside of which no comparison means anything.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from properties.capture.facts import Facts, program_values
from properties.execution.run import run_graph
from properties.solver import solve
from properties.solver.normal import Known, normal
from properties.solver.query import satisfies
from properties.verdict import Outcome
from strategies.evaluate import evaluate, holds
from strategies.operators import OPERATORS
from strategies.statement import Unrealisable
from strategies.terms import Apply, Const, Term, Undefined, Valuation, Value, Var, variables, walk

_DIM_LIMIT = 64
_CONSTANT_LIMIT = 4096
_SMALLEST = -2
_GRID = {0: 0, 1: 2048, 2: 65, 3: 14}
"""How far a search among small integers goes, by the number of leaves that vary."""
_FLOAT_OPERATORS = frozenset(name for name, row in OPERATORS.items() if "float" in (*row.sorts, row.result))
_COMPARISONS = frozenset(
    name for name, row in OPERATORS.items() if row.result == "bool" and row.sorts and "bool" not in row.sorts
)


@dataclass(frozen=True)
class Probe:
    """One input: the values of the Program's leaves and of the capture's, what was aimed at, and the eager run.

    ``purpose`` is ``example``, ``edge`` or ``violation``; ``aim`` the index of the requirement, if any.
    """

    purpose: str
    aim: int | None
    values: Valuation
    leaves: Valuation
    eager: Outcome
    before: Outcome | None


@dataclass(frozen=True)
class Probes:
    """The probes of a capture, and how many boundaries have none.

    Those are proved unreachable, need inputs too large to build, or were not decided by the solver.
    """

    probes: tuple[Probe, ...]
    unreachable: int
    unrealisable: int
    undecided: int


def probes_of(facts: Facts) -> Probes:
    """Chooses and runs (eagerly, and on the graph before the pass where eager accepts) the probes of a capture."""
    found: list[Probe] = []
    seen: set[tuple[tuple[str, Value], ...]] = set()
    unreachable = unrealisable = undecided = 0

    def add(purpose: str, aim: int | None, leaves: Valuation | None) -> None:
        values = facts.capture.example() if leaves is None else program_values(facts, leaves)
        key = tuple(sorted(values.items()))
        if key in seen:
            return
        seen.add(key)
        eager = facts.capture.eager(values)
        before = run_graph(facts.capture.graph, facts.capture, values) if eager.accepted else None
        found.append(Probe(purpose, aim, values, facts.valuation(values), eager, before))

    add("example", None, None)
    for aim, purpose, hold, broken in _goals(facts):
        if _impossible_at_once(hold, broken):
            unreachable += 1
            continue
        nearby = _nearby(facts, hold, broken)
        if nearby is None:
            answer = solve(hold, *broken, small=True)
            if answer.model is None:
                unreachable += answer.status == "unsat"
                undecided += answer.status == "unknown"
                continue
            nearby = dict(answer.model)
        try:
            add(purpose, aim, nearby)
        except Unrealisable:
            unrealisable += 1
    return Probes(tuple(found), unreachable, unrealisable, undecided)


def _goals(facts: Facts) -> Iterator[tuple[int, str, tuple[Term, ...], tuple[tuple[Term, ...], ...]]]:
    """For each requirement: what has to hold and what has to break for its two probes."""
    # Of foreign code only what was recorded is known.
    truth = facts.truth if facts.truth_known else tuple({normal(term): term for term in facts.required}.values())
    limits = tuple(
        Apply("le", (leaf, Const(_DIM_LIMIT)))
        for leaf in facts.leaf_of.values()
        if isinstance(leaf, Var) and facts.kinds.get(leaf.name) == "dim"
    )
    given = (*facts.assumptions, *limits)
    for index, term in enumerate(truth):
        if term in truth[:index]:
            continue
        others = tuple(other for other in truth if other != term)
        yield index, "violation", (*given, *others), ((term,),)
        edge = _edge(term)
        if edge is not None:
            yield index, "edge", (*given, *truth, edge), ()


def _impossible_at_once(hold: Sequence[Term], broken: Sequence[Sequence[Term]]) -> bool:
    """Whether a goal is seen not to be reachable by comparing constants, which spares the solver."""
    if broken:
        known = Known(hold)
        return all(known.implies(term) for term in broken[0])
    *others, edge = hold
    if not isinstance(edge, Apply) or edge.op != "eq":
        return False
    known = Known(others)
    return known.implies(Apply("lt", edge.args)) or known.implies(Apply("gt", edge.args))


def _edge(term: Term) -> Term | None:
    """The tightest way of satisfying a comparison: both sides as close as it allows."""
    if isinstance(term, Apply) and term.op in ("float_le", "float_ge"):
        return Apply("float_eq", term.args)
    if not isinstance(term, Apply) or term.op not in ("lt", "le", "gt", "ge"):
        return None
    left, right = term.args
    if term.op in ("le", "ge"):
        return Apply("eq", (left, right))
    step = -1 if term.op == "lt" else 1
    return Apply("eq", (left, Apply("add", (right, Const(step)))))


def _nearby(facts: Facts, hold: Sequence[Term], broken: Sequence[Sequence[Term]]) -> dict[str, Value] | None:
    """A solution that differs from the example in one leaf that the goal names, or None.

    Most boundaries lie one step from the example, and evaluating terms is much cheaper than a solver.
    """
    base = facts.valuation(facts.capture.example())
    goal = [*(term for group in broken for term in group), *hold[-1:]]
    names = sorted(set().union(*(variables(term) for term in goal)))
    numbers = {sub.value for term in goal for sub in walk(term) if isinstance(sub, Const)}
    numbers |= _sides(goal, base)
    for name in names:
        if name not in base:
            continue
        near = _NEAR[type(base[name])]
        solves = _test(hold, broken, base, (name,))
        if solves is None:
            continue
        for candidate in near(base[name], numbers):
            trial = {**base, name: candidate}
            try:
                if solves(trial):
                    return trial
            except KeyError:
                return None
    return _searched(base, names, hold, broken)


def _test(
    hold: Sequence[Term], broken: Sequence[Sequence[Term]], base: Valuation, names: Sequence[str]
) -> Callable[[Valuation], bool] | None:
    """Whether a valuation that is ``base`` but for ``names`` is a solution; None if none can be.

    What does not depend on ``names`` is decided once, for all values that are tried.
    """
    terms = [*hold, *(term for group in broken for term in group)]
    if not all(variables(term) <= base.keys() for term in terms):
        return lambda trial: satisfies(hold, broken, trial)
    free = frozenset(names)
    if not all(holds(term, base) for term in hold if not variables(term) & free):
        return None
    varying = [term for term in hold if variables(term) & free]
    # A group that is broken already is done.
    groups = [group for group in broken if all(holds(term, base) for term in group if not variables(term) & free)]
    groups = [[term for term in group if variables(term) & free] for group in groups]
    return (lambda trial: satisfies(varying, groups, trial)) if all(groups) else None


def _sides(goal: Sequence[Term], base: Valuation) -> set[Value]:
    """What both sides of each comparison of ``goal`` come to on the example."""
    found: set[Value] = set()
    for term in goal:
        if isinstance(term, Apply) and term.op in _COMPARISONS:
            for side in term.args:
                try:
                    found.add(evaluate(side, base))
                except (Undefined, KeyError):
                    continue
    return found


def _around_int(start: Value, numbers: Iterable[Value]) -> list[Value]:
    """Integers one or two steps from ``start`` and from ``numbers``, the nearest to ``start`` first."""
    middle = int(start)
    near = {middle + step for step in (-2, -1, 1, 2)} | {0, 1, -1}
    finite = [int(value) for value in numbers if math.isfinite(value) and abs(value) <= _CONSTANT_LIMIT]
    near |= {value + step for value in finite for step in (-1, 0, 1)}
    return sorted(near, key=lambda value: (abs(value - middle), value))


def _around_float(start: Value, numbers: Iterable[Value]) -> list[Value]:
    """Doubles at and right beside ``numbers`` and ``start``, and half a step off; both zeros, NaN, the infinities."""
    found: dict[str, float] = {}
    for value in (*sorted(float(number) for number in numbers if not math.isnan(number)), float(start)):
        beside = (math.nextafter(value, -math.inf), math.nextafter(value, math.inf))
        for candidate in (value, *beside, value - 0.5, value + 0.5, value - 1.0, value + 1.0):
            found[repr(candidate)] = candidate
    for candidate in (0.0, -0.0, math.nan, math.inf, -math.inf):
        found[repr(candidate)] = candidate
    return list(found.values())


def _other_flag(start: Value, numbers: Iterable[Value]) -> list[Value]:
    return [not start]


_NEAR = {int: _around_int, float: _around_float, bool: _other_flag}
"""How candidates beside a leaf's example value are found, by its type."""


def _searched(
    base: Valuation, names: Sequence[str], hold: Sequence[Term], broken: Sequence[Sequence[Term]]
) -> dict[str, Value] | None:
    """A solution among small integers, if the goal computes with floats: on those a solver takes seconds.

    Up to three leaves vary, those that the goal names and what a condition ties to them. None proves nothing.
    """
    terms = [*hold, *(term for group in broken for term in group)]
    if not any(isinstance(sub, Apply) and sub.op in _FLOAT_OPERATORS for term in terms for sub in walk(term)):
        return None
    related = dict.fromkeys(names)
    for term in terms:
        if variables(term) & set(names):
            related.update(dict.fromkeys(sorted(variables(term))))
    free = [name for name in related if type(base.get(name)) is int][:3]
    # What one variable decides alone is decided once, not once for every value of the others.
    alone: dict[str, list[Value]] = {}
    for name in free:
        own = [term for term in hold if variables(term) == {name}]
        alone[name] = [value for value in range(_SMALLEST, _GRID[len(free)]) if satisfies(own, (), {name: value})]
    solves = _test(hold, broken, base, free)
    if solves is None:
        return None
    for values in itertools.product(*alone.values()):
        trial = {**base, **dict(zip(free, values, strict=True))}
        try:
            if solves(trial):
                return trial
        except KeyError:
            return None
    return None
