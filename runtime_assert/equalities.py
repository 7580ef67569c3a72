"""What a set of linear equalities determines: a triangular system over the monomials of normal forms."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from runtime_assert.polynomials import ONE, Monomial
from runtime_assert.values import NEVER

Tag = TypeVar("Tag")


@dataclass(frozen=True, slots=True)
class _Row(Generic[Tag]):
    """What a monomial is equal to; `tag` names the equality, which was reduced by the rows of `parents` before."""

    rest: dict[Monomial, Fraction]
    tag: Tag
    parents: list[Monomial]


class Equalities(Generic[Tag]):
    """Equalities that are known to hold, as a triangular system of linear equations over monomials."""

    def __init__(self) -> None:
        self._rows: dict[Monomial, _Row[Tag]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def reduce(self, poly: dict[Monomial, int]) -> tuple[dict[Monomial, Fraction], list[Tag]]:
        """Eliminate what the equalities determine; also says which of them that takes (their tags): the rows that were
        used, and behind them those by which these had been reduced."""
        rest, pivots = self._eliminate(poly)
        found, queue = set(pivots), pivots
        for pivot in queue:
            for parent in self._rows[pivot].parents:
                if parent not in found:
                    found.add(parent)
                    queue.append(parent)
        return rest, [self._rows[pivot].tag for pivot in queue]

    def _eliminate(self, poly: dict[Monomial, int]) -> tuple[dict[Monomial, Fraction], list[Monomial]]:
        """`poly` without what has a row, and the monomials whose rows were used, the latest first."""
        rest: dict[Monomial, Fraction] = {m: Fraction(c) for m, c in poly.items()}
        used: list[Monomial] = []
        pending = sorted((m for m in rest if m in self._rows), key=_monomial_order)
        while pending:
            pivot = pending.pop()
            coefficient = rest.pop(pivot, None)
            if coefficient is None:
                continue
            used.append(pivot)
            for monomial, part in self._rows[pivot].rest.items():
                found = rest.get(monomial, Fraction(0)) + coefficient * part
                if found:
                    rest[monomial] = found
                    if monomial in self._rows and monomial not in pending:
                        pending.append(monomial)
                else:
                    del rest[monomial]
            pending.sort(key=_monomial_order)
        return rest, used

    def add(self, poly: dict[Monomial, int], tag: Tag) -> bool:
        """Take in `poly == 0`; False if it followed from what was there (or contradicts it)."""
        rest, parents = self._eliminate(poly)
        candidates = [m for m in rest if m != ONE]
        if not candidates:
            return False
        pivot = max(candidates, key=_monomial_order)
        scale = -rest.pop(pivot)
        self._rows[pivot] = _Row({m: c / scale for m, c in rest.items()}, tag, parents)
        return True


def _monomial_order(monomial: Monomial) -> tuple[bool, int, tuple[int, ...]]:
    """Values made at run time are eliminated before inputs, because more is known about inputs."""
    made = any(v.deadline != NEVER for v in monomial)
    return made, max(v.slot for v in monomial), tuple(v.rank for v in monomial)
