"""Arithmetic of intervals of integers: where the result of each operator lies if its operands lie in theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from strategies.operators import OPERATORS, sort_of
from strategies.terms import Const, Term, Var

Interval: TypeAlias = tuple[int | None, int | None]
"""The least and the greatest value; None where there is no bound."""
EVERYTHING: Interval = (None, None)


def interval_of(term: Term, box: Mapping[str, Interval]) -> Interval:
    """Where the values of ``term`` lie if those of its leaves lie in ``box``."""
    if isinstance(term, Const):
        return (int(term.value), int(term.value)) if isinstance(term.value, int) else EVERYTHING
    if isinstance(term, Var):
        return box.get(term.name, EVERYTHING)
    found = _OF_OPERATOR.get(term.op)
    if found is None or any(sort_of(arg) != "int" for arg in term.args):
        return EVERYTHING
    parts = [interval_of(arg, box) for arg in term.args]
    result = found(*parts[: len(OPERATORS[term.op].sorts)])
    for part in parts[len(OPERATORS[term.op].sorts) :]:
        result = found(result, part)
    return result


def _add(a: Interval, b: Interval) -> Interval:
    low = None if a[0] is None or b[0] is None else a[0] + b[0]
    high = None if a[1] is None or b[1] is None else a[1] + b[1]
    return low, high


def _neg(a: Interval) -> Interval:
    return (None if a[1] is None else -a[1]), (None if a[0] is None else -a[0])


def scaled(a: Interval, factor: int) -> Interval:
    """What ``factor`` times a value of ``a`` may be."""
    if factor == 0:
        return 0, 0
    low, high = a if factor > 0 else (a[1], a[0])
    return (None if low is None else low * factor), (None if high is None else high * factor)


def _mul(a: Interval, b: Interval) -> Interval:
    if None in a or None in b:
        nonnegative = all(part[0] is not None and part[0] >= 0 for part in (a, b))
        return (a[0] or 0) * (b[0] or 0) if nonnegative else None, None
    products = [left * right for left in a for right in b]  # type: ignore[operator]
    return min(products), max(products)


def _floordiv(a: Interval, b: Interval) -> Interval:
    if None in b or (b[0] <= 0 <= b[1]):  # type: ignore[operator]
        if a[0] is not None and a[0] >= 0 and b[0] is not None and b[0] >= 0:
            return 0, a[1]
        # Where it is defined, no quotient is larger than what is divided.
        return EVERYTHING if None in a else (-max(map(abs, a)), max(map(abs, a)))  # type: ignore[arg-type]
    if b[1] < 0:  # type: ignore[operator]
        a, b = _neg(a), _neg(b)
    low = None if a[0] is None else min(a[0] // divisor for divisor in b)  # type: ignore[operator]
    high = None if a[1] is None else max(a[1] // divisor for divisor in b)  # type: ignore[operator]
    return low, high


def _mod(a: Interval, b: Interval) -> Interval:
    if None in b:
        if a[0] is not None and a[0] >= 0 and b[0] is not None and b[0] >= 0:
            return 0, a[1]
        return EVERYTHING
    low, high = b
    if low == high and low and None not in a and a[0] // low == a[1] // low:  # type: ignore[operator]
        ends = sorted((a[0] % low, a[1] % low))  # type: ignore[operator]
        return ends[0], ends[1]
    return min(0, low + 1), max(0, high - 1)  # type: ignore[operator]


def _abs(a: Interval) -> Interval:
    low, high = a
    if low is not None and low >= 0:
        return a
    if high is not None and high <= 0:
        return _neg(a)
    return 0, None if low is None or high is None else max(-low, high)


def _min(a: Interval, b: Interval) -> Interval:
    low = None if a[0] is None or b[0] is None else min(a[0], b[0])
    highs = [high for high in (a[1], b[1]) if high is not None]
    return low, min(highs, default=None)


def _max(a: Interval, b: Interval) -> Interval:
    high = None if a[1] is None or b[1] is None else max(a[1], b[1])
    lows = [low for low in (a[0], b[0]) if low is not None]
    return max(lows, default=None), high


def _bitand(a: Interval, b: Interval) -> Interval:
    tops = [part[1] for part in (a, b) if part[0] is not None and part[0] >= 0 and part[1] is not None]
    if any(part[0] is not None and part[0] >= 0 for part in (a, b)):
        return 0, min(tops, default=None)
    return EVERYTHING


def _bitor(a: Interval, b: Interval) -> Interval:
    if any(part[0] is None or part[0] < 0 or part[1] is None for part in (a, b)):
        return EVERYTHING
    return 0, (1 << max(a[1].bit_length(), b[1].bit_length())) - 1  # type: ignore[union-attr]


_OF_OPERATOR = {
    "add": _add,
    "sub": lambda a, b: _add(a, _neg(b)),
    "neg": _neg,
    "mul": _mul,
    "floordiv": _floordiv,
    "mod": _mod,
    "abs": _abs,
    "min": _min,
    "max": _max,
    "bitand": _bitand,
    "bitor": _bitor,
    "bitxor": _bitor,
}


def both(a: Interval, b: Interval) -> Interval:
    """What lies in ``a`` and in ``b``; its ends cross where nothing does."""
    lows = [low for low in (a[0], b[0]) if low is not None]
    highs = [high for high in (a[1], b[1]) if high is not None]
    return max(lows, default=None), min(highs, default=None)


def within(a: Interval, low: int, high: int) -> bool:
    """Whether ``a`` is known to lie from ``low`` to ``high``."""
    return a[0] is not None and a[1] is not None and low <= a[0] and a[1] <= high
