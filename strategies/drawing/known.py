"""Terms together with their example values, and the small ways of making one from leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from strategies.operators import OPERATORS
from strategies.statement import Scope
from strategies.terms import Apply, Const, Term, Var

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

SCALES = (2, 3, 4, -1, -2, 5, -3)
DIVISORS = (2, 3, 4, 5, -2, -3, 7, -4)


@dataclass(frozen=True, slots=True)
class Known:
    """A term of sort int and its value on the example."""

    term: Term
    value: int


def constant(value: int) -> Known:
    """A literal."""
    return Known(Const(value), value)


def of_leaf(scope: Scope, name: str) -> Known:
    """A leaf and its example value."""
    return Known(Var(name), scope.values[name])


def combine(op: str, *operands: Known) -> Known:
    """The operator applied to the operands, folded from the left if there are more than it takes.

    Raises:
        ZeroDivisionError: if a divisor is 0 on the example.
    """
    value = operands[0].value
    function = OPERATORS[op].python
    if len(operands) == 1:
        value = function(value)
    for operand in operands[1:]:
        value = function(value, operand.value)
    return Known(Apply(op, tuple(operand.term for operand in operands)), value)


def shifted(known: Known, offset: int) -> Known:
    """``known + offset``, written as a person would: ``u0 - 3``, not ``u0 + -3``."""
    if offset == 0:
        return known
    return combine("add" if offset > 0 else "sub", known, constant(abs(offset)))


def any_leaf(chooser: Chooser, scope: Scope) -> Known:
    """A leaf, two times of three or oftener an unbacked one if there is one; needs a leaf in scope."""
    unbacked, backed = scope.unbacked, scope.backed
    repeated = unbacked * (1 + 2 * len(backed) // len(unbacked)) if unbacked else ()
    return of_leaf(scope, chooser.pick(repeated + backed))


def compound(chooser: Chooser, scope: Scope, depth: int = 2) -> Known:
    """Any integer term of at most ``depth`` operators above each other; shrinks to a leaf."""
    choice = chooser.below(9) if depth else 0
    left = any_leaf(chooser, scope) if choice < 2 or depth < 2 else compound(chooser, scope, depth - 1)
    if choice < 2:
        return left
    if choice == 2:
        return shifted(left, chooser.below(21) - 10)
    if choice == 3:
        return combine("mul", left, constant(chooser.pick(SCALES)))
    if choice == 4:
        return combine("floordiv", left, constant(chooser.pick(DIVISORS)))
    if choice == 5:
        return combine("mod", left, constant(chooser.pick(DIVISORS)))
    right = any_leaf(chooser, scope)
    if choice == 6:
        return combine(chooser.pick(("add", "sub")), left, right)
    if choice == 7:
        return combine(chooser.pick(("min", "max")), left, right)
    return combine("mul", left, right) if abs(left.value * right.value) < 2**31 else combine("add", left, right)


def equal_to(scope: Scope, target: Known) -> list[Known]:
    """Terms over leaves that do not occur in ``target`` whose example value is ``target``'s, short ones first."""
    others = [of_leaf(scope, name) for name in scope.integers if Var(name) != target.term]
    return [
        combine(op, *operands)
        for op, operands in _short_forms(others)
        if _PYTHON[op](*(operand.value for operand in operands)) == target.value
    ] + [leaf for leaf in others if leaf.value == target.value]


_PYTHON: dict[str, Callable[..., int]] = {
    "add": lambda *addends: sum(addends),
    "mul": lambda left, right: left * right,
    "sub": lambda left, right: left - right,
}


def _short_forms(leaves: list[Known]) -> Iterator[tuple[str, tuple[Known, ...]]]:
    pairs = list(combinations(leaves, 2))
    for op in ("add", "mul", "sub"):
        yield from ((op, pair) for pair in pairs)
    for leaf in leaves:
        yield from (("mul", (leaf, constant(scale))) for scale in (2, 3))
        yield from (("add", (leaf, constant(offset))) for offset in (1, 2))
        yield from (("sub", (leaf, constant(offset))) for offset in (1, 2))
    yield from (("add", triple) for triple in combinations(leaves[:5], 3))


def reachable_value(chooser: Chooser, scope: Scope) -> int:
    """The example value of a sum, product or multiple of leaves, so that a later equality has two sides."""
    leaf = of_leaf(scope, chooser.pick(scope.integers))
    choice = chooser.below(6)
    if choice == 0:
        return leaf.value
    if choice == 1:
        return 2 * leaf.value
    others = [name for name in scope.integers if Var(name) != leaf.term]
    other = of_leaf(scope, chooser.pick(others)) if others else leaf
    return leaf.value * other.value if choice == 2 else leaf.value + other.value
