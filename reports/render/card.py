"""A finding as the page shows it: plain data for the template, long texts cut, changed lines marked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from reports.grouping import Finding
from reports.render import wording
from reports.render.reproducer import SUBJECTS
from reports.text import clipped, one_line, plural

# With 300 findings the page has to stay below 5 MB; everything whole is in findings/ID.json.
_SOURCE_LINES = 60
_GRAPH_LINES = 80
_DETAIL_LINES = 30
_ITEMS = 24


def card(finding: Finding) -> dict[str, Any]:
    """What the template's ``card`` macro reads."""
    row = finding.row
    count = row["statements"]
    return {
        "id": finding.id,
        "new": finding.new,
        "label": wording.label(finding),
        "known": finding.known,
        "title": f"{row['property']} {row['direction']}, {row['subject']}: {row['title']}",
        "tags": [
            f"stage: {row['stage']}",
            f"front end: {row['frontend']}",
            plural(finding.hits, "program"),
            finding.id,
        ],
        "property": row["property"],
        "direction": row["direction"],
        "subject": row["subject"],
        "hits": f"{finding.hits:,}",
        "statements": plural(count, "statement"),
        "source": _source(row["source"]),
        "constraint": one_line(row["constraint"] or "", 1000),
        "required": _items(row["required"]),
        "emitted": _items(row["emitted"]),
        "witness": _witness(row),
        "detail": clipped(row["detail"] or "", _DETAIL_LINES),
        "graph": _graph(row["graph_before"], row["graph_after"]),
        "frontends": [(name, str(text)) for name, text in row.get("frontends", {}).items()],
        "replay": wording.replay_command(finding.id),
        "script": f"findings/{finding.id}.py" if row["subject"] in SUBJECTS else "",
        "signature": one_line(row["signature"]),
        "bucket": row["bucket"],
        "line": finding.line,
    }


def _items(texts: list[str]) -> list[str]:
    shown = [one_line(text, 400) for text in texts[:_ITEMS]]
    return [*shown, f"… {len(texts) - _ITEMS} more"] if len(texts) > _ITEMS else shown


def _source(source: str) -> list[tuple[str, str]]:
    """Lines; those that state a check are marked."""
    lines = clipped(source.rstrip(), _SOURCE_LINES).split("\n")
    return [("hit" if "torch._check" in line else "", line) for line in lines]


def _graph(before: str, after: str) -> list[tuple[str, str]]:
    """The graph after the pass with what was added and removed; empty if the pass changed nothing."""
    if before == after:
        return []
    old, new = (clipped(text, _GRAPH_LINES).split("\n") for text in (before, after))
    lines: list[tuple[str, str]] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            lines += [("", f"  {line}") for line in old[i1:i2]]
        else:
            lines += [("del", f"- {line}") for line in old[i1:i2]]
            lines += [("add", f"+ {line}") for line in new[j1:j2]]
    return lines


def _witness(row: Mapping[str, Any]) -> dict[str, Any] | None:
    witness = row["witness"]
    if not witness:
        return None
    return {
        "inputs": wording.inputs(row, witness["inputs"]),
        "leaves": wording.values(witness),
        # Where no run differs (a second pass, a changed ShapeEnv) there is nothing to put side by side.
        "differs": _run(witness["eager"]) != _run(witness["after"]) or row["property"] == "RA201",
        "eager": _run(witness["eager"]),
        "after": _run(witness["after"]),
    }


def _run(outcome: Mapping[str, Any]) -> dict[str, Any]:
    text = wording.ran(outcome)
    word, _, rest = text.partition(" ")
    return {"accepts": outcome.get("outcome") == "accepted", "word": word, "rest": f" {rest}" if rest else ""}
