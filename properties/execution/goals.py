"""What the inputs of a capture are to reach: both sides of every boundary, as conditions for the solver.

For each requirement one input that satisfies everything with this requirement at its edge, and one that breaks it and
nothing else, by as little as possible (in the manner of MC/DC). For each difference between what the Program demands
and what was recorded for run time, one input that shows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from properties.capture.facts import Facts
from properties.solver.normal import Known, normal
from strategies.operators import sort_of
from strategies.operators.comparison import MIRROR, NEGATION, relation
from strategies.terms import Apply, Const, Term, Var, apply, conjuncts, walk

DIM_LIMIT = 64
"""Sizes of inputs beyond this are not asked for."""

Option: TypeAlias = tuple[tuple[Term, ...], tuple[tuple[Term, ...], ...]]
"""What has to hold, and the groups in each of which something has to break."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One boundary: the first of ``options`` that can be reached will do.

    ``purpose`` is ``edge`` or ``violation`` of the requirement number ``aim``, which count as boundaries: without an
    input, or a proof that there is none, the verdict is open; but see ``rounded``. ``recorded`` looks for inputs that
    what was recorded rejects and the Program does not, ``unrecorded`` for the reverse; proofs of that are other
    properties' business.
    """

    purpose: str
    aim: int | None
    options: tuple[Option, ...]

    @property
    def counts(self) -> bool:
        return self.aim is not None

    @property
    def rounded(self) -> bool:
        """Whether this is an edge between numbers that are rounded: that a quotient of two inputs ever comes to exactly
        some double can be beyond any solver, and the inputs that break the requirement are what matters."""
        terms = (sub for hold, _ in self.options for sub in walk(hold[-1]))
        return self.purpose == "edge" and any(sort_of(sub) == "float" for sub in terms)


def goals(facts: Facts) -> Iterator[Goal]:
    """The goals of a capture, in the order of its requirements."""
    # Of foreign code only what was recorded is known.
    truth = facts.truth if facts.truth_known else tuple({normal(term): term for term in facts.required}.values())
    limits = tuple(
        apply("le", leaf, DIM_LIMIT)
        for leaf in facts.leaf_of.values()
        if isinstance(leaf, Var) and facts.kinds.get(leaf.name) == "dim"
    )
    given = (*facts.assumptions, *limits)
    for index, term in enumerate(truth):
        if term in truth[:index]:
            continue
        others = tuple(other for other in truth if other != term)
        yield Goal(
            "violation",
            index,
            (*(((*given, *others, tight), ((term,),)) for tight in beyond(term)), ((*given, *others), ((term,),))),
        )
        edges = at_edge(term)
        if edges:
            yield Goal("edge", index, tuple(((*given, *truth, edge), ()) for edge in edges))
    if facts.truth_known:
        for purpose, hold, wanted in (
            ("recorded", (*given, *truth), facts.required),
            ("unrecorded", (*given, *facts.required), truth),
        ):
            rest = _left_open(wanted, hold)
            if rest:
                yield Goal(purpose, None, ((hold, (rest,)),))


def _left_open(wanted: Sequence[Term], given: Sequence[Term]) -> tuple[Term, ...]:
    known = Known(given)
    parts = dict.fromkeys(part for term in wanted for part in conjuncts(term))
    return tuple(part for part in parts if not known.implies(part))


def at_edge(term: Term) -> tuple[Term, ...]:
    """The tightest ways of satisfying a comparison: both sides as close as it allows."""
    return _steps(term, _EDGE)


def beyond(term: Term) -> tuple[Term, ...]:
    """The tightest ways of breaking a comparison."""
    return _steps(term, _BEYOND)


_EDGE = {"le": (0,), "ge": (0,), "lt": (-1,), "gt": (1,), "ne": (1, -1), "eq": ()}
_BEYOND = {"le": (1,), "ge": (-1,), "lt": (0,), "gt": (0,), "eq": (1, -1), "ne": (0,)}
"""By relation: how many steps the left side lies above the right one."""


def _steps(term: Term, table: dict[str, tuple[int, ...]]) -> tuple[Term, ...]:
    if not isinstance(term, Apply) or not relation(term.op):
        return ()
    bare = relation(term.op)
    left, right = term.args
    if term.op in NEGATION:
        return tuple(apply("eq", left, apply("add", right, step) if step else right) for step in table[bare])
    kind = term.op.removesuffix(bare)
    if isinstance(left, Const) and kind == "float_":
        bare, left, right = MIRROR[bare], right, left
    found: list[Term] = []
    for step in table[bare]:
        if step == 0:
            found.append(Apply(f"{kind}eq", (left, right)))
        elif kind == "float_" and isinstance(right, Const):
            # A step of a float is the next double.
            beside = math.nextafter(float(right.value), math.copysign(math.inf, step))
            found.append(Apply("float_eq", (left, Const(beside))))
    return tuple(found)
