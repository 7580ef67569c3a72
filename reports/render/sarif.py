"""``results.sarif``: SARIF 2.1.0, for code-scanning views; a result is a bucket, a rule is a property."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reports.grouping import Finding
from reports.model import Report
from reports.render import wording
from reports.status import ExitStatus
from reports.text import clipped, markdown, markdown_block, one_line, plain

VERSION = "2.1.0"
SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

# Faults of cost and of messages are none of correctness.
_WARNINGS = ("RA4", "RA5")
_LINES = 60


def files(report: Report) -> Iterator[tuple[str, str]]:
    """``results.sarif``."""
    yield "results.sarif", json.dumps(document(report), indent=1) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The log file object with one run."""
    rules = _rules(report)
    places = {rule["id"]: index for index, rule in enumerate(rules)}
    invocation: dict[str, Any] = {
        "executionSuccessful": report.complete and report.status is not ExitStatus.TOOL_ERROR,
        "exitCode": int(report.status),
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": plain(f"{row['where']}: {row['text']}")}}
            for _, row in report.tool_errors
        ],
    }
    if report.started:
        invocation["startTimeUtc"] = report.started[:19] + "Z"
    return {
        "$schema": SCHEMA_URI,
        "version": VERSION,
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "runtime-assert",
                        "semanticVersion": str(report.environment.get("runtime-assert", "0.0.0")),
                        "rules": rules,
                    }
                },
                "invocations": [invocation],
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, places) for finding in report.findings],
                "properties": {"environment": dict(report.environment), "seed": report.plan["seed"]},
            }
        ],
    }


def _rules(report: Report) -> list[dict[str, Any]]:
    """The properties that the plan names or a finding breaks, described as the registry does."""
    from properties.registry import properties

    known = properties()
    codes = dict.fromkeys([*report.plan["properties"], *(finding.row["property"] for finding in report.findings)])
    return [
        {
            "id": code,
            "shortDescription": {"text": plain(known[code].name if code in known else code)},
            "fullDescription": {"text": plain(known[code].text if code in known else code)},
            "defaultConfiguration": {"level": _level(code)},
        }
        for code in codes
    ]


def _level(code: str) -> str:
    return "warning" if code.startswith(_WARNINGS) else "error"


def _result(finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    row = finding.row
    result: dict[str, Any] = {
        "ruleId": row["property"],
        "ruleIndex": places[row["property"]],
        "kind": "fail",
        "level": _level(row["property"]),
        "message": {"text": _message(finding), "markdown": _markdown(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"findings/{finding.id}.json"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": one_line(row["subject"]), "kind": "function"}],
            }
        ],
        "partialFingerprints": {"bucket/v1": one_line(finding.bucket or row["bucket"])},
        "occurrenceCount": finding.hits,
        "baselineState": "new" if finding.new else "unchanged",
        "properties": {
            "id": finding.id,
            "direction": one_line(row["direction"]),
            "stage": one_line(row["stage"]),
            "frontend": one_line(row["frontend"]),
            "signature": one_line(row["signature"]),
            "logLine": finding.line,
        },
    }
    if finding.known is not None and not finding.new:
        result["suppressions"] = [
            {
                "kind": "external",
                "justification": plain(f"{finding.known.id}: {finding.known.title} ({finding.known.url})"),
            }
        ]
    return result


def _message(finding: Finding) -> str:
    row = finding.row
    text = f"{row['subject']}: {row['title']}: {row['constraint'] or row['signature']}."
    witness = row["witness"]
    if witness:
        inputs = ", ".join(f"{name} = {value}" for name, value in wording.inputs(row, witness["inputs"]))
        text += f" For {inputs} eager {wording.ran(witness['eager'])} and the graph {wording.ran(witness['after'])}."
    return plain(f"{text} Again: {wording.replay_command(finding.id)}")


def _markdown(finding: Finding) -> str:
    return (
        f"{markdown(_message(finding))}\n\n{markdown_block(clipped(finding.row['source'].rstrip(), _LINES), 'python')}"
    )
