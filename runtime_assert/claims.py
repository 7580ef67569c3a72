"""What has to hold and where it stands: one claim per obligation, per assert in the graph, per assumption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sympy
from torch import fx

from runtime_assert._torch_api import RuntimeAssert
from runtime_assert.normal import Relation
from runtime_assert.values import Argument

Source = Literal["range", "deferred", "replacement", "constraint", "check", "assumption"]
Status = Literal["emitted", "present", "moved", "merged", "implied", "trivial", "elsewhere", "unplaceable"]


@dataclass(eq=False, slots=True)
class Claim:
    """One condition.

    slot: position after which it can be decided. deadline: first position that uses a value it protects.
    status and reason are filled in as the pass decides; `by` is the claim that makes this one superfluous.
    check: the assert of the graph for which this was recorded, where the two are not seen to be one.
    text: the condition in the user's terms, once somebody asked. group: which conjunction this is a part of.
    """

    source: Source
    expr: sympy.Basic | None
    condition: Argument = None
    relation: Relation | None = None
    slot: int = -1
    deadline: int = -1
    symbol: sympy.Symbol | None = None
    assertion: RuntimeAssert | None = None
    node: fx.Node | None = None
    user: bool = False
    late: bool = False
    status: Status | None = None
    reason: str = ""
    by: Claim | None = None
    check: Claim | None = None
    premises: Sequence[Claim] = ()
    text: str | None = None
    group: int | None = None

    @property
    def horizon(self) -> int:
        """Premises must stand at this slot or before to make the claim superfluous in time."""
        return max(self.slot, self.deadline - 1)
