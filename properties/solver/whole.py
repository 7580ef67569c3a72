"""Doubles that are whole numbers wherever they come from integers alone, and what that says of comparisons."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeGuard

from strategies.terms import Apply, Const, Term

_KEEP_WHOLE = frozenset({"float_add", "float_sub", "float_mul", "float_neg", "float_abs", "float_min", "float_max"})
"""Of whole numbers these make whole numbers, infinities or NaN: a double that is rounded at all is whole."""
_NEVER = math.nan
"""What no number is equal to."""
_BESIDE: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "float_eq": (lambda limit: _NEVER, lambda limit: _NEVER),
    "float_ne": (lambda limit: _NEVER, lambda limit: _NEVER),
    "float_le": (math.floor, math.ceil),
    "float_gt": (math.floor, math.ceil),
    "float_lt": (math.ceil, math.floor),
    "float_ge": (math.ceil, math.floor),
}
"""By comparison, what a limit between two whole numbers is as good as, where it stands on the right and on the left."""


def with_whole_limits(condition: Term) -> Term:
    """``condition`` with whole limits where whole numbers are compared: ``float(u0) < 2.5`` says ``float(u0) < 3.0``.

    It has the same values as before, and has one for the same leaves.
    """
    if not isinstance(condition, Apply):
        return condition
    if condition.op in ("and", "or", "not"):
        return Apply(condition.op, tuple(with_whole_limits(arg) for arg in condition.args))
    beside = _BESIDE.get(condition.op)
    if beside is None:
        return condition
    left, right = condition.args
    if _is_between(right) and is_whole(left):
        return Apply(condition.op, (left, Const(float(beside[0](right.value)))))
    if _is_between(left) and is_whole(right):
        return Apply(condition.op, (Const(float(beside[1](left.value))), right))
    return condition


def is_whole(term: Term) -> bool:
    """Whether ``term`` is a double without a fraction, infinite or NaN, whatever its leaves are."""
    if isinstance(term, Const):
        return not _is_between(term)
    return isinstance(term, Apply) and (
        term.op == "to_float" or (term.op in _KEEP_WHOLE and all(map(is_whole, term.args)))
    )


def _is_between(term: Term) -> TypeGuard[Const]:
    return isinstance(term, Const) and math.isfinite(term.value) and not float(term.value).is_integer()
