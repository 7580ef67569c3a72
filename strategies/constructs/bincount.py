"""``torch.bincount(vector)``: one more element than the largest number in the vector."""

from __future__ import annotations

from collections.abc import Sequence

from strategies.constructs.base import Reading
from strategies.constructs.vectors import MeasuresVector
from strategies.terms import Term, Var, apply


class Bincount(MeasuresVector):
    """Without numbers the result is empty; otherwise it has an element for 0 at least."""

    name = function = "bincount"
    reading = Reading("aten.bincount.default")

    def bounds(self, leaf: Var, length: Term) -> tuple[Term, ...]:
        empty = apply("eq", leaf, 0)
        return apply("ge", leaf, apply("min", length, 1)), apply("or", apply("ge", length, 1), empty)

    def elements(self, length: int, result: int) -> Sequence[int]:
        return [result - 1 - index % result for index in range(length)]


CONSTRUCT = Bincount()
