"""Carries a plan out: shards first, then one shrink for each kind of finding, then the rows that sum it up."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from properties.campaign.environment import environment
from properties.campaign.plan import Plan
from properties.campaign.pool import Lost, results
from properties.campaign.shard import run_shard, shrink_hit

SCHEMA = 1
SHARD_TIMEOUT = 300.0
REPRESENTATIVES = 3
"""How many different skeletons of one coarse cause are shrunk."""


def run(plan: Plan, emit: Callable[[Mapping[str, Any]], None]) -> None:
    """Runs every shard of ``plan``, shrinks what was found, and emits rows in the order of the plan.

    The rows are ``run``, one ``shard`` each (with its ``tool_error`` rows), ``finding`` and ``hits`` for each
    bucket, and ``end``. Between shards the same order holds whatever worker was faster.
    """
    start = time.perf_counter()
    emit({"kind": "run", "schema": SCHEMA, "plan": plan.to_json(), "environment": environment()})
    shards = list(plan.shards())
    hits: list[dict[str, Any]] = []
    jobs = [(plan, cell, shard, count) for cell, shard, count in shards]
    for (_, cell, shard, count), result in zip(
        jobs, results(run_shard, jobs, workers=plan.jobs, timeout=SHARD_TIMEOUT), strict=True
    ):
        if isinstance(result, Lost):
            emit(_lost(plan, cell, shard, count, result))
            continue
        for error in result["errors"]:
            emit(error)
        hits += result["hits"]
        emit(result["shard"])
    _findings(plan, hits, emit)
    emit({"kind": "end", "complete": True, "seconds": round(time.perf_counter() - start, 2)})


def _lost(plan: Plan, cell: int, shard: int, count: int, reason: Lost) -> dict[str, Any]:
    return {
        "kind": "tool_error",
        "where": "worker",
        "text": f"shard of {count} programs lost: {reason}",
        "program": None,
        "case": {"seed": plan.seed, "cell": cell, "shard": shard, "index": 0},
        "frontend": plan.cells[cell].frontend,
    }


def _findings(plan: Plan, hits: Sequence[Mapping[str, Any]], emit: Callable[[Mapping[str, Any]], None]) -> None:
    chosen = representatives(hits)
    jobs = [(plan, hit, _shard_count(plan, hit)) for hit in chosen]
    found: dict[str, dict[str, Any]] = {}
    bucket_of: dict[tuple[str, ...], str] = {}
    for (_, hit, _), result in zip(
        jobs, results(shrink_hit, jobs, workers=plan.jobs, timeout=SHARD_TIMEOUT), strict=True
    ):
        if isinstance(result, Lost):
            emit(
                {
                    "kind": "tool_error",
                    "where": "worker",
                    "text": f"shrink lost: {result}",
                    "program": hit["program"],
                    "case": hit["where"],
                    "frontend": "",
                }
            )
            continue
        if "error" in result:
            emit(result["error"])
            continue
        row = result["finding"]
        best = found.get(row["bucket"])
        if best is None or _size(row) < _size(best):
            found[row["bucket"]] = row
        bucket_of[tuple(hit["signature"])] = row["bucket"]
        bucket_of.setdefault(tuple(hit["signature"][:4]), row["bucket"])
    for row in found.values():
        emit(row)
    counts: Counter[str] = Counter()
    frontends: dict[str, Counter[str]] = {}
    for hit in hits:
        signature = tuple(hit["signature"])
        bucket = bucket_of.get(signature) or bucket_of.get(signature[:4])
        if bucket is not None:
            counts[bucket] += 1
            frontend = plan.cells[hit["where"]["cell"]].frontend
            frontends.setdefault(bucket, Counter())[frontend] += 1
    for bucket, count in counts.items():
        emit({"kind": "hits", "bucket": bucket, "count": count, "frontends": dict(frontends[bucket])})


def representatives(hits: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """For each coarse cause the smallest hits of a few different skeletons, in a fixed order."""
    smallest: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for hit in hits:
        key = tuple(hit["signature"])
        if key not in smallest or _weight(hit) < _weight(smallest[key]):
            smallest[key] = hit
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for key, hit in sorted(smallest.items(), key=lambda item: (_weight(item[1]), item[0])):
        groups.setdefault(key[:4], []).append(hit)
    return [hit for _, group in sorted(groups.items()) for hit in group[:REPRESENTATIVES]]


def _weight(hit: Mapping[str, Any]) -> tuple[int, int, tuple[int, ...]]:
    where = hit["where"]
    text = json.dumps(hit["program"], sort_keys=True)
    return len(hit["program"]["body"]), len(text), (where["cell"], where["shard"], where["index"])


def _size(row: Mapping[str, Any]) -> tuple[int, int, str]:
    return row["statements"], len(row["source"]), row["id"]


def _shard_count(plan: Plan, hit: Mapping[str, Any]) -> int:
    where = hit["where"]
    for cell, shard, count in plan.shards():
        if (cell, shard) == (where["cell"], where["shard"]):
            return count
    raise ValueError(f"the plan has no shard {where}")
