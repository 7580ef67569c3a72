"""``torch.full(sizes, value)``: takes its sizes as one tuple."""

from __future__ import annotations

from strategies.constructs.filled import MakesFilled


class Full(MakesFilled):
    """The value is always the same."""

    name = "full"

    def call(self, sizes: list[str]) -> str:
        return f"torch.full(({', '.join(sizes)}{',' if len(sizes) == 1 else ''}), 2.5)"


CONSTRUCT = Full()
