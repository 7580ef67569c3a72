"""The rows of a finished shard, from the state at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from properties.campaign.plan import BACKEND_SUBJECT, Cell, Plan
from properties.campaign.units import Unit


def shard_result(plan: Plan, unit: Unit, state: Mapping[str, Any]) -> dict[str, Any]:
    """The row, hits and errors of a shard that is done."""
    row = shard_row(plan.cells[unit.cell], unit.cell, unit.shard, state["programs"], state)
    return {"shard": row, "hits": state["hits"], "errors": state["errors"]}


def shard_row(cell: Cell, index: int, shard: int, programs: int, state: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a shard of ``programs`` Programs whose counts are in ``state``."""
    counts, solver = state["counts"], state.get("solver", {})
    return {
        "kind": "shard",
        "cell": index,
        "shard": shard,
        "frontend": cell.frontend,
        "profile": cell.profile,
        "device": cell.device,
        "programs": programs,
        "invalid": counts.get("invalid", 0),
        "probes": counts.get("probes", 0),
        "boundaries_edges": counts.get("boundaries_edges", 0),
        "boundaries_violations": counts.get("boundaries_violations", 0),
        "boundaries_undecided": counts.get("boundaries_undecided", 0),
        "boundaries_unreachable": counts.get("boundaries_unreachable", 0),
        "boundaries_unrealisable": counts.get("boundaries_unrealisable", 0),
        "seconds": {name: round(value, 4) for name, value in sorted(state["seconds"].items())},
        # How often each step of the solver decided a query, and for how long it was at work.
        "solver": {name: int(step["decided"]) for name, step in sorted(solver.items()) if step["decided"]},
        "solver_seconds": {name: round(step["seconds"], 4) for name, step in sorted(solver.items())},
        "constructs": dict(sorted(state["constructs"].items())),
        "support": state["support"],
        "not_run": dict(sorted(state["not_run"].items())),
        "subjects": {
            name: {key: dict(sorted(value.items())) if isinstance(value, dict) else value for key, value in one.items()}
            for name, one in state["subjects"].items()
            # Most shards ask no Program anything that could blame a backend.
            if name != BACKEND_SUBJECT or one["programs"]
        },
    }
