"""An operator of one's own with a size that the data decides, of which torch knows only that it is a size."""

from __future__ import annotations

from strategies.constructs.base import Reading
from strategies.constructs.custom import CallsOperator
from strategies.custom_operators import NAMESPACE


class CustomCompress(CallsOperator):
    """The positions of the true entries."""

    name = "custom_compress"
    operator = "compress"
    reading = Reading(f"{NAMESPACE}.compress.default")


CONSTRUCT = CustomCompress()
