"""The matrix of findings by release of torch."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from reports import matrix
from reports.matrix import Column, MatrixError, buckets, matrix_json, matrix_markdown, versions_of


def finding(signature: str, hits: int, known: str | None = None) -> dict[str, Any]:
    return {
        "subject": "torch",
        "property": "RA101",
        "direction": "missing",
        "signature": signature,
        "hits": hits,
        "known": None if known is None else {"id": known},
    }


def column(version: str, *findings: dict[str, Any]) -> Column:
    run = {"findings": findings, "programs": 9, "complete": True, "environment": {}, "subjects": {}}
    return Column(version, run)


COLUMNS = [
    column("2.12.0", finding("RA101 missing a", 2, "old"), finding("RA101 missing b", 3, "old")),
    column("2.13.0", finding("RA101 missing c", 1)),
    Column("9.9.9", None, "no environment: no such release"),
]


def test_adds_up_findings_of_one_known_cause() -> None:
    """Two signatures of one entry are one line; a finding that no entry names is a line of its own."""
    found = buckets(COLUMNS)
    assert found[("torch", "RA101", "missing", "", "old")] == {"2.12.0": 5}
    assert found[("torch", "RA101", "missing", "RA101 missing c", "")] == {"2.13.0": 1}


def test_a_release_that_was_not_audited_is_no_clean_one() -> None:
    """Its cells say so, and so does its remark."""
    page = matrix_markdown(COLUMNS)
    (known,) = [line for line in page.splitlines() if "| old |" in line]
    assert known.endswith("| 5 | · | ? |")
    assert "no such release" in page
    assert matrix_json(COLUMNS)["versions"][2]["complete"] is False


@pytest.mark.parametrize("text", ["", "latest", "2.13.0,--index-url=x", "2.13.0;rm"])
def test_refuses_what_is_no_version(text: str) -> None:
    """What goes to pip is a version number and nothing else."""
    with pytest.raises(MatrixError):
        versions_of(text)


def test_a_release_that_pip_does_not_have_is_a_column_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The other releases are audited all the same, and nothing of the environment stays."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        pip = "pip" in command
        return subprocess.CompletedProcess(command, int(pip), "", "ERROR: No matching distribution\n" if pip else "")

    monkeypatch.setattr(matrix.subprocess, "run", run)
    monkeypatch.setattr(matrix, "NEEDED_BYTES", 0)
    (only,) = matrix.run_matrix(["9.9.9"], [], tmp_path, lambda text: None)
    assert only.run is None
    assert "No matching distribution" in only.reason
    assert list(tmp_path.iterdir()) == []


def test_refuses_to_start_without_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment takes gigabytes; a full disk is found out before."""
    monkeypatch.setattr(matrix, "NEEDED_BYTES", 2**80)
    with pytest.raises(MatrixError, match="GiB free"):
        matrix.run_matrix(["2.13.0"], [], tmp_path, lambda text: None)
