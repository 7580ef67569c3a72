"""``torch.unique_consecutive(vector)``: one element for each run of equal ones."""

from __future__ import annotations

from strategies.constructs.base import Reading
from strategies.constructs.unique import Unique


class UniqueConsecutive(Unique):
    """Of a vector without decreases, as ours, runs and different values are as many."""

    name = function = "unique_consecutive"
    reading = Reading("aten.unique_consecutive.default", (0, "size", 0), bounded=True)


CONSTRUCT = UniqueConsecutive()
