"""Conditions on one leaf as ranges of it: exact, since they are found by evaluating, not by reasoning.

``sqrt(float(u0)) >= 2.236`` holds from some value of u0 on, for every step of it is monotone, rounding included. Which
value that is bisection finds. A solver is then asked of ``u0 >= 5``, and need not know what a square root is. Doubles
are bisected by their place in the order of all doubles.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from properties.solver.bounds import Box
from properties.solver.normal import linear
from strategies.evaluate import evaluate
from strategies.operators import OPERATORS, sort_of
from strategies.operators.comparison import relation
from strategies.terms import FALSE, TRUE, Apply, Const, Sort, Term, Undefined, Var, leaves_of

_MOST_RANGES = 6
"""A condition that holds on more ranges than these is left as it is."""
_GREATEST = struct.unpack("<q", struct.pack("<d", math.inf))[0]
"""The place of infinity among the doubles."""

Piece: TypeAlias = tuple[int, int, int | None]
"""From one place to another, and how the term goes there: 1 it does not fall, -1 it does not rise, 0 it stays the same,
None it has no value."""


class _NotMonotone(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Region:
    """Where a condition is true, and where it has a value: conditions on its leaf."""

    true: Term
    defined: Term


def without_functions(condition: Term, box: Box) -> Term:
    """``condition`` with what it says about single leaves by way of functions put as bounds on the leaves.

    Holds for the same values as before, within ``box``.
    """
    demands: list[Term] = []
    value = _rewritten(condition, box, demands)
    parts = tuple(dict.fromkeys((*demands, value)))
    return parts[0] if len(parts) == 1 else Apply("and", parts)


def _rewritten(condition: Term, box: Box, demands: list[Term]) -> Term:
    if not isinstance(condition, Apply):
        return condition
    if condition.op in ("and", "or", "not"):
        return Apply(condition.op, tuple(_rewritten(arg, box, demands) for arg in condition.args))
    leaves = leaves_of(condition)
    if len(leaves) != 1 or not relation(condition.op) or is_plain(condition):
        return condition
    ((name, sort),) = leaves.items()
    low, high = box.intervals.get(name, (None, None))
    if sort != "float" and (low is None or high is None):
        return condition
    found = region(condition, name, sort, low or 0, high or 0)
    if found is None:
        return condition
    if found.defined != TRUE:
        demands.append(found.defined)
    return found.true


def is_plain(condition: Apply) -> bool:
    """Whether ``condition`` compares without any function but sums of integers and products by constants."""
    if relation(condition.op) != condition.op:
        return all(isinstance(arg, (Var, Const)) for arg in condition.args)
    return all(isinstance(atom, Var) for side in condition.args for atom, _ in linear(side)[0])


@lru_cache(maxsize=2048)
def region(condition: Apply, name: str, sort: Sort, low: int, high: int) -> Region | None:
    """Where ``condition`` holds for its only leaf, an int between ``low`` and ``high``, or any double.

    None if it is not seen to be monotone piece by piece.
    """
    leaf = _Leaf(name, sort)
    if sort == "float":
        low, high = 1 - _GREATEST, _GREATEST - 1
    try:
        pieces = list(leaf.zones(condition, low, high))
    except _NotMonotone:
        return None
    at_nan = None
    if sort == "float":
        # The infinities by themselves: what goes on in between says nothing of them.
        ends = [(place, place, leaf.truth(condition, place)) for place in (-_GREATEST, _GREATEST)]
        pieces = [ends[0], *pieces, ends[1]]
        at_nan = _truth(condition, {name: math.nan})
    zones = [*pieces, (0, 0, at_nan)]
    true, defined = leaf.where(zones, (True,)), leaf.where(zones, (True, False))
    return None if true is None or defined is None else Region(true, defined)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The leaf of a condition, whose values are counted: an int by itself, a double by its place among doubles."""

    name: str
    sort: Sort

    @property
    def term(self) -> Var:
        return Var(self.name, self.sort)

    def value(self, place: int) -> int | float:
        return place if self.sort == "int" else _double(place)

    def at(self, term: Term, place: int) -> int | float:
        return evaluate(term, {self.name: self.value(place)})

    def truth(self, condition: Term, place: int) -> bool | None:
        return _truth(condition, {self.name: self.value(place)})

    def zones(self, condition: Apply, low: int, high: int) -> Iterator[tuple[int, int, bool | None]]:
        """Ranges on which ``condition`` is true, false, or (None) without a value."""
        left, right = condition.args
        below, at_most = _compared("lt", condition), _compared("le", condition)
        for first, last, way in self.both(left, right, low, high):
            if way is None:
                yield first, last, None
                continue
            _together(way[0], -way[1])
            for start, end in self.split(first, last, lambda place: self.truth(below, place)):
                for begin, stop in self.split(start, end, lambda place: self.truth(at_most, place)):
                    yield begin, stop, self.truth(condition, begin)

    def both(self, left: Term, right: Term, low: int, high: int) -> Iterator[tuple[int, int, tuple[int, int] | None]]:
        """The pieces of two terms side by side."""
        for first, last, way in self.pieces(left, low, high):
            if way is None:
                yield first, last, None
                continue
            for start, end, other in self.pieces(right, first, last):
                yield start, end, None if other is None else (way, other)

    def pieces(self, term: Term, low: int, high: int) -> Iterator[Piece]:
        """Ranges on each of which ``term`` goes one way only.

        Raises:
            _NotMonotone: if that is not seen.
        """
        if isinstance(term, Const):
            yield low, high, 0
        elif isinstance(term, Var):
            yield low, high, 1
        elif len(term.args) == 1:
            yield from self._unary(term, low, high)
        elif len(term.args) == 2:
            yield from self._binary(term, low, high)
        else:
            width = len(OPERATORS[term.op].sorts)
            yield from self.pieces(Apply(term.op, (Apply(term.op, term.args[:width]), *term.args[width:])), low, high)

    def _unary(self, term: Apply, low: int, high: int) -> Iterator[Piece]:
        (arg,) = term.args
        if term.op not in _UNARY:
            raise _NotMonotone
        for first, last, way in self.pieces(arg, low, high):
            if way is None:
                yield first, last, None
                continue
            for start, end in self.by_sign(arg, first, last):
                falls = term.op in ("neg", "float_neg") or (term.op in _SIZES and self._sign(arg, start) == -1)
                for begin, stop in self.split(start, end, lambda place: self._has_value(term, place)):
                    found = -way if falls else way
                    yield begin, stop, found if self._has_value(term, begin) else None

    def _binary(self, term: Apply, low: int, high: int) -> Iterator[Piece]:
        left, right = term.args
        if term.op not in _COMBINED:
            raise _NotMonotone
        if term.op in _BY_CONSTANT and not isinstance(right, Const):
            raise _NotMonotone
        for first, last, ways in self.both(left, right, low, high):
            if ways is None:
                yield first, last, None
                continue
            for a_first, a_last in self.by_sign(left, first, last):
                for start, end in self.by_sign(right, a_first, a_last):
                    self._stay_finite(term, start, end)
                    signs = (self._sign(left, start), self._sign(right, start))
                    way = _COMBINED[term.op](ways, signs, term)
                    # On one side of zero what has no value lies at one end.
                    for begin, stop in self.split(start, end, lambda place: self._has_value(term, place)):
                        yield begin, stop, way if self._has_value(term, begin) else None

    def _stay_finite(self, term: Apply, low: int, high: int) -> None:
        """Infinities in the middle of a computation make NaNs of it, for which no order holds."""
        if "float" not in (sort_of(arg) for arg in term.args):
            return
        for arg in term.args:
            if not all(math.isfinite(self.at(arg, place)) for place in (low, high)):
                raise _NotMonotone

    def by_sign(self, term: Term, low: int, high: int) -> Iterator[tuple[int, int]]:
        """The parts of a range on which a monotone ``term`` is negative, and is not."""
        return self.split(low, high, lambda place: self.at(term, place) < 0)

    def _sign(self, term: Term, place: int) -> int:
        return -1 if self.at(term, place) < 0 else 1

    def split(self, low: int, high: int, test: Callable[[int], bool | None]) -> Iterator[tuple[int, int]]:
        """``low`` to ``high`` cut where ``test``, which changes once at most, changes."""
        before = test(low)
        if low == high or test(high) == before:
            yield low, high
            return
        start, end = low, high
        while end - start > 1:
            middle = (start + end) // 2
            if test(middle) == before:
                start = middle
            else:
                end = middle
        yield low, start
        yield end, high

    def _has_value(self, term: Term, place: int) -> bool:
        try:
            self.at(term, place)
        except Undefined:
            return False
        return True

    def where(self, zones: Sequence[tuple[int, int, bool | None]], wanted: Collection[bool | None]) -> Term | None:
        """That the leaf lies in one of the ``zones`` that are ``wanted``, or is a NaN at which the last one is.

        None if those are too many ranges.
        """
        ranges: list[tuple[int, int]] = []
        *numbers, (_, _, at_nan) = zones
        for low, high, truth in numbers:
            if truth in wanted:
                start = ranges.pop()[0] if ranges and ranges[-1][1] + 1 == low else low
                ranges.append((start, high))
        if len(ranges) > _MOST_RANGES:
            return None
        not_a_number = Apply("float_ne", (self.term, self.term))
        if ranges == [(numbers[0][0], numbers[-1][1])]:
            return TRUE if self.sort == "int" or at_nan in wanted else Apply("not", (not_a_number,))
        options = [self._between(low, high) for low, high in ranges]
        return _either([*options, not_a_number] if self.sort == "float" and at_nan in wanted else options)

    def _between(self, low: int, high: int) -> Term:
        ge, le = ("ge", "le") if self.sort == "int" else ("float_ge", "float_le")
        lower = Apply(ge, (self.term, Const(self.value(low))))
        upper = Apply(le, (self.term, Const(self.value(high))))
        return Apply("and", (lower, upper))


