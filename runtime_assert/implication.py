"""Whether guards on the inputs imply a condition: its negation is refuted, case by case, by intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from math import inf

from runtime_assert.intervals import EVERYTHING, Interval, interval
from runtime_assert.normal import (
    Bound,
    Constant,
    Differs,
    Equal,
    Holds,
    Joined,
    Relation,
    Terms,
    from_polynomial,
    negated,
)
from runtime_assert.polynomials import Monomial, Polynomial, accumulate, polynomial
from runtime_assert.values import Value

# With more cases than this nothing is decided, and so it is with more guards.
CASE_LIMIT = 64
GUARD_LIMIT = 32
# How often bounds are derived from each other; chains of equalities are short.
ROUNDS = 4

Ranges = dict[Monomial, Interval]


def follows(wanted: Relation, given: Sequence[Relation], ranges: Mapping[Monomial, Interval]) -> bool:
    """Whether `wanted` holds wherever all of `given` do; False may also mean that it was not seen.

    `ranges`: intervals of monomials that hold in any case.
    """
    if len(given) > GUARD_LIMIT:
        return False
    stated = [negated(wanted), *given]
    stated += _definitions(stated)
    cases = list(islice(_cases(stated), CASE_LIMIT + 1))
    return len(cases) <= CASE_LIMIT and all(_contradict(case, ranges) for case in cases)


def _cases(stated: Iterable[Relation]) -> Iterator[list[Relation]]:
    """The alternatives of a conjunction, each without connectives."""
    alternatives: list[list[list[Relation]]] = []
    for item in stated:
        if not isinstance(item, Joined):
            alternatives.append([[item]])
        elif item.op == "and":
            alternatives.append(list(islice(_cases(item.parts), CASE_LIMIT + 1)))
        else:
            every = (case for part in item.parts for case in _cases([part]))
            alternatives.append(list(islice(every, CASE_LIMIT + 1)))
    for choice in product(*alternatives):
        yield [item for part in choice for item in part]


def _definitions(stated: Iterable[Relation]) -> list[Relation]:
    """What the operators in some relations say of their operands: a minimum is one of them and no more than either."""
    found: dict[int, Value] = {}
    stack = list(stated)
    values: list[Value] = []
    while stack:
        item = stack.pop()
        if isinstance(item, Joined):
            stack.extend(item.parts)
        elif isinstance(item, (Bound, Equal, Differs)):
            values.extend(value for monomial, _ in item.terms for value in monomial)
    while values:
        value = values.pop()
        if value.rank not in found and value.symbol is None and value.op in _DEFINED:
            found[value.rank] = value
            values.extend(v for a in value.args if isinstance(a, Value) for m in polynomial(a) for v in m)
    return [part for value in found.values() for part in _defined(value)]


_DEFINED = frozenset({"min", "max", "floordiv", "mod"})


def _defined(value: Value) -> list[Relation]:
    left, right = value.args
    if value.kind != "int":
        return []
    if value.op in ("min", "max"):
        # From min(a, b) to each operand: a - min is 0 or more, and one of the two is 0.
        sign = 1 if value.op == "min" else -1
        gaps = [_difference(operand, value, sign) for operand in (left, right)]
        either = frozenset(from_polynomial("equal", dict(gap)) for gap in gaps)
        return [Joined("or", either), *(from_polynomial("bound", _times(gap, -1)) for gap in gaps)]
    if type(right) is not int or right <= 0:
        return []
    if value.op == "floordiv":
        rest = dict(polynomial(left))
        accumulate(rest, {(value,): 1}, -right)
        return [from_polynomial("bound", _times(rest, -1)), from_polynomial("bound", rest, right - 1)]
    return []


def _difference(operand: Value | int, value: Value, sign: int) -> Polynomial:
    total = dict(polynomial(operand))
    accumulate(total, {(value,): 1}, -1)
    return _times(total, sign)


def _times(poly: Polynomial, factor: int) -> Polynomial:
    return {monomial: factor * coefficient for monomial, coefficient in poly.items()}


def _contradict(case: list[Relation], ranges: Mapping[Monomial, Interval]) -> bool:
    known = dict(ranges)
    truths: dict[int, bool] = {}
    for item in case:
        if item == Constant(False):
            return True
        if isinstance(item, Holds) and truths.setdefault(item.value.rank, item.positive) != item.positive:
            return True
    bounds = [bound for item in case for bound in bounds_of(item)]
    limits: dict[Terms, int] = {}
    for terms, limit in bounds:
        limits[terms] = min(limit, limits.get(terms, limit))
    if any(limit + limits.get(_opposite(terms), -limit) < 0 for terms, limit in limits.items()):
        return True
    differences = [item for item in case if isinstance(item, Differs)]
    for _ in range(ROUNDS):
        before = dict(known)
        if any(not _tighten(terms, limit, known) for terms, limit in bounds):
            return True
        if any(not _exclude(item, known) for item in differences):
            return True
        if known == before:
            return False
    return False


def bounds_of(item: Relation) -> list[tuple[Terms, int]]:
    """The upper bounds on sums that a relation without connectives states: an equality is two."""
    if isinstance(item, Bound):
        return [(item.terms, item.limit)]
    if isinstance(item, Equal):
        return [(item.terms, item.value), (_opposite(item.terms), -item.value)]
    return []


def _opposite(terms: Terms) -> Terms:
    return tuple((monomial, -coefficient) for monomial, coefficient in terms)


def _of(monomial: Monomial, known: Ranges) -> Interval:
    return interval({monomial: 1}, lambda m: known.get(m, EVERYTHING))


def _tighten(terms: Terms, limit: int, known: Ranges) -> bool:
    """Work `sum(terms) <= limit` into what is known of each term; False if that leaves no value."""
    least: list[float] = []
    for monomial, coefficient in terms:
        low, high = _of(monomial, known)
        least.append(coefficient * (low if coefficient > 0 else high))
    unbounded = least.count(-inf)
    total = sum(part for part in least if part != -inf)
    if not unbounded and total > limit:
        return False
    for (monomial, coefficient), part in zip(terms, least, strict=True):
        if unbounded - (part == -inf):
            continue  # the others may be as small as you like
        left = limit - total + (0 if part == -inf else part)
        low, high = _of(monomial, known)
        if coefficient > 0:
            high = min(high, left // coefficient)
        else:
            low = max(low, -(left // -coefficient))
        if low > high:
            return False
        known[monomial] = low, high
    return True


def _exclude(item: Differs, known: Ranges) -> bool:
    """Work `sum(terms) != value` into what is known of a single term; False if that leaves no value."""
    low, high = interval(dict(item.terms), lambda m: known.get(m, EVERYTHING))
    if low == high == item.value:
        return False
    if len(item.terms) == 1:
        monomial = item.terms[0][0]
        # The coefficient is 1: it is positive, and the coefficients are coprime.
        known[monomial] = low + (low == item.value), high - (high == item.value)
    return True


__all__ = ["bounds_of", "follows"]
