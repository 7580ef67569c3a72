"""The rows of a log that somebody else wrote: checked to have what the reports read, before anything reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reports.text import one_line

_TEXTS = ("id", "bucket", "signature", "title", "property", "direction", "subject", "stage", "frontend", "source")
_TEXTS += ("constraint", "graph_before", "graph_after", "detail")
_LISTS = ("emitted", "required", "example_inputs", "dynamic")

# What each kind of row has to have; kinds that are not here are ignored by every reader.
_NEEDED: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "run": {"plan": dict, "environment": dict},
    "shard": {"cell": int, "frontend": str, "programs": int, "subjects": dict},
    "finding": {
        **dict.fromkeys(_TEXTS, str),
        **dict.fromkeys(_LISTS, list),
        "statements": int,
        "program": dict,
        "witness": (dict, type(None)),
    },
    "hits": {"bucket": str, "count": int},
    "tool_error": {"where": str, "text": str},
    "gate": {"part": str, "outcome": str},
    "recall": {
        **dict.fromkeys(("thread", "what", "subject", "frontend", "property"), str),
        "found": bool,
        "programs": int,
    },
    "end": {},
}
_PLAN = {"seed": int, "cells": list, "properties": list}
_CELL = {"subjects": list, "frontend": str, "profile": str, "device": str, "programs": int}
_RUNS = ("eager", "before", "after")


class ShapeError(ValueError):
    """A row that is not what it says it is: one line with the key that is wrong."""


def check_row(row: Any) -> None:
    """Raises ShapeError unless ``row`` is one that the reports can read."""
    if not isinstance(row, dict) or not isinstance(row.get("kind"), str):
        raise ShapeError("not a row (an object with a text 'kind' is needed)")
    needed = _NEEDED.get(row["kind"])
    if needed is None:
        return
    _check(row, needed, row["kind"])
    if row["kind"] == "run":
        _check(row["plan"], _PLAN, "plan")
        for cell in row["plan"]["cells"]:
            _check(cell, _CELL, "plan.cells")
    elif row["kind"] == "finding":
        _check_finding(row)
    elif row["kind"] == "shard" and not all(isinstance(tally, dict) for tally in row["subjects"].values()):
        raise ShapeError("shard: subjects has to hold objects")


def _check_finding(row: Mapping[str, Any]) -> None:
    # They become names of files.
    for name, pattern in (("id", r"[0-9a-f]{8}"), ("bucket", r"[0-9a-f]{12}")):
        if not re.fullmatch(pattern, row[name]):
            raise ShapeError(f"finding: {name}={one_line(repr(row[name]), 40)} is not what it should be")
    for name in ("emitted", "required", "example_inputs"):
        if not all(isinstance(text, str) for text in row[name]):
            raise ShapeError(f"finding: {name} has to hold texts")
    for name in ("dynamic", "unbacked"):
        lists = row.get(name, [])
        if not isinstance(lists, list) or not all(
            isinstance(axes, list) and all(type(axis) is int for axis in axes) for axes in lists
        ):
            raise ShapeError(f"finding: {name} has to hold lists of numbers")
    witness = row["witness"]
    if witness is not None:
        _check(witness, {"inputs": list, "values": dict, **dict.fromkeys(_RUNS, dict)}, "witness")
        if not all(isinstance(text, str) for text in witness["inputs"]):
            raise ShapeError("witness: inputs has to hold texts")


def _check(value: Any, needed: Mapping[str, type | tuple[type, ...]], what: str) -> None:
    if not isinstance(value, dict):
        raise ShapeError(f"{what}: an object is needed")
    for key, kinds in needed.items():
        if key not in value:
            raise ShapeError(f"{what}: {key} is missing")
        wrong = isinstance(value[key], bool) and kinds is int
        if wrong or not isinstance(value[key], kinds):
            raise ShapeError(f"{what}: {key}={one_line(repr(value[key]), 40)} is not what it should be")
