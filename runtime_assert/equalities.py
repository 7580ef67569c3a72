"""What a set of linear equalities determines: a triangular system over the monomials of normal forms."""

from __future__ import annotations

from fractions import Fraction

from runtime_assert.polynomials import ONE, Monomial
from runtime_assert.values import NEVER


class Equalities:
    """Equalities that are known to hold, as a triangular system of linear equations over monomials."""

    def __init__(self) -> None:
        self._rows: dict[Monomial, tuple[dict[Monomial, Fraction], object]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def reduce(self, poly: dict[Monomial, int]) -> tuple[dict[Monomial, Fraction], list[object]]:
        """Eliminate what the equalities determine; also says which of them were used (their tags)."""
        rest: dict[Monomial, Fraction] = {m: Fraction(c) for m, c in poly.items()}
        used: list[object] = []
        if not self._rows:
            return rest, used
        pending = sorted((m for m in rest if m in self._rows), key=_monomial_order)
        while pending:
            pivot = pending.pop()
            coefficient = rest.pop(pivot, None)
            if coefficient is None:
                continue
            row, tag = self._rows[pivot]
            used.append(tag)
            for monomial, part in row.items():
                found = rest.get(monomial, Fraction(0)) + coefficient * part
                if found:
                    rest[monomial] = found
                    if monomial in self._rows and monomial not in pending:
                        pending.append(monomial)
                else:
                    rest.pop(monomial, None)
            pending.sort(key=_monomial_order)
        return rest, used

    def add(self, poly: dict[Monomial, int], tag: object) -> bool:
        """Take in `poly == 0`; False if it followed from what was there (or contradicts it)."""
        rest, _ = self.reduce(poly)
        candidates = [m for m in rest if m != ONE]
        if not candidates:
            return False
        pivot = max(candidates, key=_monomial_order)
        scale = -rest.pop(pivot)
        self._rows[pivot] = ({m: c / scale for m, c in rest.items()}, tag)
        return True


def _monomial_order(monomial: Monomial) -> tuple[bool, int, tuple[int, ...]]:
    """Values made at run time are eliminated before inputs, because more is known about inputs."""
    made = any(v.deadline != NEVER for v in monomial)
    return made, max((v.slot for v in monomial), default=-1), tuple(v.rank for v in monomial)
