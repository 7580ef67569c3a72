"""``torch.eye(rows, columns)``: two sizes, each of which has an error of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.constructs.filled import MakesFilled
from strategies.statement import Scope, Statement

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Eye(MakesFilled):
    """Takes exactly two sizes."""

    name = "eye"

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        count = len(statement.terms("shape"))
        return None if count == 2 else f"{count} sizes; exactly 2 are allowed"

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        return (self.statement(shape=(chooser.small_size(scope), chooser.small_size(scope))),)


CONSTRUCT = Eye()
