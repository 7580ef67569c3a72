"""Checks with shifts and with the bits of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.drawing.known import any_leaf, combine, constant
from strategies.drawing.relations import Relation, near, written
from strategies.statement import Scope
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

_LARGE = 2**31


def _bits(chooser: Chooser, scope: Scope) -> Term:
    """What a number has in common with a mask, or has beside it."""
    left = any_leaf(chooser, scope)
    # Exclusive or is refused by every export of torch 2.13: it comes last.
    op = chooser.pick(("bitand", "bitand", "bitor", "bitand", "bitor", "bitxor"))
    result = combine(op, left, constant(chooser.pick((1, 3, 7, 8, 6, 15))))
    return written(chooser, "eq", result, constant(result.value)) if chooser.flag(2) else near(chooser, result)


def _shifted(chooser: Chooser, scope: Scope) -> Term:
    """A number shifted by a small constant."""
    left = any_leaf(chooser, scope)
    if abs(left.value) >= _LARGE:
        return near(chooser, left)
    return near(chooser, combine(chooser.pick(("lshift", "rshift")), left, constant(1 + chooser.below(4))))


BITS: dict[str, Relation] = {"bits": _bits, "shifts": _shifted}
"""The forms of this file."""
