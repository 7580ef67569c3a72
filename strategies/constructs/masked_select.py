"""``torch.masked_select(data, mask)``: a vector with as many elements as the mask has true entries."""

from __future__ import annotations

from strategies.constructs.masks import SelectsElements


class MaskedSelect(SelectsElements):
    """The function by its name."""

    name = "masked_select"

    def call(self, data: str, mask: str) -> str:
        return f"torch.masked_select({data}, {mask})"


CONSTRUCT = MaskedSelect()
