"""``tensor.view(sizes)``: the product of the sizes must be the number of elements."""

from __future__ import annotations

from strategies.constructs.viewing import KeepsElements
from strategies.statement import Tensor


class View(KeepsElements):
    """Takes only what is known to be contiguous."""

    name = "view"

    def unfit(self, tensor: Tensor) -> str | None:
        return None if tensor.contiguous else "is not known to be contiguous"


CONSTRUCT = View()
