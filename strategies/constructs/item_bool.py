"""``u = x.int().item()`` of a bool tensor: an integer that is 0 or 1.

The item of the bool tensor itself is a symbolic truth value, of which ``int()`` makes no symbolic integer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.constructs.items import ReadsOneElement
from strategies.statement import Scope, Statement

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class ItemBool(ReadsOneElement):
    """Torch knows nothing of the two values."""

    name = "item_bool"
    dtype = "bool"
    least, most = 0, 1
    conversion = ".int()"

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        return (self.statement(value=chooser.below(2)),)


CONSTRUCT = ItemBool()
