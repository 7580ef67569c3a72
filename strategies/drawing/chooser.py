"""The source of choices that the constructs grow with: small draws that shrink to the first alternative."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from strategies.drawing.flags import FLAGS
from strategies.drawing.floats import FLOATS
from strategies.drawing.forms import RELATIONS
from strategies.drawing.known import reachable_value
from strategies.evaluate import evaluate, holds
from strategies.operators.comparison import opposite
from strategies.statement import Scope, Statement
from strategies.terms import Const, Term, Value, Var, apply

T = TypeVar("T")

BELOW = tuple(st.integers(0, size - 1) for size in range(1, 129))
_ODD_VALUES = (-1, -3, 100, -8, 1000, 2**31, -(2**31) - 1, 2**62, -(2**63), 2**63 - 1)
LARGEST_SIZE, LARGEST_NUMEL = 64, 512


class Chooser:
    """Draws from Hypothesis. ``checks`` are the names of the forms that :meth:`condition` may take.

    ``used`` collects the names of the forms taken, for statistics.
    """

    def __init__(self, draw: Callable[[Any], Any], checks: Sequence[str]) -> None:
        self._draw = draw
        self._checks = checks
        self.used: list[str] = []

    def below(self, count: int) -> int:
        """An int in ``range(count)``, ``1 <= count <= 128``; shrinks to 0."""
        return self._draw(BELOW[count - 1])

    def flag(self, times: int) -> bool:
        """True one time in ``times``; shrinks to False."""
        return self.below(times) == times - 1

    def often(self, times: int) -> bool:
        """False one time in ``times``; shrinks to False. For loops of the form flag, then element."""
        return self.below(times) != 0

    def pick(self, alternatives: Sequence[T]) -> T:
        """One of ``alternatives`` (1 to 128 of them count); shrinks to the first."""
        return alternatives[self.below(min(len(alternatives), 128))]

    def check(self, condition: Term) -> Statement:
        """A check statement that a construct needs in front of it."""
        return Statement("check", (("cond", condition),))

    def nonnegative(self, scope: Scope, *terms: Term) -> tuple[Statement, ...]:
        """The checks without which the scope does not know that ``terms`` are not negative."""
        return tuple(self.check(apply("ge", term, 0)) for term in terms if not scope.is_nonnegative(term))

    def condition(self, scope: Scope) -> Term | None:
        """A condition over the leaves in scope that is true of their example values; ``None`` without a leaf."""
        if not self._checks or not (scope.integers or scope.floats or scope.flags):
            return None
        first = self.below(len(self._checks))
        for name in (*self._checks[first:], *self._checks[:first]):
            if not (scope.integers or name in FLOATS or name in FLAGS):
                continue
            condition = RELATIONS[name](self, scope)
            if condition is not None:
                self.used.append(name)
                # In a branch that the example does not take a check may be false, and contradict another one.
                untaken = scope.given and not all(holds(given, scope.values) for given in scope.given)
                return opposite(condition) if untaken and self.flag(4) else condition
        return None

    def item_value(self, scope: Scope) -> int:
        """The element of an ``item()``: small, or reachable by a sum or product of leaves, or at an edge of int64."""
        choice = self.below(64)
        if choice < 26 or (not scope.integers and choice < 58):
            return choice % 13
        if choice < 58:
            return max(-(2**63), min(reachable_value(self, scope), 2**63 - 1))
        return self.pick(_ODD_VALUES)

    def scalar_value(self, scope: Scope) -> Value:
        """What an input that is a number is on the example: mostly a small integer, seldom a float or a truth value."""
        # The ends of a range are drawn too often for what should be seldom, so that these stand within.
        choice = self.below(24)
        if choice == 17:
            return self.pick((2.5, 0.0, -1.5, 7.0, 0.25))
        if choice == 15:
            return self.flag(2)
        if choice == 13:
            return self.pick(_ODD_VALUES)
        return -1 - self.below(8) if choice in (9, 19) else choice % 11

    def count(self, scope: Scope, elements: int) -> int:
        """A number of true entries among ``elements``."""
        return self.below(min(elements, 15) + 1)

    def tensors(self, scope: Scope) -> list[str]:
        """The tensors that have dimensions, and not so many elements that what is made of them gets too large."""
        return [
            name
            for name, tensor in scope.tensors.items()
            if name not in scope.hidden and tensor.shape and _numel(tensor.shape, scope) <= LARGEST_NUMEL
        ]

    def at_most(self, scope: Scope, limit: int) -> Term:
        """A size between 0 and ``limit``: a leaf whose example value fits if there is one, or a constant."""
        fitting = self._fitting(scope, 0, limit)
        if fitting and not self.flag(4):
            return Var(self.pick(fitting))
        return Const(self.below(min(limit, 9) + 1))

    def size(self, scope: Scope) -> Term:
        """A size of at most 200 on the example: an unbacked leaf, or a sum, multiple or difference with one."""
        leaves = self._fitting(scope, 0, LARGEST_SIZE)
        if not leaves:
            return Const(self.below(9))
        name = self.pick(leaves)
        choice = self.below(8)
        if choice < 4:
            return Var(name)
        if choice == 4:
            return apply("add", name, 1 + self.below(3))
        if choice == 5:
            return apply("mul", name, 2 + self.below(2))
        if choice == 6:
            return apply("add", name, self.pick(leaves))
        above = [other for other in self._fitting(scope, scope.values[name], LARGEST_SIZE) if other != name]
        return apply("sub", self.pick(above), name) if above else Var(name)

    def _fitting(self, scope: Scope, least: int, most: int) -> list[str]:
        """The leaves, unbacked ones first, whose example value is within the bounds."""
        return [name for name in (*scope.unbacked, *scope.backed) if least <= scope.values[name] <= most]

    def small_size(self, scope: Scope) -> Term:
        """A size of at most 8 on the example: a constant or a leaf."""
        return self.at_most(scope, 8)


def _numel(shape: Sequence[Term], scope: Scope) -> int:
    elements = 1
    for size in shape:
        elements *= int(evaluate(size, scope.values))
    return elements
