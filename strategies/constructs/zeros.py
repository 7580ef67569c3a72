"""``torch.zeros(sizes)``: the plainest user of sizes."""

from __future__ import annotations

from strategies.constructs.filled import MakesFilled


class Zeros(MakesFilled):
    """Sizes as separate arguments."""

    name = "zeros"


CONSTRUCT = Zeros()
