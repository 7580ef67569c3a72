"""``torch.empty(sizes)``: memory as it is found, which is filled at once."""

from __future__ import annotations

from strategies.constructs.filled import MakesFilled


class Empty(MakesFilled):
    """What was in the memory is never seen."""

    name = "empty"

    def call(self, sizes: list[str]) -> str:
        return f"torch.empty({', '.join(sizes) if sizes else '()'}).fill_(1.0)"


CONSTRUCT = Empty()
