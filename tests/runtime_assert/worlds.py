"""Values and claims made by hand, and which claims keep an assert of their own."""

from __future__ import annotations

from typing import Any

from torch import fx

from runtime_assert.claims import Claim, Source
from runtime_assert.normal import relation
from runtime_assert.redundancy import drop_redundant
from runtime_assert.values import NEVER, Value, ValueTable


class World:
    """Values of inputs (`s0`, `s1`, ...) and values made at run time (`u0`, `u1`, ... made at slots 0, 1, ...)."""

    def __init__(self) -> None:
        self.table, self.graph = ValueTable(-1), fx.Graph()
        self.leaves: dict[str, Value] = {}

    def __getattr__(self, name: str) -> Value:
        if name not in self.leaves:
            made, slot = name.startswith("u"), int(name[1:])
            node = self.graph.placeholder(name)
            self.leaves[name] = self.table.opaque(node, slot if made else -1, "int", slot + 9 if made else NEVER)
        return self.leaves[name]

    def value(self, op: str, *args: Any) -> Value:
        return self.table.get(op, args)

    def claim(self, op: str, *args: Any, source: Source = "deferred", horizon: int | None = None) -> Claim:
        """A claim; `horizon`: the last slot at which it is in time, as a rule the first at which it can be decided."""
        condition = self.table.get(op, args)
        slot = condition.slot
        return Claim(source, None, condition, relation(condition), slot, (slot if horizon is None else horizon) + 1)


def kept(*wanted: Claim, ranges: dict[Any, Any] | None = None) -> list[bool]:
    """Which claims keep an assert of their own."""
    drop_redundant([], [], list(wanted), ranges or {})
    return [claim.status is None for claim in wanted]
