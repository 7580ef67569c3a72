"""Normal forms of relations, so that two spellings of one fact are seen to be one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, gcd
from typing import Any

from runtime_assert.operators import kind_of
from runtime_assert.polynomials import ONE, Monomial, Polynomial, accumulate, atom_of, polynomial
from runtime_assert.values import Argument, Value

Terms = tuple[tuple[Monomial, int], ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """sum(coefficient * monomial) <= limit, with coprime coefficients."""

    terms: Terms
    limit: int


@dataclass(frozen=True, slots=True)
class Equal:
    """sum(coefficient * monomial) == value, coprime coefficients, the first one positive."""

    terms: Terms
    value: int


@dataclass(frozen=True, slots=True)
class Differs:
    """sum(coefficient * monomial) != value, coprime coefficients, the first one positive."""

    terms: Terms
    value: int


@dataclass(frozen=True, slots=True)
class Holds:
    """A condition that is not taken apart (floats, connectives, unknown operators)."""

    value: Value
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Constant:
    """A condition whose truth does not depend on any value."""

    truth: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions of which all (`and`) or at least one (`or`) has to hold, in no order."""

    op: str
    parts: frozenset[Any]


Relation = Bound | Equal | Differs | Holds | Constant | Joined


def relation(condition: Argument) -> Relation:
    """The normal form of a condition. Only comparisons of integers are rearranged: floats round."""
    if not isinstance(condition, Value):
        return Constant(bool(condition))
    if condition.relation is None:
        condition.relation = _relation(condition)
    return condition.relation


def _relation(condition: Value) -> Relation:
    op, args = condition.op, condition.args
    if op in _BOUND and type(args[1]) is int and args[0].symbol is not None and args[0].kind == "int":
        # The most frequent form by far, a bound of one symbol: u0 >= 3 is -u0 <= -3.
        sign, slack = _BOUND[op]
        return Bound((((args[0],), sign),), sign * args[1] + slack)
    if op == "not":
        return negated(relation(args[0]))
    if op in _DUAL and all(kind_of(argument) == "bool" for argument in args):
        return _joined(op, [relation(argument) for argument in args])
    if op not in _DIFFERENCE:
        return Holds(condition)
    if all(kind_of(argument) == "int" for argument in args):
        return _of_integers(op, args)
    return _of_float(op, *args) or Holds(condition)


def _of_integers(op: str, args: Sequence[Argument]) -> Relation:
    first, second, slack, form = _DIFFERENCE[op]
    difference = dict(polynomial(args[first]))
    accumulate(difference, polynomial(args[second]), -1)
    return _of_remainder(_opened(_undivided(from_polynomial(form, difference, slack))))


# Below this every integer is a float of its own, and no integer from here on rounds to one below.
_EXACT = 2**53
_FLIPPED = {"le": "ge", "lt": "gt", "ge": "le", "gt": "lt", "eq": "eq", "ne": "ne"}


def _of_float(op: str, left: Argument, right: Argument) -> Relation | None:
    """The comparison of an integer, or of what it is as a float, with a constant, as one of integers: x >= 0.5 is
    x >= 1. None for any other comparison."""
    if not isinstance(left, Value):
        left, right, op = right, left, _FLIPPED[op]
    if left.op == "float" and left.symbol is None:
        left = left.args[0]
    if kind_of(left) != "int" or type(right) not in (int, float):
        return None
    if not -_EXACT < right < _EXACT:  # neither is NaN
        return None
    limit = floor(right)
    if op in ("eq", "ne") and limit != right:
        return Constant(op == "ne")
    return _of_integers(op, (left, limit if op in ("le", "gt") else ceil(right)))


def _of_remainder(found: Relation) -> Relation:
    """One spelling for what is said about `x % k` alone, which has k values: x % 2 != 0 is x % 2 == 1, and
    x % 5 != 4 is x % 5 <= 3."""
    if not isinstance(found, (Bound, Equal, Differs)) or len(found.terms) != 1:
        return found
    monomial, factor = found.terms[0]
    divisor = monomial[0].args[1] if len(monomial) == 1 and monomial[0].op == "mod" else None
    if type(divisor) is not int or divisor == 0:
        return found
    low, high = min(0, divisor + 1), max(0, divisor - 1)
    if isinstance(found, Bound):
        # |factor| is 1: the coefficients are coprime.
        bottom, top = (low, min(high, found.limit)) if factor == 1 else (max(low, -found.limit), high)
        if bottom > top or (bottom, top) == (low, high):
            return Constant(bottom <= top)
        return Equal(((monomial, 1),), top) if bottom == top else found
    if not low <= found.value <= high:
        return Constant(isinstance(found, Differs))
    if low == high:
        return Constant(isinstance(found, Equal))
    if isinstance(found, Differs) and found.value in (low, high):
        # Without one of its ends it is a range again, of two values a single one.
        return _of_remainder(
            Bound(((monomial, 1),), high - 1) if found.value == high else Bound(((monomial, -1),), -low - 1)
        )
    return found


_DIFFERENCE: dict[str, tuple[int, int, int, str]] = {
    "le": (0, 1, 0, "bound"),
    "lt": (0, 1, -1, "bound"),
    "ge": (1, 0, 0, "bound"),
    "gt": (1, 0, -1, "bound"),
    "eq": (0, 1, 0, "equal"),
    "ne": (0, 1, 0, "differs"),
}


