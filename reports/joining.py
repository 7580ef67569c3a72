"""Runs made on several machines, one with a GPU say, joined into one: their cells stand side by side in one report.

``python -m reports.joining FOLDER FILE`` packs the run in FOLDER into one file that can be carried and committed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
SCHEMA = "runtime-assert/packed-run/1"
LOG = "log.jsonl"


class JoinError(ValueError):
    """A file is no packed run, or a folder has no log: one line that names it."""


def pack(folder: Path) -> dict[str, Any]:
    """The run in ``folder`` as one JSON object: its rows in order.

    Raises:
        JoinError: if there is no log, or it is damaged.
    """
    return {"schema": SCHEMA, "rows": _rows_of(folder)}


def load(path: Path) -> list[dict[str, Any]]:
    """The rows of a packed run, or of the run in a folder.

    Raises:
        JoinError: if ``path`` is neither.
    """
    if path.is_dir():
        return _rows_of(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JoinError(f"{path}: cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise JoinError(f"{path}: no packed run (its schema has to be {SCHEMA!r})")
    return _checked(path, document.get("rows"))


def joined(*runs: Sequence[Row]) -> list[dict[str, Any]]:
    """One log of several: the cells of the later runs come behind those of the first.

    The first run names the versions; those of the others stand by their place in ``others`` of the ``run`` row, and
    in each of their cells. It is complete if all are.
    """
    head = dict(runs[0][0])
    cells: list[Any] = []
    codes: dict[str, None] = {}
    body: list[dict[str, Any]] = []
    ends: list[Row] = []
    for number, rows in enumerate(runs):
        plan, environment = rows[0]["plan"], rows[0]["environment"]
        offset = len(cells)
        cells += [{**cell, "torch": environment.get("torch", "")} for cell in plan["cells"]]
        codes.update(dict.fromkeys(plan["properties"]))
        ends += [row for row in rows if row["kind"] == "end"][-1:] or [{"complete": False, "seconds": 0.0}]
        body += [_moved(row, offset, number) for row in rows[1:] if row["kind"] != "end"]
    head["plan"] = {**head["plan"], "cells": cells, "properties": list(codes), "part": None}
    head["others"] = [{"plan": rows[0]["plan"], "environment": rows[0]["environment"]} for rows in runs[1:]]
    head["id"] = "-".join(str(rows[0].get("id", ""))[:8] for rows in runs)[:60]
    complete = all(end.get("complete") for end in ends)
    seconds = round(sum(float(end.get("seconds", 0.0)) for end in ends), 2)
    return [head, *body, {"kind": "end", "complete": complete, "seconds": seconds}]


def _moved(row: Row, offset: int, number: int) -> dict[str, Any]:
    """``row`` with the numbers that its cells have in the joined plan; ``run`` says which run it is from."""
    new = dict(row)
    if number:
        new["run"] = number
    if isinstance(new.get("cell"), int):
        new["cell"] += offset
    if isinstance(new.get("case"), dict):
        new["case"] = {**new["case"], "cell": new["case"]["cell"] + offset}
    return new


def _rows_of(folder: Path) -> list[dict[str, Any]]:
    path = folder / LOG
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return _checked(path, [json.loads(line) for line in lines if line])
    except (OSError, json.JSONDecodeError) as error:
        raise JoinError(f"{path}: cannot be read: {error}") from error


def _checked(path: Path, rows: Any) -> list[dict[str, Any]]:
    fine = isinstance(rows, list) and rows and all(isinstance(row, dict) and "kind" in row for row in rows)
    if not fine or rows[0]["kind"] != "run" or not {"plan", "environment"} <= set(rows[0]):
        raise JoinError(f"{path}: its rows are not the log of a run")
    return rows


def main(arguments: Sequence[str]) -> int:
    """Packs the folder that is named first into the file that is named second."""
    if len(arguments) != 2:
        print("usage: python -m reports.joining FOLDER FILE", file=sys.stderr)
        return 2
    try:
        document = pack(Path(arguments[0]))
    except JoinError as error:
        print(error, file=sys.stderr)
        return 2
    Path(arguments[1]).write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
