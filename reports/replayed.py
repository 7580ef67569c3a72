"""What running one case again came to: its exit status and one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.status import ExitStatus
from reports.text import one_line


def status_of(row: Mapping[str, Any]) -> tuple[ExitStatus, str]:
    """The exit status and the sentence for the row that ``properties.campaign.replay`` returned."""
    if row["findings"]:
        first = row["findings"][0]
        return (
            ExitStatus.NEW_FINDINGS,
            f"the fault shows: {one_line(first['property'])}, {one_line(first['title'])}",
        )
    if row["errors"]:
        return ExitStatus.TOOL_ERROR, f"this tool failed: {one_line(row['errors'][0])}"
    if row["refusal"]:
        return ExitStatus.UNDECIDED, f"nothing is decided: not captured: {one_line(row['refusal'])}"
    open_ = [f"{code} {verdict}" for code, verdict in row["verdicts"].items() if verdict != "PROVED"]
    if open_ or not row["verdicts"]:
        return ExitStatus.UNDECIDED, f"nothing is decided: {one_line('; '.join(open_) or 'no verdict')}"
    return ExitStatus.CLEAN, "no fault shows"
