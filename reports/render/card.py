"""A finding as the page shows it: plain data for the template, long texts cut, changed lines marked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.grouping import Finding
from reports.render import wording
from reports.render.highlight import tokens
from reports.render.reproducer import why_no_script
from reports.text import clipped, one_line, plural


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a finding the page shows; everything whole is in findings/ID.json."""

    source: int
    graph: int
    detail: int
    items: int
    width: int


# With 300 findings the page has to stay below 5 MB: the first ones are shown in full, the others in brief.
FULL = Limits(source=60, graph=80, detail=30, items=24, width=400)
BRIEF = Limits(source=24, graph=0, detail=6, items=6, width=160)
IN_FULL = 60
_LINE = 240
_RUNS = (("eager", "Eager"), ("before", "Graph before the pass"), ("after", "Graph after it"))
_OTHERS = 12


def card(finding: Finding, place: int) -> dict[str, Any]:
    """What the template's ``card`` macro reads; ``place`` is the finding's place on the page, from 0."""
    limits = FULL if place < IN_FULL else BRIEF
    row = finding.row
    return {
        "id": finding.id,
        "new": finding.new,
        "label": wording.label(finding),
        "known": finding.known,
        "expired": finding.expired and finding.known is not None,
        "title": f"{row['property']} {row['direction']}, {row['subject']}: {row['title']}",
        "tags": _tags(finding),
        "property": row["property"],
        "direction": row["direction"],
        "subject": row["subject"],
        "hits": f"{finding.hits:,}",
        "statements": plural(row["statements"], "statement"),
        "source": _source(row["source"], limits),
        "constraint": tokens(one_line(row["constraint"] or "", 1000)),
        "constraint_text": one_line(row["constraint"] or row["signature"], 160),
        "required": _items(row["required"], row["constraint"], limits),
        "emitted": _items(row["emitted"], "", limits),
        "witness": _witness(row, limits),
        "judged": wording.judged(row),
        "stage": one_line(row["stage"], 40),
        "detail": clipped(row["detail"] or "", limits.detail),
        "graph": _graph(row["graph_before"], row["graph_after"], limits.graph),
        "graph_elsewhere": not limits.graph,
        "frontends": [(name, str(text), _tone(str(text))) for name, text in row.get("frontends", {}).items()],
        "replay": wording.replay_command(finding.id),
        "script": f"findings/{finding.id}.py" if not why_no_script(row) else "",
        "signature": one_line(row["signature"], 200),
        "bucket": finding.bucket or row["bucket"],
        "others": [other["id"] for _, other in finding.others[:_OTHERS]],
        "more_others": max(0, len(finding.others) - _OTHERS),
        "line": finding.line,
    }


def _tags(finding: Finding) -> list[str]:
    row = finding.row
    tags = [f"stage: {row['stage']}", f"front end: {row['frontend']}", plural(finding.hits, "program")]
    if finding.others:
        tags.append(f"{len(finding.others) + 1} findings")
    if row.get("shrunk") is False:
        tags.append("not shrunk")
    return [*tags, finding.id]


def _items(texts: list[str], fault: str, limits: Limits) -> list[tuple[str, str]]:
    """(mark, text) of each condition; the one at fault is marked."""
    shown = [("fault" if fault and text == fault else "", one_line(text, limits.width)) for text in texts]
    cut = shown[: limits.items]
    return [*cut, ("more", f"… {len(shown) - len(cut)} more")] if len(shown) > len(cut) else cut


def _source(source: str, limits: Limits) -> list[tuple[str, list[tuple[str, str]]]]:
    """Lines in tokens; those that state a check are marked."""
    lines = clipped(source.rstrip(), limits.source).split("\n")
    return [("hit" if "torch._check" in line else "", tokens(_cut(line))) for line in lines]


def _cut(line: str) -> str:
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"


def _graph(before: str, after: str, limit: int) -> list[tuple[str, str]]:
    """The graph after the pass with what was added and removed; empty if the pass changed nothing."""
    if before == after or not limit:
        return []
    old, new = (clipped(text, limit).split("\n") for text in (before, after))
    lines: list[tuple[str, str]] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            lines += [("", f"  {_cut(line)}") for line in old[i1:i2]]
        else:
            lines += [("del", f"- {_cut(line)}") for line in old[i1:i2]]
            lines += [("add", f"+ {_cut(line)}") for line in new[j1:j2]]
    return lines


def _witness(row: Mapping[str, Any], limits: Limits) -> dict[str, Any] | None:
    witness = row["witness"]
    if not witness:
        return None
    pairs = wording.inputs(row, witness["inputs"])[: limits.items]
    others = wording.other_runs(witness)
    return {
        "inputs": [tokens(one_line(f"{name} = {text}", limits.width)) for name, text in pairs],
        "leaves": wording.values(witness),
        # Where no run differs (a second pass, a changed ShapeEnv) there is nothing to put side by side.
        "differs": _run(witness["eager"]) != _run(witness["after"])
        or any(_run(one) != _run(witness["after"]) for _, one in others)
        or row["property"] in ("RA201", "RA601", "RA602"),
        "runs": [
            *((title, _run(witness[name])) for name, title in _RUNS),
            *((one_line(name, 60), _run(one)) for name, one in others[: limits.items]),
        ],
    }


def _run(outcome: Mapping[str, Any]) -> dict[str, Any]:
    text = wording.ran(outcome)
    word, _, rest = text.partition(" ")
    return {"accepts": outcome.get("outcome") == "accepted", "word": word, "rest": f" {rest}" if rest else ""}


def _tone(verdict: str) -> str:
    return "good" if verdict == "PROVED" else "bad" if verdict.startswith("REFUTED") else "soft"
