"""``part(body)``: statements that run in the ``forward`` of a child module, so that their nodes name another module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

CALL = "part(body)"
"""How the child is called; in a method it is an attribute of ``self``."""
DEFINITION = """
class Part(torch.nn.Module):
    def forward(self, body):
        return body()


part = Part()
"""
"""What a printed program with submodules brings with it; the name ``part`` is the child."""


class Submodule(Construct):
    """Holds the next ``length`` statements, as far as there are so many; what they bind is returned from the child."""

    name = "submodule"
    kind = "consumer"
    fields = (Field("length", "int"),)
    lengths = ("length",)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        length = statement.number("length")
        return None if 1 <= length <= 100 else f"length={length}; 1 to 100 statements are allowed"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def opening(self, statement: Statement, scope: Scope, block: int, render: Callable[[Term], str]) -> tuple[str, ...]:
        return ("def body():",)

    def closing(self, statement: Statement, before: Scope, scope: Scope, block: int) -> tuple[str, ...]:
        bound = ", ".join(_bound(before, scope))
        return (f"return {bound}",) if bound else ()

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (CALL,)

    def source_behind(
        self, statement: Statement, before: Scope, scope: Scope, render: Callable[[Term], str]
    ) -> tuple[str, ...]:
        bound = ", ".join(_bound(before, scope))
        return (f"{bound} = {CALL}",) if bound else (CALL,)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        return (self.statement(length=1 + chooser.below(4)),)


def _bound(before: Scope, scope: Scope) -> Iterator[str]:
    """The names that came about since ``before`` and that can still be used: tensors, then numbers."""
    yield from (name for name in scope.tensors if name not in before.tensors)
    yield from (name for name in scope.visible if name not in before.values)


CONSTRUCT = Submodule()
