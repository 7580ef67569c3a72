"""The files for machines: ``run.json``, ``findings.jsonl``, ``findings/ID.json`` and the log itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reports.folder import SCHEMA
from reports.model import Cell, Finding, Report
from reports.status import MEANING

_BRIEF = ("id", "bucket", "signature", "title", "property", "direction", "subject", "stage", "frontend")
_BRIEF += ("hits", "new", "known", "log_line")


def files(report: Report) -> Iterator[tuple[str, str]]:
    """The log comes as it was; everything else is derived from it and says from which of its lines."""
    yield "log.jsonl", _lines(report.rows)
    yield "run.json", json.dumps(summary(report), indent=2) + "\n"
    findings = [finding_json(finding) for finding in report.findings]
    yield "findings.jsonl", _lines(findings)
    for row in findings:
        yield f"findings/{row['id']}.json", json.dumps(row, indent=2) + "\n"


def summary(report: Report) -> dict[str, Any]:
    """The content of ``run.json``."""
    return {
        "schema": SCHEMA,
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
        "findings": [_brief(finding) for finding in report.findings],
        "known_not_seen": [
            {"id": entry.id, "title": entry.title, "url": entry.url, "subject": entry.subject}
            for entry in report.unseen
        ],
        "tool_errors": [{**row, "log_line": line} for line, row in report.tool_errors],
        "log": {"file": "log.jsonl", "lines": len(report.rows)},
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding's row of the log, with what the report knows besides."""
    known = finding.known
    return {
        **finding.row,
        "hits": finding.hits,
        "new": finding.new,
        "known": None if known is None else {"id": known.id, "title": known.title, "url": known.url},
        "log_line": finding.line,
    }


def _brief(finding: Finding) -> dict[str, Any]:
    row = finding_json(finding)
    return {name: row[name] for name in _BRIEF}


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
