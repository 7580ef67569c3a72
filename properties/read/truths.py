"""Truth values of a trace: torch makes a number of each, which is 1 where it holds and else 0."""

from __future__ import annotations

from strategies.terms import Apply, Const, Term, Var, apply

CONVERTED = ("ConvertIntKey",)
"""The key path of a symbol that is the number of the truth value which a node yields."""


def truth_of(number: Term) -> Term:
    """The truth value whose number is ``number``."""
    return apply("ne", number, 0)


def number_in(truth: Term) -> Var | None:
    """The leaf of which ``truth`` is the truth value; None if it is written otherwise."""
    match truth:
        case Apply("ne", (Var() as number, Const(0))):
            return number
    return None


def is_number(number: Term) -> tuple[Term, Term]:
    """That ``number`` is the number of a truth value."""
    return apply("ge", number, 0), apply("le", number, 1)
