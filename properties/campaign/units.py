"""What a campaign is cut into: units, each of which is recorded as a whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from properties.campaign.plan import Plan

SEARCH = "search"
SHRINK = "shrink"
REPLAY = "replay"
CHECK = "check"
TRIAL = "trial"
"""A replay that is expected to end its worker: it has less time, and one end is enough."""

SHRINK_CALLS = 400
"""How many different Programs one shrink may check."""

Key = tuple[Any, ...]
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unit:
    """A shard of ``count`` Programs to search, or one ``hit`` of it to shrink in at most ``calls`` checks.

    A unit that replays or tries a Program, or checks the names of subjects, has what is asked of it as its ``hit``.
    """

    kind: str
    cell: int
    shard: int
    count: int
    hit: Mapping[str, Any] | None = None
    calls: int = 0

    @property
    def key(self) -> Key:
        """By what a record says that this unit is done; the same in every run of the same plan."""
        if self.hit is None:
            return self.kind, self.cell, self.shard
        text = json.dumps([self.hit["signature"], self.hit["where"]], sort_keys=True)
        return self.kind, hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def text(self) -> str:
        return f"shard {self.shard} of cell {self.cell}" if self.hit is None else f"shrinking {self.hit['signature']}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use before it is ended: seconds for one Program, MiB beyond what it starts with."""

    seconds: float = 60.0
    memory: int = 4096


def record_of(unit: Unit, rows: list[dict[str, Any]], hits: list[dict[str, Any]]) -> dict[str, Any]:
    """The record of a finished unit: plain data, for a journal."""
    return {"kind": "unit", "unit": list(unit.key), "rows": rows, "hits": hits}


def search_units(plan: Plan) -> Any:
    """The units that search the shards of ``plan``, in order; without end if the plan is bound by time."""
    return (Unit(SEARCH, cell, shard, count) for cell, shard, count in plan.shards())
