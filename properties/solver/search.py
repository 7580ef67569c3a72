"""Solutions by trying values: on and beside the constants of a query, at zero, and at the ends of the number ranges.

A float leaf that z3 sees as a real number takes a value that is no double now and then; one of its neighbours usually
will do.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from properties.solver.smt import Groups, satisfies
from strategies.evaluate import holds
from strategies.terms import Const, Sort, Term, Valuation, Value, leaves_of, variables, walk

FEW, TRIALS = 2_000, 30_000
"""How many valuations one search evaluates at most: a first one, and the usual one."""

_INTS = (0, 1, -1, 2, 3, 4, 7, -2)
_FLOATS = (0.0, 1.0, -1.0, 0.5, 1.5, 2.0, 3.0, -0.5, 2.5, 1e-3, 1e300, -1e300, math.inf, -math.inf, math.nan)


def candidates(terms: Sequence[Term], near: Mapping[str, Value]) -> dict[str, list[Value]]:
    """For each leaf of ``terms`` the values to try, the likely ones first: ``near``, the constants, the edges."""
    numbers = [sub.value for term in terms for sub in walk(term) if isinstance(sub, Const)]
    ints = [int(value) for value in numbers if not isinstance(value, (bool, float)) or _whole(value)]
    floats = [float(value) for value in numbers if not isinstance(value, bool) and abs(value) < 2**1000]
    found: dict[str, list[Value]] = {}
    for name, sort in leaves_of(*terms).items():
        start = [near[name]] if name in near else []
        tried: Iterable[Value]
        if sort == "bool":
            tried = (False, True)
        elif sort == "int":
            tried = (value + step for value in (*(int(value) for value in start), *ints) for step in (0, 1, -1))
            tried = (*tried, *_INTS)
        else:
            own = [float(value) for value in start]
            tried = (near for value in (*own, *floats) for near in _beside(value))
            tried = (*tried, *_FLOATS)
        found[name] = _distinct([*start, *tried], sort)
    return found


Test: TypeAlias = Callable[[Valuation], bool]


def search_solution(
    hold: Sequence[Term], broken: Groups, near: Mapping[str, Value], most: int = TRIALS
) -> dict[str, Value] | None:
    """What :func:`search` finds for a query; a leaf whose values cannot help is not gone through."""
    terms = (*hold, *itertools.chain(*broken))
    return search(terms, lambda base, names: solving(hold, broken, base, names), near, most)


def search(
    terms: Sequence[Term],
    solving: Callable[[Valuation, Sequence[str]], Test | None],
    near: Mapping[str, Value],
    most: int = TRIALS,
) -> dict[str, Value] | None:
    """A solution, from ``near`` by changing one leaf, then two, then three; None if none of ``most`` valuations is one.

    ``solving`` is given a valuation and the leaves to change in it, and yields what tells a solution, or None if there
    is none among them, whatever the values.
    """
    values = candidates(terms, near)
    base = {name: options[0] for name, options in values.items()}
    trials = 0
    for width in range(min(3, len(base)) + 1):
        for names in itertools.combinations(base, width):
            solves = solving(base, names)
            if solves is None:
                # They count as if they had been tried: where a search ends depends on the query alone.
                trials += math.prod(len(values[name]) for name in names)
                if trials > most:
                    return None
                continue
            for choice in itertools.product(*(values[name] for name in names)):
                trials += 1
                if trials > most:
                    return None
                trial = {**base, **dict(zip(names, choice, strict=True))}
                if solves(trial):
                    return trial
    return None


def solving(hold: Sequence[Term], broken: Groups, base: Valuation, names: Sequence[str]) -> Test | None:
    """Whether a valuation that is ``base`` but for ``names`` is a solution; None if none can be.

    What does not depend on ``names`` is decided once, for all values that are tried.
    """
    if not all(variables(term) <= base.keys() for term in (*hold, *itertools.chain(*broken))):
        return lambda trial: satisfies(hold, broken, trial)
    free = frozenset(names)
    if not all(holds(term, base) for term in hold if not variables(term) & free):
        return None
    varying = [term for term in hold if variables(term) & free]
    # A group that is broken already is done.
    groups = [group for group in broken if all(holds(term, base) for term in group if not variables(term) & free)]
    groups = [[term for term in group if variables(term) & free] for group in groups]
    return (lambda trial: satisfies(varying, groups, trial)) if all(groups) else None


def simpler(sort: Sort, value: Value) -> list[Value]:
    """Values that a person would rather see than ``value``, the best first."""
    options: list[Value]
    if sort == "float":
        number = float(value)
        options = [0.0, 1.0, -1.0, 0.5, 2.0, -0.5, 1.5, 3.0, 2.5]
        if math.isfinite(number):
            options += [float(round(number)), float(round(number, 1)), float(round(number, 3))]
    elif sort == "int":
        whole = int(value)
        options = sorted({0, 1, 2, 3, -1, whole // 2, whole - 1}, key=abs)
    else:
        options = [False]
    return [option for option in options if plainness(option) < plainness(value)]


def plainness(value: Value) -> tuple[int, float, int]:
    """The order in which values are shown rather than others: numbers before NaN, short ones, small ones."""
    if isinstance(value, float):
        return (2 if math.isnan(value) else int(math.isinf(value)), len(repr(abs(value))), int(value < 0))
    return (0, min(abs(int(value)), 10**300), int(value < 0))


def _beside(value: float) -> tuple[float, ...]:
    if not math.isfinite(value):
        return (value,)
    return (value, math.nextafter(value, math.inf), math.nextafter(value, -math.inf), value + 0.5, value - 0.5)


def _whole(value: Value) -> bool:
    return isinstance(value, float) and value.is_integer() and abs(value) < 2**63


def _distinct(values: Iterable[Value], sort: Sort) -> list[Value]:
    kinds = {"int": int, "float": float, "bool": bool}
    return list({repr(value): value for value in map(kinds[sort], values)}.values())
