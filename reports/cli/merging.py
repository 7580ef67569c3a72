"""Joins the parts of one plan (``--shard i/n``) into one run, and says which are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from reports.store import NAME, Contents, read_journal

Record = Mapping[str, Any]


def is_part(run: Path) -> bool:
    """Whether ``run`` is the folder of a part of a plan (``--shard i/n``)."""
    if not (run / NAME).is_file():
        return False
    return bool(read_journal(run).run["plan"].get("part"))


def merged(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """The records of the whole run whose parts are in ``folders``; the first is its ``run`` row.

    A part that is missing, or was not finished, is a ``not_run`` row, and leaves the run incomplete.

    Raises:
        click.UsageError: if they are not parts of one plan on the same versions, or one is given twice; one line.
        JournalError: if one cannot be read, or is damaged.
    """
    parts: dict[int, Contents] = {}
    total = 0
    for folder in folders:
        contents = read_journal(folder)
        number, of = _part(folder, contents)
        _check_alike(folders[0], folder, next(iter(parts.values()), contents), contents, total or of)
        if number in parts:
            raise click.UsageError(f"--merge {folder}: part {number}/{of} is in {parts[number].path.parent} already")
        parts[number] = contents
        total = of
    ordered = [parts[number] for number in sorted(parts)]
    head = dict(ordered[0].run)
    head["plan"] = {**head["plan"], "part": None}
    head["started"] = min(str(contents.run.get("started", "")) for contents in ordered)
    head["id"] = "-".join(str(contents.run.get("id", ""))[:6] for contents in ordered)[:60]
    records: list[dict[str, Any]] = [head]
    for contents in ordered:
        records += [record for record in contents.records[1:] if record["kind"] in ("unit", "part")]
    unfinished = _unfinished(parts, total)
    if unfinished:
        rows = [{"kind": "not_run", "what": what, "why": why} for what, why in unfinished]
        records.append({"kind": "part", "part": "merge", "rows": rows})
    ends = [record for contents in ordered for record in contents.records if record["kind"] == "end"]
    seconds = round(sum(end["seconds"] for end in ends), 2)
    records.append({"kind": "end", "complete": not unfinished, "seconds": seconds})
    return records


def _part(folder: Path, contents: Contents) -> tuple[int, int]:
    part = contents.run["plan"].get("part")
    if not part:
        raise click.UsageError(f"--merge {folder}: that run is whole, not a part (--shard i/n) of a plan")
    return part[0], part[1]


def _check_alike(first: Path, folder: Path, one: Contents, other: Contents, total: int) -> None:
    plans = [{**contents.run["plan"], "part": None} for contents in (one, other)]
    for name in sorted({*plans[0], *plans[1]}):
        if plans[0].get(name) != plans[1].get(name):
            raise click.UsageError(f"--merge {folder}: another plan than in {first} ({name} differs)")
    if other.run["plan"]["part"][1] != total:
        raise click.UsageError(f"--merge {folder}: one of {other.run['plan']['part'][1]} parts, {first} of {total}")
    for group in ("environment", "code"):
        for name, version in one.run.get(group, {}).items():
            there = other.run.get(group, {}).get(name)
            if name not in ("cpus", "platform") and there != version:
                raise click.UsageError(f"--merge {folder}: made with {name} {there}, {first} with {version}")


def _unfinished(parts: Mapping[int, Contents], total: int) -> list[tuple[str, str]]:
    found = []
    for number in range(1, total + 1):
        if number not in parts:
            found.append((f"shard {number}/{total}", "no folder of it was given"))
        elif not any(record["kind"] == "end" and record["complete"] for record in parts[number].records):
            found.append((f"shard {number}/{total}", f"the run in {parts[number].path.parent} is not finished"))
    return found
