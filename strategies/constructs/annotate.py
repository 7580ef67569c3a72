"""``with torch.fx.traceback.annotate(...):`` a region of the program whose nodes carry a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Annotate(Construct):
    """Holds the next ``length`` statements, as far as there are so many; what they bind outlives the region."""

    name = "annotate"
    kind = "consumer"
    fields = (Field("length", "int"),)
    lengths = ("length",)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        length = statement.number("length")
        return None if 1 <= length <= 100 else f"length={length}; 1 to 100 statements are allowed"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def opening(self, statement: Statement, scope: Scope, block: int, render: Callable[[Term], str]) -> tuple[str, ...]:
        return ('with torch.fx.traceback.annotate({"part": "head"}):',)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return ()

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        return (self.statement(length=1 + chooser.below(4)),)


CONSTRUCT = Annotate()
