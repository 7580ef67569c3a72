"""The finding of a hit that was not shrunk or not traced again: the Program as it was drawn, and what its hit says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from properties.registry import properties
from strategies.program import Program
from strategies.source import standalone_source


def finding_id(bucket: str, program: Program, frontend: str) -> str:
    """Eight hexadecimal digits that stand for a finding."""
    return hashlib.sha256(f"{bucket}/{program.key()}/{frontend}".encode()).hexdigest()[:8]


def bucket_of(signature: tuple[str, ...]) -> str:
    """Twelve hexadecimal digits that stand for a signature: subject, code, direction, cause, skeleton."""
    return hashlib.sha256("|".join(signature).encode()).hexdigest()[:12]


def drawn_row(hit: Mapping[str, Any], frontend: str) -> dict[str, Any]:
    """The row of a finding; nothing is run or traced for it."""
    subject, code, direction, cause, skeleton = hit["signature"]
    program = Program.from_json(hit["program"])
    bucket = bucket_of((subject, code, direction, cause, skeleton))
    return {
        "kind": "finding",
        "id": finding_id(bucket, program, frontend),
        "bucket": bucket,
        "signature": f"{code} {direction} {skeleton}".strip(),
        "cause": cause,
        "title": hit["title"],
        "property": code,
        "property_name": properties()[code].name,
        "direction": direction,
        "subject": subject,
        "seen_with": hit["seen_with"],
        "stage": hit["stage"],
        "frontend": frontend,
        "device": hit.get("device", "cpu"),
        "case": dict(hit["where"]),
        "program": hit["program"],
        "source": standalone_source(program),
        "statements": len(program.body),
        "constraint": "",
        "emitted": [],
        "required": [],
        "graph_before": "",
        "graph_after": "",
        "example_inputs": [],
        "input_names": [],
        "dynamic": [],
        "witness": None,
        "detail": hit.get("detail", ""),
        "frontends": {frontend: f"REFUTED({direction})"},
        "shrunk": False,
    }
