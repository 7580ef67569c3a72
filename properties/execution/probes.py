"""Inputs on and around every boundary of a Program, chosen by the solver and executed.

Inputs stay within the capture's assumptions, outside of which no comparison means anything. What they are to reach is
told in :mod:`properties.execution.goals`; beside that, numbers that programs get wrong by themselves are tried.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from properties.capture.facts import Facts, program_values
from properties.execution.goals import Goal, goals
from properties.execution.run import run_graph
from properties.solver import solve
from properties.solver.normal import Known
from properties.solver.query import WORK, Answer, satisfies
from properties.solver.search import TRIALS, search_solution, solving
from properties.verdict import Outcome
from strategies.evaluate import evaluate
from strategies.operators import OPERATORS
from strategies.semantics import requirements, scopes, steps
from strategies.statement import Unrealisable
from strategies.terms import Apply, Const, Term, Undefined, Valuation, Value, Var, variables, walk

_CONSTANT_LIMIT = 4096
_ODD_FLOATS = (math.nan, math.inf, -math.inf, 0.0, -0.0)
_ODD_INTS = (2**63 - 1, -(2**63))
_COMPARISONS = frozenset(
    name for name, row in OPERATORS.items() if row.result == "bool" and row.sorts and "bool" not in row.sorts
)


@dataclass(frozen=True)
class Probe:
    """One input: the values of the Program's leaves and of the capture's, what was aimed at, and the eager run.

    ``purpose`` is ``example``, that of a :class:`~properties.execution.goals.Goal`, or ``odd`` for a number that is
    tried because of what it is (NaN, an end of int64); ``aim`` the index of the requirement, if any.
    """

    purpose: str
    aim: int | None
    values: Valuation
    leaves: Valuation
    eager: Outcome
    before: Outcome | None


@dataclass(frozen=True)
class Probes:
    """The probes of a capture, and how many boundaries have one and have none.

    ``unreachable`` ones are proved to be so, ``unrealisable`` ones need inputs too large to build, and the solver did
    not decide the ``undecided`` ones, nor the edges of ``rounded`` numbers.
    """

    probes: tuple[Probe, ...]
    unreachable: int
    unrealisable: int
    undecided: int
    rounded: int = 0
    edges: int = 0
    violations: int = 0


def probes_of(facts: Facts) -> Probes:
    """Chooses and runs (eagerly, and on the graph before the pass where eager accepts) the probes of a capture."""
    found: dict[tuple[tuple[str, str], ...], Probe] = {}
    counts: Counter[str] = Counter()

    def add(purpose: str, aim: int | None, values: Valuation) -> None:
        # Written out: NaN is unlike itself, and the two zeros are alike.
        key = tuple(sorted((name, repr(value)) for name, value in values.items()))
        if key not in found:
            eager = facts.capture.eager_example() if purpose == "example" else facts.capture.eager(values)
            before = run_graph(facts.capture.graph, facts.capture, values) if eager.accepted else None
            found[key] = Probe(purpose, aim, values, facts.valuation(values), eager, before)

    add("example", None, facts.capture.example())
    for goal in goals(facts):
        outcome, leaves = _reached(facts, goal)
        if leaves is not None:
            try:
                add(goal.purpose, goal.aim, program_values(facts, leaves))
            except Unrealisable:
                outcome = "unrealisable"
        if goal.counts:
            counts["rounded" if outcome == "undecided" and goal.rounded else outcome] += 1
    for values in _odd(facts):
        try:
            add("odd", None, values)
        except Unrealisable:
            continue
    return Probes(
        tuple(found.values()),
        counts["unreachable"],
        counts["unrealisable"],
        counts["undecided"],
        counts["rounded"],
        counts["edge"],
        counts["violation"],
    )


def _reached(facts: Facts, goal: Goal) -> tuple[str, Valuation | None]:
    """How it went (the goal's purpose, if well), and the values of the capture's leaves that reach it."""
    undecided = False
    for hold, broken in goal.options:
        if _impossible_at_once(hold, broken):
            continue
        nearby = _nearby(facts, hold, broken)
        if nearby is not None:
            return goal.purpose, nearby
        answer = solve(hold, *broken, small=True, work=WORK if goal.counts else WORK // 10)
        if answer.model is None and answer.status == "unknown":
            answer = _beside(facts, hold, broken) or answer
        if answer.model is not None:
            return goal.purpose, answer.model
        undecided = undecided or answer.status == "unknown"
    return "undecided" if undecided else "unreachable", None


def _beside(facts: Facts, hold: Sequence[Term], broken: Sequence[Sequence[Term]]) -> Answer | None:
    """A solution a few steps from the example in up to three leaves, where no step of the solver finds one."""
    found = search_solution(hold, broken, facts.valuation(facts.capture.example()), TRIALS)
    return None if found is None else Answer("sat", "search", found)


def _odd(facts: Facts) -> Iterator[dict[str, Value]]:
    """The example with one number exchanged for one that is odd in itself, as far as the assumptions allow."""
    example = dict(facts.capture.example())
    # Of foreign code it is not known which numbers become sizes.
    used = _in_sizes(facts) if facts.truth_known else frozenset(example)
    for name, leaf in facts.leaf_of.items():
        if not isinstance(leaf, Var) or name not in example:
            continue
        odd: tuple[Value, ...] = _ODD_FLOATS if leaf.sort == "float" else ()
        if leaf.sort == "int" and name not in used:
            odd = _ODD_INTS
        for value in odd:
            values = {**example, name: value}
            # A front end may leave out an input that nothing uses; the assumptions name it all the same.
            with contextlib.suppress(Unrealisable):
                known = {**values, **facts.valuation(values)}
                judged = [term for term in facts.assumptions if variables(term) <= known.keys()]
                if satisfies(judged, (), known):
                    yield values


def _in_sizes(facts: Facts) -> frozenset[str]:
    """The Program's leaves that sizes are made of, or an operator's precondition: huge ones are no fair question."""
    program = facts.capture.program
    terms: list[Term] = [item.term for item in requirements(program) if item.kind == "precondition"]
    # What a branch has made is known until its end.
    known = (*(step.scope for step in steps(program)), scopes(program)[-1])
    tensors = {tensor for scope in known for tensor in scope.tensors.values()}
    terms += [size for tensor in tensors for size in tensor.shape]
    return frozenset(name for term in terms for name in variables(term))


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
        solves = solving(hold, broken, base, (name,))
        if solves is None:
            continue
        for candidate in near(base[name], numbers):
            trial = {**base, name: candidate}
            try:
                if solves(trial):
                    return trial
            except KeyError:
                return None
    return None


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