# Of a bound by a constant: the sign of the value, and what is added to the constant.
_BOUND = {"le": (1, 0), "lt": (1, -1), "ge": (-1, 0), "gt": (-1, -1)}


def _undivided(found: Relation) -> Relation:
    """A bound on `x // k` alone as the bound on x that it is: x // 2 <= 0 says x <= 1, the very bound that the
    ShapeEnv derives from it and states as a range."""
    while isinstance(found, Bound) and len(found.terms) == 1:
        monomial, factor = found.terms[0]
        divided = divided_by_constant(monomial)
        if divided is None:
            return found
        base, divisor = divided
        # |factor| is 1: the coefficients are coprime.
        limit = divisor * (found.limit + 1) - 1 if factor == 1 else divisor * found.limit
        found = from_polynomial("bound", _times(base, factor), limit)
    return found


def divided_by_constant(monomial: Monomial) -> tuple[Polynomial, int] | None:
    """x and k > 0 if the monomial is x // k (x // -k is -x // k) and has no symbol of its own, else None."""
    divisor = _divisor(monomial)
    return (_times(polynomial(monomial[0].args[0]), _sign(divisor)), abs(divisor)) if divisor else None


def _divisor(monomial: Monomial) -> int:
    """k if the monomial is x // k with a constant k and has no symbol of its own, else 0."""
    if len(monomial) != 1 or monomial[0].op != "floordiv" or monomial[0].symbol is not None:
        return 0
    divisor = monomial[0].args[1]
    return divisor if type(divisor) is int else 0


def _sign(number: int) -> int:
    return number // abs(number)


def _times(poly: Polynomial, factor: int) -> dict[Monomial, int]:
    return {monomial: factor * coefficient for monomial, coefficient in poly.items()}


def _opened(found: Relation) -> Relation:
    """Write k * (x // k) as x - x % k, so that both ways to ask for divisibility read the same.

    Only where the common factor is taken out already: 2 * (x // 2) != 3 holds for all x, which nobody sees any more
    behind that. A quotient that has a symbol of its own, because it is what the data decides, is left whole.
    """
    if not isinstance(found, (Bound, Equal, Differs)):
        return found
    divided = [m for m, c in found.terms if (divisor := _divisor(m)) and c % divisor == 0]
    if not divided:
        return found
    poly = dict(found.terms)
    for monomial in divided:
        times = poly.pop(monomial) // _divisor(monomial)
        accumulate(poly, polynomial(monomial[0].args[0]), times)
        accumulate(poly, {(_remainder(monomial[0]),): 1}, -times)
    if isinstance(found, Bound):
        return from_polynomial("bound", poly, found.limit)
    accumulate(poly, {ONE: 1}, -found.value)
    return from_polynomial("equal" if isinstance(found, Equal) else "differs", poly)


def _remainder(division: Value) -> Value:
    atoms = division.atoms
    rank = sys.maxsize - len(atoms)
    value = Value("mod", division.args, "int", division.slot, division.deadline, rank, atoms)
    return atom_of(value)


_DUAL = {"and": "or", "or": "and"}


def _joined(op: str, found: list[Relation]) -> Relation:
    """Nested ones of the same kind opened, repetitions and neutral parts left out."""
    neutral = op == "and"
    parts: set[Relation] = set()
    for part in found:
        if isinstance(part, Constant):
            if part.truth != neutral:
                return part
        elif isinstance(part, Joined) and part.op == op:
            parts |= part.parts
        else:
            parts.add(part)
    if len(parts) > 1:
        return Joined(op, frozenset(parts))
    return parts.pop() if parts else Constant(neutral)


def negated(found: Relation) -> Relation:
    """What holds where a relation does not."""
    if isinstance(found, Joined):
        return _joined(_DUAL[found.op], [negated(part) for part in found.parts])
    if isinstance(found, Constant):
        return Constant(not found.truth)
    if isinstance(found, Holds):
        return Holds(found.value, not found.positive)
    if isinstance(found, Bound):
        return _of_remainder(Bound(tuple((m, -c) for m, c in found.terms), -found.limit - 1))
    return _of_remainder((Differs if isinstance(found, Equal) else Equal)(found.terms, found.value))


def from_polynomial(form: str, difference: dict[Monomial, int], slack: int = 0) -> Relation:
    """The relation `difference <= slack`, `difference == 0` or `difference != 0` in normal form."""
    constant = difference.pop(ONE, 0)
    if not difference:
        return Constant({"bound": constant <= slack, "equal": constant == 0, "differs": constant != 0}[form])
    terms = sorted(difference.items(), key=_rank)
    divisor = gcd(*difference.values())
    if form == "bound":
        return Bound(tuple((m, c // divisor) for m, c in terms), (slack - constant) // divisor)
    divisor *= _sign(terms[0][1])
    if constant % divisor:
        return Constant(form == "differs")
    make = Equal if form == "equal" else Differs
    return make(tuple((m, c // divisor) for m, c in terms), -constant // divisor)


def _rank(item: tuple[Monomial, int]) -> tuple[int, ...]:
    return tuple(value.rank for value in item[0])
