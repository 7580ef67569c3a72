"""``torch.ones(sizes)``: like zeros, with contents that later operators show."""

from __future__ import annotations

from strategies.constructs.filled import MakesFilled


class Ones(MakesFilled):
    """Sizes as separate arguments."""

    name = "ones"


CONSTRUCT = Ones()
