"""Proven bounds of integer leaves: what conditions say about ranges, found by propagating intervals.

A bound that is found here holds in every solution. That some bound is not found means nothing. With the bounds at hand
many conditions are seen to hold always, or never, and what is left for a solver is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isqrt

from properties.solver.intervals import EVERYTHING, Interval, both, interval_of, scaled, within
from properties.solver.normal import comparison
from strategies.operators import OPERATORS
from strategies.operators.comparison import NEGATION
from strategies.operators.conversion import BEYOND
from strategies.operators.row import always
from strategies.terms import FALSE, TRUE, Apply, Const, Term, Var, conjuncts

_ROUNDS = 8
"""Intervals that get narrower by one with each round are left as they are after so many."""


class Contradiction(Exception):
    """No values satisfy the conditions."""


@dataclass
class Box:
    """The interval of each integer leaf, narrowed by one condition after the other."""

    intervals: dict[str, Interval] = field(default_factory=dict)

    def of(self, term: Term) -> Interval:
        """Bounds of an integer term."""
        return interval_of(term, self.intervals)

    def narrow(self, condition: Term) -> None:
        """Takes into account that ``condition`` is defined and true.

        Raises:
            Contradiction: if it cannot be.
        """
        if isinstance(condition, Const):
            if not condition.value:
                raise Contradiction
            return
        if not isinstance(condition, Apply):
            return
        op, args = condition.op, condition.args
        if op == "and":
            for arg in args:
                self.narrow(arg)
        elif op == "or":
            self._either(args)
        elif op == "not" and isinstance(args[0], Apply):
            inner = args[0]
            if inner.op in NEGATION:
                self.narrow(Apply(NEGATION[inner.op], inner.args))
            elif inner.op == "not":
                self.narrow(inner.args[0])
            elif inner.op in ("and", "or"):
                negated = tuple(Apply("not", (arg,)) for arg in inner.args)
                self.narrow(Apply("or" if inner.op == "and" else "and", negated))
        elif op in NEGATION:
            self._compare(condition)

    def _either(self, options: Sequence[Term]) -> None:
        boxes: list[dict[str, Interval]] = []
        for option in options:
            trial = Box(dict(self.intervals))
            try:
                trial.narrow(option)
            except Contradiction:
                continue
            boxes.append(trial.intervals)
        if not boxes:
            raise Contradiction
        for name in set.intersection(*(set(box) for box in boxes)):
            lows, highs = zip(*(box[name] for box in boxes), strict=True)
            self.intervals[name] = (
                None if None in lows else min(lows),
                None if None in highs else max(highs),
            )

    def _compare(self, condition: Apply) -> None:
        op, coefficients, constant = comparison(condition)
        if not coefficients:
            if not {"le": constant <= 0, "eq": constant == 0, "ne": constant != 0}[op]:
                raise Contradiction
            return
        parts = [(atom, factor) for atom, factor in coefficients if factor]
        if len(parts) == 1 and op != "le":
            # Of a number that is known, also those operators can be taken back that order says nothing of.
            ((atom, factor),) = parts
            # Common factors are divided out, but for a remainder: a multiple is never such a number.
            if factor == 1 and op == "eq":
                self.restrict(atom, (-constant, -constant))
            elif factor == 1:
                self._differs(atom, -constant)
            elif op == "eq":
                raise Contradiction
        elif op != "ne":
            self._at_most(parts, -constant)
            if op == "eq":
                self._at_most([(atom, -factor) for atom, factor in parts], constant)

    def _at_most(self, parts: Sequence[tuple[Term, int]], most: int) -> None:
        """The sum of ``parts`` is at most ``most``, so each is at most what the least values of the others leave."""
        least = [scaled(self.of(atom), factor)[0] for atom, factor in parts]
        open_ones = [index for index, low in enumerate(least) if low is None]
        if len(open_ones) > 1:
            return
        total = sum(low for low in least if low is not None)
        for index in open_ones or range(len(parts)):
            atom, factor = parts[index]
            room = most - (total - (least[index] or 0))
            self.restrict(atom, (None, room // factor) if factor > 0 else (-(room // -factor), None))

    def _differs(self, atom: Term, value: int) -> None:
        low, high = self.of(atom)
        if low == high == value:
            raise Contradiction
        if low == value:
            self.restrict(atom, (value + 1, None))
        elif high == value:
            self.restrict(atom, (None, value - 1))

    def restrict(self, term: Term, to: Interval) -> None:
        """Takes into account that ``term`` lies in ``to``.

        Raises:
            Contradiction: if it cannot.
        """
        known = self.of(term)
        wanted = both(known, to)
        if wanted[0] is not None and wanted[1] is not None and wanted[0] > wanted[1]:
            raise Contradiction
        if wanted == known:
            return
        low, high = wanted
        if isinstance(term, Var):
            self.intervals[term.name] = wanted
        elif isinstance(term, Apply):
            for part, bounds in _inverse(term, low, high):
                self._restrict_sum(part, bounds)

    def _restrict_sum(self, term: Term, to: Interval) -> None:
        if isinstance(term, Var):
            self.restrict(term, to)
            return
        for op, edge in zip(("ge", "le"), to, strict=True):
            if edge is not None:
                self.narrow(Apply(op, (term, Const(edge))))

    def total(self, term: Term) -> bool:
        """Whether ``term`` has a value for all values within the box, as far as can be seen."""
        if not isinstance(term, Apply):
            return True
        if not all(self.total(arg) for arg in term.args):
            return False
        row = OPERATORS[term.op]
        if row.defined is always:
            return True
        last = term.args[-1]
        if term.op in ("floordiv", "mod"):
            return self._lacks_zero(last)
        if term.op == "to_float":
            return within(self.of(last), 1 - BEYOND, BEYOND - 1)
        if term.op == "int_div":
            return self._lacks_zero(last) and within(self.of(term.args[0]), 1 - BEYOND, BEYOND - 1)
        if term.op == "pow":
            return within(self.of(last), 0, 16) and within(self.of(term.args[0]), -(2**64), 2**64)
        if term.op in ("lshift", "rshift"):
            return within(self.of(last), 0, 1 << 16)
        return isinstance(last, Const) and bool(last.value) and term.op in ("float_div", "float_mod", "float_floordiv")

    def _lacks_zero(self, term: Term) -> bool:
        low, high = self.of(term)
        return (low is not None and low > 0) or (high is not None and high < 0)

    def simplified(self, condition: Term) -> Term:
        """What ``condition`` comes to within the box; where it is undefined, so is the result."""
        if not isinstance(condition, Apply):
            return condition
        op = condition.op
        if op in NEGATION:
            truth = self._truth(condition)
            return condition if truth is None or not self.total(condition) else Const(truth)
        if op == "not":
            (inner,) = map(self.simplified, condition.args)
            return Const(not inner.value) if isinstance(inner, Const) else Apply("not", (inner,))
        if op in ("and", "or"):
            ends = op == "or"
            parts: list[Term] = []
            for arg in condition.args:
                part = self.simplified(arg)
                if part == Const(ends) and all(map(self.total, condition.args)):
                    return part
                if part != Const(not ends):
                    parts.append(part)
            unique = tuple(dict.fromkeys(parts))
            return Const(not ends) if not unique else unique[0] if len(unique) == 1 else Apply(op, unique)
        return condition

    def _truth(self, condition: Apply) -> bool | None:
        op, coefficients, constant = comparison(condition)
        low: int | None = constant
        high: int | None = constant
        for atom, factor in coefficients:
            least, greatest = scaled(self.of(atom), factor)
            low = None if low is None or least is None else low + least
            high = None if high is None or greatest is None else high + greatest
        if op == "le":
            return True if high is not None and high <= 0 else False if low is not None and low > 0 else None
        apart = (low is not None and low > 0) or (high is not None and high < 0)
        if apart:
            return op == "ne"
        return op == "eq" if low == high == 0 else None

    def as_terms(self) -> tuple[Term, ...]:
        """The box as conditions."""
        found: list[Term] = []
        for name, (low, high) in self.intervals.items():
            if low is not None:
                found.append(Apply("ge", (Var(name), Const(low))))
            if high is not None:
                found.append(Apply("le", (Var(name), Const(high))))
        return tuple(found)


def box_of(hold: Iterable[Term]) -> Box:
    """The bounds that follow from ``hold``.

    Raises:
        Contradiction: if no values satisfy it.
    """
    conditions = tuple(dict.fromkeys(part for term in hold for part in conjuncts(term)))
    box = Box()
    for _ in range(_ROUNDS):
        before = dict(box.intervals)
        for condition in conditions:
            box.narrow(condition)
        if box.intervals == before:
            break
    return box


def _inverse(term: Apply, low: int | None, high: int | None) -> Iterable[tuple[Term, Interval]]:
    """What it means for the operands that ``term`` lies between ``low`` and ``high``."""
    op, args = term.op, term.args
    if op == "min" and low is not None:
        yield from ((arg, (low, None)) for arg in args)
    elif op == "max" and high is not None:
        yield from ((arg, (None, high)) for arg in args)
    elif op == "abs" and high is not None:
        yield args[0], (-high, high)
    elif op == "mul" and len(args) == 2 and args[0] == args[1] and high is not None and high >= 0:
        yield args[0], (-isqrt(high), isqrt(high))
    elif op == "bitxor" and low is not None and low == high:
        # A number that is known but for the bits that a constant turns.
        (constant, other) = args if isinstance(args[0], Const) else args[::-1]
        if isinstance(constant, Const):
            value = low ^ int(constant.value)
            yield other, (value, value)
    elif op == "floordiv" and isinstance(args[1], Const) and args[1].value:
        divisor = int(args[1].value)
        if divisor > 0:
            yield (
                args[0],
                (
                    None if low is None else low * divisor,
                    None if high is None else high * divisor + divisor - 1,
                ),
            )
        else:
            yield (
                args[0],
                (
                    None if high is None else (high + 1) * divisor + 1,
                    None if low is None else low * divisor,
                ),
            )


__all__ = ["EVERYTHING", "FALSE", "TRUE", "Box", "Contradiction", "Interval", "box_of"]
