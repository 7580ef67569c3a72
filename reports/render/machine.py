"""The files for machines: ``run.json``, ``findings.jsonl``, ``findings/ID.json`` and the log itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reports.folder import SCHEMA
from reports.known import KnownEntry
from reports.model import Cell, Finding, Report, Row
from reports.status import MEANING

_BRIEF = ("id", "bucket", "signature", "title", "property", "direction", "subject", "stage", "frontend")
_BRIEF += ("hits", "new", "known", "log_line")


def files(report: Report) -> Iterator[tuple[str, str]]:
    """The log comes as it was; everything else is derived from it and says from which of its lines."""
    yield "log.jsonl", _lines(report.rows)
    yield "run.json", json.dumps(summary(report), indent=2) + "\n"
    yield "findings.jsonl", _lines(row for finding in report.findings for row in every_row(finding))
    for finding in report.findings:
        yield f"findings/{finding.id}.json", json.dumps(finding_json(finding), indent=2) + "\n"


def summary(report: Report) -> dict[str, Any]:
    """The content of ``run.json``."""
    return {
        "schema": SCHEMA,
        "command": report.command,
        "started": report.started,
        "status": int(report.status),
        "verdict": MEANING[report.status],
        "reasons": [{"status": int(status), "text": text} for status, text in report.reasons],
        "complete": report.complete,
        "seconds": report.seconds,
        "programs": report.programs,
        "plan": report.plan,
        "environment": report.environment,
        "subjects": {name: totals.to_json() for name, totals in report.subjects.items()},
        "cells": [_cell(cell) for cell in report.cells],
        "constructs": report.constructs,
        "support": report.support,
        "findings": [brief(finding) for finding in report.findings],
        "known_not_seen": [entry_json(entry) for entry in report.unseen],
        "known_expired": [entry_json(entry) for entry in report.expired],
        "gates": [{**row, "log_line": line} for line, row in report.gates],
        "not_run": dict(report.not_run),
        "tool_errors": [{**row, "log_line": line} for line, row in report.tool_errors],
        "log": {"file": "log.jsonl", "lines": len(report.rows)},
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """The row of the log that stands for a bucket, with what the report knows besides."""
    return row_json(finding, finding.row, finding.line)


def every_row(finding: Finding) -> list[dict[str, Any]]:
    """All findings of a bucket, the one that stands for it first."""
    return [finding_json(finding), *(row_json(finding, row, line) for line, row in finding.others)]


def row_json(finding: Finding, row: Row, line: int) -> dict[str, Any]:
    """One ``finding`` row of a bucket with what the report knows besides."""
    known = finding.known
    return {
        **row,
        "shown_under": finding.bucket,
        "hits": finding.hits,
        "new": finding.new,
        "known": None if known is None else {"id": known.id, "title": known.title, "url": known.url},
        "stands_for_bucket": line == finding.line,
        "log_line": line,
    }


def brief(finding: Finding) -> dict[str, Any]:
    """A bucket as run.json lists it."""
    row = finding_json(finding)
    return {**{name: row[name] for name in _BRIEF}, "bucket": finding.bucket, "rows": 1 + len(finding.others)}


def entry_json(entry: KnownEntry) -> dict[str, str]:
    """A known entry as run.json lists it."""
    return {"id": entry.id, "title": entry.title, "url": entry.url, "subject": entry.subject}


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "cell": cell.index,
        "frontend": cell.frontend,
        "profile": cell.profile,
        "device": cell.device,
        "planned": cell.planned,
        "programs": cell.programs,
        "invalid": cell.invalid,
        "seconds": {name: round(value, 3) for name, value in cell.seconds.items()},
        "subjects": {name: totals.to_json() for name, totals in cell.totals.items()},
        "log_lines": list(cell.lines),
    }


def _lines(rows: Any) -> str:
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
