"""From the records of a journal, in the order of their arrival, to the rows of the log, in the order of the plan.

Pure: the same finished work gives the same rows, whoever did it, in which order and in how many goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from properties.campaign.deaths import TITLES
from properties.campaign.plan import Plan
from properties.campaign.units import SEARCH, SHRINK, Unit

Row = dict[str, Any]
REPRESENTATIVES = 3
"""How many different skeletons of one coarse cause are shrunk."""


def rows_of(records: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The rows ``run``, for each shard its ``tool_error`` rows and ``shard``, for each bucket ``finding`` and ``hits``,
    those of other parts of an audit, and ``end`` if the run had one.

    A hit that nobody came to shrink is a ``finding`` as it was drawn.
    """
    head = {key: value for key, value in records[0].items() if key != "format"}
    plan = Plan.from_json(head["plan"])
    units = units_done(records)
    rows: list[Row] = [head]
    searched = sorted(key for key in units if key[0] == SEARCH)
    for key in searched:
        rows += units[key]["rows"]
    hits = [hit for key in searched for hit in units[key]["hits"]]
    rows += _findings(plan, hits, units)
    seen: set[str] = set()
    for record in records:
        if record["kind"] == "part" and record["part"] not in seen:
            seen.add(record["part"])
            rows += record["rows"]
    ends = [record for record in records if record["kind"] == "end"]
    if ends:
        end = {name: value for name, value in ends[-1].items() if name != "at"}
        rows.append({**end, "seconds": round(sum(end["seconds"] for end in ends), 2)})
    return rows


def units_done(records: Iterable[Mapping[str, Any]]) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """The record of every finished unit, by its key; a unit that was recorded twice counts once."""
    found: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for record in records:
        if record["kind"] == "unit":
            found.setdefault(tuple(record["unit"]), record)
    return found


def hits_of(units: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The hits of all shards that were searched, in the order of the plan."""
    return [hit for key in sorted(key for key in units if key[0] == SEARCH) for hit in units[key]["hits"]]


def representatives(hits: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """For each coarse cause the smallest hits of a few different skeletons, the first of every cause first."""
    smallest: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for hit in hits:
        key = tuple(hit["signature"])
        if key not in smallest or _weight(hit) < _weight(smallest[key]):
            smallest[key] = hit
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for key, hit in sorted(smallest.items(), key=lambda item: (_weight(item[1]), item[0])):
        groups.setdefault(key[:4], []).append(hit)
    ordered = [group for _, group in sorted(groups.items())]
    return [group[place] for place in range(REPRESENTATIVES) for group in ordered if place < len(group)]


def shrink_unit(plan: Plan, hit: Mapping[str, Any], calls: int) -> Unit:
    """The unit that shrinks ``hit`` in at most ``calls`` checks."""
    where = hit["where"]
    return Unit(SHRINK, where["cell"], where["shard"], plan.count(where["cell"], where["shard"]), hit, calls)


def is_death(hit: Mapping[str, Any] | None) -> bool:
    """Whether a hit ended its worker: each step of shrinking it needs a worker of its own."""
    return hit is not None and hit["signature"][2] in TITLES


def _findings(
    plan: Plan, hits: Sequence[Mapping[str, Any]], units: Mapping[tuple[Any, ...], Mapping[str, Any]]
) -> list[Row]:
    rows: list[Row] = []
    found: dict[str, Row] = {}
    bucket_of: dict[tuple[str, ...], str] = {}
    unshrunk: list[Mapping[str, Any]] = []
    for hit in representatives(hits):
        record = units.get(shrink_unit(plan, hit, 0).key)
        if record is None:
            unshrunk.append(hit)
            continue
        if not any(row["kind"] == "finding" for row in record["rows"]):
            unshrunk.append(hit)
        for row in record["rows"]:
            if row["kind"] != "finding":
                rows.append(row)
                continue
            best = found.get(row["bucket"])
            if best is None or _size(row) < _size(best):
                found[row["bucket"]] = row
            bucket_of[tuple(hit["signature"])] = row["bucket"]
            bucket_of.setdefault(tuple(hit["signature"][:4]), row["bucket"])
    for hit in unshrunk:
        if tuple(hit["signature"][:4]) not in bucket_of:
            row = _as_drawn(plan, hit)
            found.setdefault(row["bucket"], row)
            bucket_of[tuple(hit["signature"])] = row["bucket"]
            bucket_of[tuple(hit["signature"][:4])] = row["bucket"]
    rows += found.values()
    counts: dict[str, Counter[str]] = {}
    for hit in hits:
        signature = tuple(hit["signature"])
        bucket = bucket_of.get(signature) or bucket_of[signature[:4]]
        counts.setdefault(bucket, Counter())[plan.cells[hit["where"]["cell"]].frontend] += hit["count"]
    rows += [
        {"kind": "hits", "bucket": bucket, "count": count.total(), "frontends": dict(count)}
        for bucket, count in counts.items()
    ]
    return rows


def _as_drawn(plan: Plan, hit: Mapping[str, Any]) -> Row:
    """The finding of a hit that was not shrunk: what is known without tracing it again."""
    from properties.campaign.drawn import drawn_row

    return drawn_row(hit, plan.cells[hit["where"]["cell"]].frontend)


def _weight(hit: Mapping[str, Any]) -> tuple[int, int, tuple[int, ...]]:
    where = hit["where"]
    return len(hit["program"]["body"]), hit["weight"], (where["cell"], where["shard"], where["index"])


def _size(row: Mapping[str, Any]) -> tuple[int, int, str]:
    return row["statements"], len(row["source"]), row["id"]
