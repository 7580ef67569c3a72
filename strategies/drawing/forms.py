"""The table of the forms that a check can take."""

from __future__ import annotations

from strategies.drawing.bits import BITS
from strategies.drawing.flags import FLAGS
from strategies.drawing.floats import FLOATS
from strategies.drawing.logic import LOGIC
from strategies.drawing.quotients import QUOTIENTS
from strategies.drawing.relations import ARITHMETIC, Relation
from strategies.drawing.sums import SUMS

RELATIONS: dict[str, Relation] = {**ARITHMETIC, **QUOTIENTS, **BITS, **LOGIC, **FLOATS, **FLAGS, **SUMS}
"""Every form of check by its name; ``None`` is returned where the scope lacks a leaf that the form needs."""

WEIGHTS = {
    "bound": 2,
    "equality": 3,
    "items": 2,
    "item_and_dim": 2,
    "min_max": 3,
    "scaled": 2,
    "cancelling": 3,
    "long_sum": 5,
}
"""How often a form comes where all are wanted; the forms that are not named come once."""
