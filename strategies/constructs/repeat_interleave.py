"""``torch.repeat_interleave(repeats)``: as many elements as the repeats add up to."""

from __future__ import annotations

from collections.abc import Sequence

from strategies.constructs.base import Reading
from strategies.constructs.vectors import MeasuresVector
from strategies.terms import Term, Var, apply


class RepeatInterleave(MeasuresVector):
    """Any sum that is not negative comes out of any number of repeats but none."""

    name = function = "repeat_interleave"
    reading = Reading("aten.repeat_interleave.Tensor")

    def bounds(self, leaf: Var, length: Term) -> tuple[Term, ...]:
        return apply("ge", leaf, 0), apply("or", apply("ge", length, 1), apply("eq", leaf, 0))

    def elements(self, length: int, result: int) -> Sequence[int]:
        return [(index + 1) * result // length - index * result // length for index in range(length)]


CONSTRUCT = RepeatInterleave()
