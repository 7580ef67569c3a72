"""``data[mask]``: a vector with as many elements as the mask has true entries."""

from __future__ import annotations

from strategies.constructs.masks import SelectsElements


class MaskIndex(SelectsElements):
    """Indexing by a mask."""

    name = "mask_index"

    def call(self, data: str, mask: str) -> str:
        return f"{data}[{mask}]"


CONSTRUCT = MaskIndex()
