"""``torch.unique(vector)``: as many elements as the vector has different ones."""

from __future__ import annotations

from collections.abc import Sequence

from strategies.constructs.base import Reading
from strategies.constructs.vectors import MeasuresVector
from strategies.terms import Term, Var, apply


class Unique(MeasuresVector):
    """At least one value if there is any, at most one for each element."""

    name = function = "unique"
    reading = Reading("aten._unique2.default", (0, "size", 0), bounded=True)

    def bounds(self, leaf: Var, length: Term) -> tuple[Term, ...]:
        return apply("ge", leaf, apply("min", length, 1)), apply("le", leaf, length)

    def elements(self, length: int, result: int) -> Sequence[int]:
        return [index * result // length for index in range(length)]


CONSTRUCT = Unique()
