"""What ``check`` makes of its rows: the exit status and the text."""

from __future__ import annotations

from typing import Any

import pytest

from reports.status import ExitStatus
from reports.targets import status_of


def row(outcome: str = "captured", *, findings: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    result = {"findings": list(findings), "verdicts": {"RA101": {"status": more.pop("status", "PROVED")}}}
    return {"outcome": outcome, "errors": [], "subjects": {"torch": result}, **more}


def finding(code: str) -> dict[str, Any]:
    return {"property": code, "direction": "missing", "subject": "torch", "signature": f"{code} of a test"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row()], ExitStatus.CLEAN),
        ([row(), row("plain")], ExitStatus.CLEAN),
        ([row(in_place={"export": "same", "compile": "both refuse"})], ExitStatus.CLEAN),
        ([row(in_place={"export": "outputs differ"})], ExitStatus.NEW_FINDINGS),
        ([row(findings=(finding("RA101"),))], ExitStatus.NEW_FINDINGS),
        ([row(status="UNDECIDED")], ExitStatus.UNDECIDED),
        ([row(findings=(finding("RA101"),)), row(status="UNDECIDED")], ExitStatus.NEW_FINDINGS),
        ([row(errors=["boom"])], ExitStatus.TOOL_ERROR),
        ([{**row("refused"), "subjects": {}}], ExitStatus.UNDECIDED),
        ([{**row("tool error"), "subjects": {}}], ExitStatus.TOOL_ERROR),
    ],
)
def test_the_exit_status_says_what_the_rows_say(rows: list[dict[str, Any]], expected: ExitStatus) -> None:
    """Nothing found is status 0, whatever was asked; a finding prevails over what could not be decided."""
    assert status_of(rows, (), "2.13.0")[0] == expected
