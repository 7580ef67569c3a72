"""Solutions in which a quotient of integers that has to be a given double is a simple fraction that rounds to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeGuard

from strategies.terms import Apply, Const, Term, conjuncts

_DENOMINATORS = tuple(2**power for power in range(0, 64, 4))
"""How large the denominator may be, the simplest first. Numbers near one need no more than 2**27."""


def fractional(hold: Sequence[Term], broken: Sequence[Sequence[Term]]) -> tuple[list[Term], list[list[Term]]] | None:
    """A query without those quotients: each solution of it is one of ``hold`` and ``broken``, which may have others.

    Python's quotient of two integers is rounded correctly, so that ``8*k / 3*k`` is the double next to 8/3 for any k.
    ``None`` if no quotient has to be a certain number.
    """
    known: dict[Term, Const] = {}
    linear: list[Term] = []
    for quotient, number in _required(hold, broken):
        fraction = simplest(float(number.value))
        if quotient not in known and fraction is not None:
            known[quotient] = number
            left, right = quotient.args
            sides = (
                Apply("mul", (Const(fraction.denominator), left)),
                Apply("mul", (Const(fraction.numerator), right)),
            )
            linear += [Apply("eq", sides), Apply("ne", (right, Const(0)))]
    if not known:
        return None
    return (
        [*(_with(term, known) for term in hold), *linear],
        [[_with(term, known) for term in group] for group in broken],
    )


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
