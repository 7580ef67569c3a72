"""Decides which claims need no assert of their own, because others that are asserted in time imply them.

Only assumptions and claims that keep their assert count as premises; what the ShapeEnv believes does not. Each
step leaves the kept claims equivalent to all claims:

1. the same normal form twice: one stands for both; an equality between two bounds that stay;
2. an equality in the linear span of kept equalities;
3. of several bounds on one sum (modulo the kept equalities) the tightest;
4. what follows from the kept one-term bounds by interval arithmetic, and one-term bounds that follow from a
   short sum's, tried one after the other against what is still kept then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, inf, lcm

from runtime_assert.claims import Claim, Status
from runtime_assert.conjunctions import latest
from runtime_assert.equalities import Equalities
from runtime_assert.implication import bounds_of, follows
from runtime_assert.intervals import EVERYTHING, Facts, Interval, interval
from runtime_assert.normal import (
    Bound,
    Constant,
    Differs,
    Equal,
    Holds,
    Joined,
    Relation,
    Terms,
    divided_by_constant,
    from_polynomial,
)
from runtime_assert.polynomials import ONE, Monomial
from runtime_assert.values import NEVER, Value

# Equalities with more terms than this are compared as they stand and not used for elimination.
ELIMINATION_LIMIT = 32

# Bounds on sums of up to this many terms are used to bound each term.
NEIGHBOUR_LIMIT = 4

Ranges = dict[Monomial, Interval]


@dataclass(slots=True)
class _Kept:
    """The claims that are still asserted, indexed for the questions asked of them."""

    ranges: Ranges
    equalities: Equalities[Claim] = field(default_factory=Equalities)
    exact: dict[Relation, Claim] = field(default_factory=dict)
    bounds: dict[Terms, list[tuple[int, Claim]]] = field(default_factory=dict)
    neighbours: dict[tuple[Monomial, int], list[tuple[Terms, int, Claim]]] = field(default_factory=dict)
    patience: dict[int, int] = field(default_factory=dict)

    def horizon(self, claim: Claim) -> int:
        """At which slot a claim must be ensured: also in time for everything that was dropped for its sake."""
        return self.patience.get(id(claim), claim.horizon)

    def drop(self, claim: Claim, status: Status, by: Claim | None, reason: str, premises: Sequence[Claim] = ()) -> None:
        """Leave a claim to its premises, of which `by` is told first."""
        claim.status, claim.by, claim.reason, claim.premises = status, by, reason, premises
        limit = self.horizon(claim)
        for premise in (by, *premises):
            if premise is not None:
                self.patience[id(premise)] = min(limit, self.horizon(premise))


def drop_redundant(assumptions: list[Claim], present: list[Claim], wanted: list[Claim], ranges: Ranges) -> None:
    """Set `status`, `by` and `reason` of every claim in `wanted` (and of repeated ones in `present`) that
    needs no assert. Claims without a status afterwards have to be emitted (or stay, if they are present).

    `ranges`: intervals of monomials that hold by assumption.
    """
    kept = _Kept(ranges)
    _drop_constant(present, wanted, kept)
    _drop_guarded(assumptions, wanted, kept)
    candidates = [c for c in (*assumptions, *present, *wanted) if c.status is None]
    survivors = _drop_repeated(candidates, kept)
    _drop_squeezed(survivors, kept)
    _drop_spanned([c for c in survivors if c.status is None], kept)
    reduced = _reduce_bounds([c for c in survivors if c.status is None], kept)
    _drop_looser(reduced, kept)
    _drop_by_interval(reduced, [c for c in survivors if c.status is None], kept)


def _fixed(claim: Claim) -> bool:
    return claim.source in ("assumption", "check")


def _nameless(claim: Claim) -> bool:
    """Whether nobody knows where a claim was written: a range, or a call that came into the graph without a trace."""
    traced = claim.node is not None and claim.node.meta.get("stack_trace")
    return claim.source == "range" or (claim.source == "constraint" and not traced)


def _drop_constant(present: Iterable[Claim], wanted: Iterable[Claim], kept: _Kept) -> None:
    for claim in (*present, *wanted):
        if isinstance(claim.relation, Constant) and claim.relation.truth:
            kept.drop(claim, "trivial", None, "it holds for all values")


def _drop_guarded(assumptions: list[Claim], wanted: list[Claim], kept: _Kept) -> None:
    """Conditions over inputs alone that the guards imply."""
    given = [claim.relation for claim in assumptions if claim.relation is not None]
    for claim in wanted:
        condition = claim.condition
        if claim.status is not None or not isinstance(condition, Value) or condition.deadline != NEVER:
            continue
        assert claim.relation is not None
        if follows(claim.relation, given, kept.ranges):
            kept.drop(claim, "implied", None, "it follows from the guards and ranges of the inputs")


def _drop_repeated(claims: list[Claim], kept: _Kept) -> list[Claim]:
    survivors: list[Claim] = []
    places: dict[int, int] = {}
    for claim in claims:
        relation = claim.relation
        assert relation is not None
        if isinstance(relation, Constant) and isinstance(claim.condition, Value):
            relation = Holds(claim.condition)  # it never holds: keep one assert that says so
        first = kept.exact.setdefault(relation, claim)
        if first is claim:
            places[id(claim)] = len(survivors)
            survivors.append(claim)
            continue
        late = first.source == "check" and not first.user and first.slot > kept.horizon(claim)
        if late or (_nameless(first) and claim.source == "deferred"):
            # The check knows its words and its line, the range it left behind does not. And where the graph's own
            # assert comes too late, the one that is put before it says all that it says.
            claim.check = first if late else first.check
            kept.drop(first, "merged", claim, "the same condition")
            kept.exact[relation] = claim
            survivors[places[id(first)]] = claim
            places[id(claim)] = places[id(first)]
            continue
        if not claim.user and first.slot <= _waits(claim, kept):
            kept.drop(claim, "merged", first, "the same condition")
            continue
        if claim.slot < first.slot:
            # Both stay: the earlier one is in time for whatever says the same.
            kept.exact[relation] = claim
        places[id(claim)] = len(survivors)
        survivors.append(claim)
    return survivors


def _waits(claim: Claim, kept: _Kept) -> int:
    """Until which slot a claim can wait for an assert of the same; parts of a conjunction wait as long as `join` lets
    them."""
    horizon = kept.horizon(claim)
    return horizon if claim.group is None else max(horizon, latest(claim, kept.patience))


def _drop_squeezed(claims: list[Claim], kept: _Kept) -> None:
    """Equalities that the inputs alone decide, or that two bounds squeeze from both sides, one of
    them a check that stays in any case."""
    for claim in claims:
        if not isinstance(claim.relation, Equal) or _fixed(claim):
            continue
        terms, value = claim.relation.terms, claim.relation.value
        if interval(dict(terms), lambda monomial: kept.ranges.get(monomial, EVERYTHING)) == (value, value):
            kept.drop(claim, "implied", None, "the ranges of the inputs leave no other value")
            continue
        opposite = tuple((monomial, -coefficient) for monomial, coefficient in terms)
        sides = [kept.exact.get(Bound(terms, value)), kept.exact.get(Bound(opposite, -value))]
        found = [side for side in sides if side is not None and _usable(side, claim, kept)]
        # One side is enough that stands as the user wrote it: an equality before it would hide its message.
        if len(found) == 2 and any(_fixed(side) for side in found):
            kept.drop(claim, "implied", found[0], "it follows from two bounds", found)


def _equal_polynomial(relation: Equal) -> dict[Monomial, int]:
    poly = dict(relation.terms)
    if relation.value:
        poly[ONE] = -relation.value
    return poly


def _drop_spanned(claims: list[Claim], kept: _Kept) -> None:
    """Equalities in the order in which they have to be there, so that a premise is in time for what it replaces.

    That is the slot of what stands already and the horizon of what may still be placed: a second run finds the
    asserts of the first a few nodes behind the values, and must come to the same choice.
    """
    equalities = [c for c in claims if isinstance(c.relation, Equal)]
    for claim in sorted(equalities, key=lambda c: (c.slot if _fixed(c) else c.horizon, not _fixed(c))):
        assert isinstance(claim.relation, Equal)
        if len(claim.relation.terms) > ELIMINATION_LIMIT:
            continue
        poly = _equal_polynomial(claim.relation)
        rest, used = kept.equalities.reduce(poly)
        if not rest and not _fixed(claim):
            kept.drop(claim, "implied", used[0], "it follows from other equalities", used)
        elif any(m != ONE for m in rest):
            kept.equalities.add(poly, claim)


@dataclass(slots=True)
class _Reduced:
    """A bound with the equalities worked in: terms of coprime whole coefficients, and the limit on them."""

    claim: Claim
    terms: Terms
    limit: int
    used: list[Claim]


def _reduce_bounds(claims: list[Claim], kept: _Kept) -> list[_Reduced]:
    reduced = []
    for claim in claims:
        relation = claim.relation
        if isinstance(relation, Bound):
            found = _reduce(claim, relation, kept)
            if found is not None:
                reduced.append(found)
        elif isinstance(relation, Equal) and len(relation.terms) == 1:
            # An equality with a constant bounds its term on both sides.
            (monomial, _), value = relation.terms[0], relation.value
            kept.bounds.setdefault(((monomial, 1),), []).append((value, claim))
            kept.bounds.setdefault(((monomial, -1),), []).append((-value, claim))
            divided = divided_by_constant(monomial)
            if divided is not None:
                base, divisor = divided
                for sign, limit in ((1, divisor * (value + 1) - 1), (-1, -divisor * value)):
                    bound = from_polynomial("bound", {m: sign * c for m, c in base.items()}, limit)
                    if isinstance(bound, Bound):
                        kept.bounds.setdefault(bound.terms, []).append((bound.limit, claim))
        elif isinstance(relation, Joined):
            for terms, limit in _hull(relation).items():
                kept.bounds.setdefault(terms, []).append((limit, claim))
    return reduced


def _hull(relation: Relation) -> dict[Terms, int]:
    """The bounds that a relation implies: of alternatives those that all of them have, as loose as the loosest."""
    if not isinstance(relation, Joined):
        return dict(bounds_of(relation))
    first, *others = (_hull(part) for part in relation.parts)
    for other in others:
        if relation.op == "or":
            first = {terms: max(limit, other[terms]) for terms, limit in first.items() if terms in other}
        else:
            first = {**other, **{terms: min(limit, other.get(terms, limit)) for terms, limit in first.items()}}
    return first


def _reduce(claim: Claim, relation: Bound, kept: _Kept) -> _Reduced | None:
    if not kept.equalities or len(relation.terms) > ELIMINATION_LIMIT:
        return _Reduced(claim, relation.terms, relation.limit, [])
    rest, used = kept.equalities.reduce(dict(relation.terms))
    if not used or any(c.slot > kept.horizon(claim) for c in used):
        return _Reduced(claim, relation.terms, relation.limit, [])
    shift = rest.pop(ONE, Fraction(0))
    limit = relation.limit - shift
    if not rest:
        if limit >= 0 and not _fixed(claim):
            kept.drop(claim, "implied", used[0], "it follows from equalities", used)
            return None
        return _Reduced(claim, relation.terms, relation.limit, [])
    scale = lcm(*(coefficient.denominator for coefficient in rest.values()))
    whole = {m: int(c * scale) for m, c in rest.items()}
    divisor = gcd(*whole.values())
    terms = tuple(sorted(((m, c // divisor) for m, c in whole.items()), key=_term_rank))
    return _Reduced(claim, terms, (limit * scale / divisor).__floor__(), used)


def _term_rank(term: tuple[Monomial, int]) -> tuple[int, ...]:
    return tuple(value.rank for value in term[0])


def _drop_looser(reduced: list[_Reduced], kept: _Kept) -> None:
    # Of bounds of one limit those that stand already, then those that are there first: they are in time for the others.
    for item in sorted(reduced, key=lambda r: (r.limit, not _fixed(r.claim), r.claim.slot)):
        claim = item.claim
        found = None
        for terms, limit, _ in _readings(item):
            others = kept.bounds.get(terms)
            if others is None:
                kept.bounds[terms] = [(limit, claim)]
            else:
                found = found or next((c for tight, c in others if tight <= limit and _usable(c, claim, kept)), None)
                others.append((limit, claim))
            if 1 < len(terms) <= NEIGHBOUR_LIMIT:
                for monomial, factor in terms:
                    place = kept.neighbours.setdefault((monomial, 1 if factor > 0 else -1), [])
                    place.append((terms, limit, claim))
        if found is not None and not _fixed(claim):
            kept.drop(claim, "implied", found, "a bound at least as tight is asserted", [found, *item.used])


def _drop_by_interval(reduced: list[_Reduced], others: list[Claim], kept: _Kept) -> None:
    """Try the claims in turn; each sees only the facts of those that are still kept."""
    readings = [(item.claim, _readings(item)) for item in reduced]
    for claim in others:
        # Equalities are never dropped here: bounds were rewritten by them, so they would imply themselves.
        if isinstance(claim.relation, Differs):
            readings.append((claim, [(claim.relation.terms, claim.relation.value, [])]))
    for claim, spellings in readings:
        if claim.status is not None or _fixed(claim):
            continue
        for terms, limit, used in spellings:
            if isinstance(claim.relation, Bound) and _is_leaf(terms) and terms[0][0] not in kept.ranges:
                continue  # all bounds on this very value were compared before
            premises: list[Claim] = []
            low, high = interval(dict(terms), _facts(claim, kept, premises))
            if _follows(claim.relation, low, high, limit):
                by = premises[0] if premises else None
                kept.drop(claim, "implied", by, "it follows from bounds", [*premises, *used])
                break
        else:
            _drop_by_neighbour(claim, kept)


def _is_leaf(terms: Terms) -> bool:
    """Whether the sum is one value that an interval cannot look into."""
    return len(terms) == 1 and len(terms[0][0]) == 1 and terms[0][0][0].op == "node"


def _drop_by_neighbour(claim: Claim, kept: _Kept) -> None:
    """Drop `x <= 9` if some kept `x + y <= 9` and the bounds of y say as much."""
    relation = claim.relation
    if not isinstance(relation, Bound) or len(relation.terms) != 1:
        return
    monomial, sign = relation.terms[0]
    for terms, limit, other in kept.neighbours.get((monomial, sign), ()):
        if not _usable(other, claim, kept):
            continue
        rest = dict(terms)
        factor = abs(rest.pop(monomial))
        premises = [other]
        low, _ = interval(rest, _facts(claim, kept, premises))
        if low > -inf and (limit - low) // factor <= relation.limit:
            kept.drop(claim, "implied", other, "it follows from bounds", premises)
            return


def _follows(relation: Relation | None, low: float, high: float, limit: int) -> bool:
    if isinstance(relation, Bound):
        return high <= limit
    return not low <= limit <= high


def _facts(claim: Claim, kept: _Kept, premises: list[Claim]) -> Facts:
    """What is known of a monomial without `claim`; the claims that were used are added to `premises`."""

    def look_up(monomial: Monomial) -> Interval:
        low, high = kept.ranges.get(monomial, (-inf, inf))
        for limit, other in kept.bounds.get(((monomial, 1),), ()):
            if limit < high and _usable(other, claim, kept):
                high = limit
                premises.append(other)
        for limit, other in kept.bounds.get(((monomial, -1),), ()):
            if -limit > low and _usable(other, claim, kept):
                low = -limit
                premises.append(other)
        return low, high

    return look_up


def _usable(premise: Claim, claim: Claim, kept: _Kept) -> bool:
    return premise is not claim and premise.status is None and premise.slot <= kept.horizon(claim)


def _readings(item: _Reduced) -> list[tuple[Terms, int, list[Claim]]]:
    relation = item.claim.relation
    assert isinstance(relation, Bound)
    plain: tuple[Terms, int, list[Claim]] = (relation.terms, relation.limit, [])
    return [plain] if item.terms == relation.terms else [plain, (item.terms, item.limit, item.used)]
