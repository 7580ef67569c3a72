"""``u = x.item()``: an integer that is read from a tensor of one element."""

from __future__ import annotations

from strategies.constructs.items import ReadsOneElement


class Item(ReadsOneElement):
    """The widest integers that a tensor has."""

    name = "item"
    dtype = "int64"
    least, most = -(2**63), 2**63 - 1


CONSTRUCT = Item()
