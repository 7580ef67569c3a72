"""Integer values as polynomials: sums of products of what cannot be taken apart."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

from runtime_assert.operators import COMMUTATIVE, kind_of
from runtime_assert.values import Argument, Value, in_order

# A monomial is a product of values that are no sums or products themselves, sorted by rank.
Monomial = tuple[Value, ...]
Polynomial = dict[Monomial, int]

ONE: Monomial = ()
_PRODUCT_LIMIT = 64


def polynomial(argument: Argument) -> Polynomial:
    """The value as a sum of monomials with integer coefficients. The caller must not change the result."""
    if not isinstance(argument, Value):
        return {ONE: int(argument)} if argument else {}
    if argument.poly is None:
        if argument.symbol is not None:
            argument.poly = {(argument,): 1}
            return argument.poly
        # Sums are not remembered: a chain of a thousand additions would keep a thousand growing sums.
        for value in in_order(argument, _is_known):
            if not _is_sum(value):
                value.poly = _build(value)
        if argument.poly is None:
            return _expand(argument)
    return argument.poly


def _is_known(value: Value) -> bool:
    return value.poly is not None


def _is_sum(value: Value) -> bool:
    return value.symbol is None and value.op in _SUMS and all(kind_of(a) == "int" for a in value.args)


_SUMS = frozenset({"add", "sub", "neg", "sum"})


def _expand(root: Value) -> Polynomial:
    """Open nested sums, each shared one once, by going from the latest value to the earliest."""
    total: Polynomial = {}
    factors: dict[int, int] = {root.rank: 1}
    values, queue = {root.rank: root}, [-root.rank]
    while queue:
        rank = -heappop(queue)
        value, factor = values.pop(rank), factors.pop(rank)
        if value.poly is not None:
            accumulate(total, value.poly, factor)
            continue
        for index, argument in enumerate(value.args):
            sign = -factor if value.op == "neg" or (value.op == "sub" and index == 1) else factor
            if not isinstance(argument, Value):
                accumulate(total, polynomial(argument), sign)
            elif argument.rank in values:
                factors[argument.rank] += sign
            else:
                values[argument.rank], factors[argument.rank] = argument, sign
                heappush(queue, -argument.rank)
    return total


_CHOICES = frozenset({"ite", "min", "max"})


def _build(value: Value) -> Polynomial:
    if value.symbol is not None:
        return {(value,): 1}
    op, args = value.op, value.args
    if op in _CHOICES and value.kind == "int":
        first, second = (polynomial(argument) for argument in args[-2:])
        if first == second:
            return first
    if value.kind != "int":
        return {(atom_of(value),): 1}
    if op == "mul":
        left, right = polynomial(args[0]), polynomial(args[1])
        if len(left) * len(right) <= _PRODUCT_LIMIT:
            return _product(left, right)
    if op == "pow" and isinstance(args[1], int) and 0 <= args[1] <= 4:
        power, base = {ONE: 1}, polynomial(args[0])
        for _ in range(args[1]):
            if len(power) * len(base) > _PRODUCT_LIMIT:
                break
            power = _product(power, base)
        else:
            return power
    return {(atom_of(value),): 1}


def atom_of(value: Value) -> Value:
    """The first value that applies the same operator to arguments of the same normal form."""
    parts: list[Any] = []
    for argument in value.args:
        if kind_of(argument) not in ("int", "bool"):
            parts.append(argument.rank if isinstance(argument, Value) else repr(argument))
            continue
        items = sorted((tuple(v.rank for v in m), c) for m, c in polynomial(argument).items())
        parts.append(tuple(items))
    if value.op in COMMUTATIVE:
        parts.sort(key=repr)
    return value.atoms.setdefault((value.op, *parts), value)


def accumulate(total: dict[Monomial, int], other: dict[Monomial, int], factor: int) -> None:
    """Add `factor * other` to `total` in place."""
    for monomial, coefficient in other.items():
        found = total.get(monomial, 0) + factor * coefficient
        if found:
            total[monomial] = found
        else:
            total.pop(monomial, None)


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for a, x in left.items():
        for b, y in right.items():
            accumulate(total, {tuple(sorted((*a, *b), key=lambda v: v.rank)): x * y}, 1)
    return total
