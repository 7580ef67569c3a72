"""What is left of a query when bounds, monotony and equal conditions have been used, in parts that share no leaf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from properties.solver.bounds import Box, Contradiction, box_of
from properties.solver.monotone import without_functions
from properties.solver.normal import Known, total_everywhere
from properties.solver.quotients import without_quotient
from properties.solver.whole import with_whole_limits
from strategies.terms import (
    FALSE,
    TRUE,
    Apply,
    Sort,
    Term,
    Value,
    Var,
    conjuncts,
    leaves_of,
    substitute,
    variables,
)


@dataclass(frozen=True, slots=True)
class Part:
    """What has to hold and, of each group, not to hold altogether; ``box`` bounds the leaves and is implied."""

    hold: tuple[Term, ...]
    broken: tuple[tuple[Term, ...], ...]
    sorts: dict[str, Sort]
    box: Box

    @property
    def terms(self) -> tuple[Term, ...]:
        return (*self.hold, *(term for group in self.broken for term in group))


def reduced(hold: Sequence[Term], broken: Sequence[Sequence[Term]]) -> Part:
    """A query with the same solutions, as far as it names their leaves.

    Leaves that it does not name any more are free within its box.

    Raises:
        Contradiction: if there is no solution.
    """
    conditions = _conditions(map(with_whole_limits, hold))
    box = box_of(conditions)
    # What is rewritten within a box means the same only together with that box.
    conditions = _conditions((*_within(box, conditions), *box.as_terms()))
    box = box_of(conditions)
    kept = _conditions(box.simplified(condition) for condition in conditions)
    known = Known((*kept, *box.as_terms()))
    definitions = _definitions(kept)
    rewritten = Known(substitute(condition, definitions) for condition in (*kept, *box.as_terms()) if definitions)
    groups: list[tuple[Term, ...]] = []
    for group in broken:
        parts = _conditions(_within(box, _conditions(map(with_whole_limits, group))))
        parts = _conditions(box.simplified(condition) for condition in parts)
        if FALSE in parts:
            continue
        left = tuple(condition for condition in parts if not known.implies(condition))
        if definitions:
            left = tuple(item for item in left if not rewritten.implies(substitute(item, definitions)))
        if not left:
            raise Contradiction
        groups.append(left)
    if FALSE in kept:
        raise Contradiction
    sorts = leaves_of(*kept, *(term for group in groups for term in group))
    bounds = tuple(bound for bound in box.as_terms() if variables(bound) <= sorts.keys())
    return Part((*kept, *bounds), tuple(groups), sorts, box)


def _within(box: Box, conditions: Iterable[Term]) -> Iterator[Term]:
    """What is the same as ``conditions`` for leaves within ``box``."""
    return (without_quotient(without_functions(condition, box), box) for condition in conditions)


def _definitions(conditions: Sequence[Term]) -> dict[str, Term]:
    """The leaves that an equation of ``conditions`` gives in terms of others, which always have a value.

    With the leaf written as what it equals, a condition may be seen to follow that a solver finds hard: a stride is a
    product of sizes.
    """
    found: dict[str, Term] = {}
    for condition in conditions:
        if not isinstance(condition, Apply) or condition.op != "eq":
            continue
        for leaf, value in (condition.args, condition.args[::-1]):
            value = substitute(value, found)
            if not isinstance(leaf, Var) or leaf.name in found or leaf.name in variables(value):
                continue
            if total_everywhere(value):
                found = {name: substitute(term, {leaf.name: value}) for name, term in found.items()}
                found[leaf.name] = value
                break
    return found


def parts_of(query: Part) -> list[Part]:
    """``query`` cut where no condition ties leaves together, the smallest part first."""
    owner = {name: name for name in query.sorts}

    def root(name: str) -> str:
        while owner[name] != name:
            owner[name] = owner[owner[name]]
            name = owner[name]
        return name

    groups = [frozenset().union(*(variables(term) for term in group)) for group in query.broken]
    sets = [*(variables(term) for term in query.hold), *groups]
    for names in sets:
        first, *others = sorted(names) or [""]
        for other in others:
            owner[root(other)] = root(first)
    labels = list(dict.fromkeys(root(name) for name in query.sorts))
    if any(not names for names in sets):
        # Conditions without any leaf, which some part has to speak of.
        labels = labels or [""]

    def at(names: frozenset[str], label: str) -> bool:
        return root(min(names)) == label if names else label == labels[0]

    found = [
        Part(
            tuple(term for term in query.hold if at(variables(term), label)),
            tuple(group for group, names in zip(query.broken, groups, strict=True) if at(names, label)),
            {name: sort for name, sort in query.sorts.items() if root(name) == label},
            query.box,
        )
        for label in labels
    ]
    return sorted(found, key=lambda part: (len(part.sorts), len(part.hold)))


def free_values(query: Part, sorts: Mapping[str, Sort]) -> dict[str, Value]:
    """Values for those leaves of ``sorts`` that ``query`` does not name: any within its box will do."""
    found: dict[str, Value] = {}
    for name, sort in sorts.items():
        if name in query.sorts:
            continue
        low, high = query.box.intervals.get(name, (None, None))
        near = 0 if low is None or low <= 0 else low
        near = near if high is None or high >= near else high
        found[name] = {"int": near, "bool": False, "float": 0.0}[sort]
    return found


def _conditions(terms: Iterable[Term]) -> tuple[Term, ...]:
    parts = (part for term in terms for part in conjuncts(term))
    return tuple(part for part in dict.fromkeys(parts) if part != TRUE)
