"""``u = x.item()`` of a tensor of 32-bit integers, whose values fill a part of what torch allows for."""

from __future__ import annotations

from strategies.constructs.items import ReadsOneElement


class ItemInt32(ReadsOneElement):
    """Torch knows nothing of the narrower range."""

    name = "item_int32"
    dtype = "int32"
    least, most = -(2**31), 2**31 - 1


CONSTRUCT = ItemInt32()