def _truth(condition: Term, values: dict[str, int | float]) -> bool | None:
    try:
        return bool(evaluate(condition, values))
    except Undefined:
        return None


def _compared(bare: str, condition: Apply) -> Apply:
    """The operands of a comparison under another relation."""
    own = relation(condition.op)
    return Apply(condition.op.removesuffix(own) + bare, condition.args)


def _either(options: Sequence[Term]) -> Term:
    parts = [option for option in options if option != FALSE]
    if TRUE in parts:
        return TRUE
    return FALSE if not parts else parts[0] if len(parts) == 1 else Apply("or", tuple(parts))


def _double(place: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<q", abs(place)))[0]
    return -value if place < 0 else value


def _together(one: int, other: int) -> int:
    """The way of a sum whose parts go these ways."""
    if one * other < 0:
        raise _NotMonotone
    return one or other


def _product(ways: tuple[int, int], signs: tuple[int, int], *_: Apply) -> int:
    first, second = (way * sign for way, sign in zip(ways, signs, strict=True))
    return _together(first, second) * signs[0] * signs[1]


def _quotient(ways: tuple[int, int], signs: tuple[int, int], *_: Apply) -> int:
    return _product((ways[0], -ways[1]), signs)


def _power(ways: tuple[int, int], signs: tuple[int, int], term: Apply) -> int:
    exponent = term.args[1]
    assert isinstance(exponent, Const)
    if term.op == "float_pow" and exponent.value not in _EXPONENTS:
        raise _NotMonotone
    return ways[0] * signs[0] if exponent.value % 2 == 0 else ways[0]


def _as_left(ways: tuple[int, int], *_: object) -> int:
    return ways[0]


_UNARY = frozenset(
    {"neg", "abs", "to_float", "float_neg", "float_abs", "float_sqrt", "trunc", "floor", "ceil", "round"}
)
_SIZES = frozenset({"abs", "float_abs"})
_COMBINED: dict[str, Callable[[tuple[int, int], tuple[int, int], Apply], int]] = {
    **dict.fromkeys(("add", "float_add", "min", "max", "float_min", "float_max"), lambda ways, *_: _together(*ways)),
    **dict.fromkeys(("sub", "float_sub"), lambda ways, *_: _together(ways[0], -ways[1])),
    **dict.fromkeys(("mul", "float_mul"), _product),
    **dict.fromkeys(("floordiv", "int_div", "float_div"), _quotient),
    **dict.fromkeys(("lshift", "rshift", "round_digits"), _as_left),
    **dict.fromkeys(("pow", "float_pow"), _power),
}
"""How operators go, by the ways and the signs of their operands: rounding never turns an order around."""
_BY_CONSTANT = frozenset({"lshift", "rshift", "round_digits", "pow", "float_pow"})
_EXPONENTS = range(2, 64)
"""Powers of doubles with these go one way on each side of zero.

Neighbours x < y differ by 2**-53 of themselves at least, so their powers by one unit in the last place at least. The C
libraries' ``pow`` errs by less than one (Gladman et al., "Accuracy of Mathematical Functions in Single, Double,
Extended Double and Quadruple Precision"): between two results in the wrong order less than one unit would lie.
"""
