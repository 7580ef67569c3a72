"""Solutions in which a quotient of integers that has to be a given double is a simple fraction that rounds to it, or is
one of numbers so large that it rounds to the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias, TypeGuard

from properties.solver.bounds import Box
from strategies.terms import FALSE, Apply, Const, Term, apply, conjuncts

Query: TypeAlias = tuple[list[Term], list[list[Term]]]

_DENOMINATORS = tuple(2**power for power in range(0, 64, 4))
"""How large the denominator may be, the simplest first. Numbers near one need no more than 2**27."""
_NEAREST = 2**55
"""What differs from a double by less than one part in so many is rounded to it."""
_SLACK = (16, 4, 1)
"""By how many units the dividend of large numbers may be off, the widest first."""
_LARGEST = 2**62
_NO_DOUBLE = 2**1000


def fractional(hold: Sequence[Term], broken: Sequence[Sequence[Term]]) -> Iterator[Query]:
    """Queries without those quotients, the simplest first; none if no quotient has to be a certain number.

    Python's quotient of two integers is rounded correctly, so that ``8*k / 3*k`` is the double next to 8/3 for any k:
    each solution of a query is one of ``hold`` and ``broken``, which may have others.
    """
    known: dict[Term, Const] = {}
    quotients: list[tuple[Term, Term, float, Fraction]] = []
    for quotient, number in _required(hold, broken):
        fraction = simplest(float(number.value))
        if quotient not in known and fraction is not None:
            known[quotient] = number
            dividend, divisor = quotient.args
            quotients.append((dividend, divisor, float(number.value), fraction))
    if not known:
        return
    left = [_with(term, known) for term in hold]
    groups = [[_with(term, known) for term in group] for group in broken]
    for form in (_simply, _nearly, _nearly_below):
        yield [*left, *(term for quotient in quotients for term in form(*quotient))], groups


def _simply(dividend: Term, divisor: Term, number: float, fraction: Fraction) -> tuple[Term, ...]:
    equation = apply("eq", apply("mul", fraction.denominator, dividend), apply("mul", fraction.numerator, divisor))
    return equation, apply("ne", divisor, 0)


def _nearly(dividend: Term, divisor: Term, number: float, fraction: Fraction) -> tuple[Term, ...]:
    """Numbers that are large enough for a few units more or less not to count; simple ones if none are."""
    for units in _SLACK if number else ():
        least = math.ceil(units * _NEAREST / abs(number))
        if least <= _LARGEST:
            top, bottom = number.as_integer_ratio()
            difference = apply("sub", apply("mul", bottom, dividend), apply("mul", top, divisor))
            within = apply("le", -units * bottom, difference), apply("le", difference, units * bottom)
            return *within, apply("ge", divisor, least)
    return _simply(dividend, divisor, number, fraction)


def _nearly_below(dividend: Term, divisor: Term, number: float, fraction: Fraction) -> tuple[Term, ...]:
    return _nearly(apply("neg", dividend), apply("neg", divisor), number, fraction)


def without_quotient(condition: Term, box: Box) -> Term:
    """``condition`` as one of integers, if it asks whether a quotient with a small divisor is a certain double.

    Of two numbers with divisors of at most ``m`` and ``q`` the difference is 0 or at least ``1 / (m*q)``: within a box
    where that is more than doubles are apart, ``u1 / u0 == 1.25`` says ``4*u1 == 5*u0``, and ``u1 / u0 ==
    0.3333333333333334`` nothing at all. What has no value holds as little as before, but is not undefined any more.
    """
    if not isinstance(condition, Apply) or condition.op not in ("float_eq", "float_ne"):
        return condition
    left, right = condition.args
    quotient, number = (left, right) if _is(left, "int_div") else (right, left)
    if not _is(quotient, "int_div") or not isinstance(number, Const) or not math.isfinite(number.value):
        return condition
    dividend, divisor = quotient.args
    most, largest = (_most(box, side) for side in (divisor, dividend))
    # Python divides no integer by another where the quotient is no double.
    if not most or largest is None or largest >= _NO_DOUBLE:
        return condition
    wanted, apart = Fraction(number.value), Fraction(math.ulp(number.value))
    nearest = wanted.limit_denominator(most)
    divides = apply("ne", divisor, 0)
    equal = condition.op == "float_eq"
    if abs(nearest - wanted) > apart / 2:
        return FALSE if equal else divides
    if float(nearest) != number.value or apart * most * nearest.denominator >= 1:
        return condition
    sides = apply("mul", nearest.denominator, dividend), apply("mul", nearest.numerator, divisor)
    return apply("and", divides, apply("eq" if equal else "ne", *sides))


def _most(box: Box, term: Term) -> int | None:
    low, high = box.of(term)
    return None if low is None or high is None else max(abs(low), abs(high))


def simplest(number: float) -> Fraction | None:
    """A fraction of small numbers to which ``number`` is the nearest double; ``None`` for none, or no small ones."""
    if not math.isfinite(number):
        return None
    tried = (Fraction(number).limit_denominator(most) for most in _DENOMINATORS)
    return next((fraction for fraction in tried if float(fraction) == number), None)


def _required(hold: Sequence[Term], broken: Sequence[Sequence[Term]]) -> Iterable[tuple[Apply, Const]]:
    """The quotients that are equal to a number in every solution, with that number."""
    equations = [part.args for term in hold for part in conjuncts(term) if _is(part, "float_eq")]
    equations += [group[0].args for group in broken if len(group) == 1 and _is(group[0], "float_ne")]
    for one, other in equations:
        for quotient, number in ((one, other), (other, one)):
            if _is(quotient, "int_div") and isinstance(number, Const):
                yield quotient, number


def _is(term: Term, op: str) -> TypeGuard[Apply]:
    return isinstance(term, Apply) and term.op == op


def _with(term: Term, known: Mapping[Term, Const]) -> Term:
    if not isinstance(term, Apply):
        return term
    return known.get(term) or Apply(term.op, tuple(_with(arg, known) for arg in term.args))
