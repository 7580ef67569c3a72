"""Snapshots of every format: a change of what users and machines read shows as a diff that somebody has to look at.

After a change on purpose: ``pytest tests/reports/test_snapshots.py --snapshot-update``, and read the diff.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.types import SerializableData

from reports.model import Report, build
from reports.render import every_file, issue, terminal
from tests.reports.conftest import ENTRY, ENVIRONMENT, NEW, finding, log, shard, tally


class Text(SingleFileSnapshotExtension):
    """A file for each snapshot, as it is, so that a diff of it can be read."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    def serialize(self, data: SerializableData, **_: object) -> str:
        return str(data)


@pytest.fixture
def as_before(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Text)


@pytest.fixture
def report() -> Report:
    """A known finding, a new one that was met three times, programs that were refused, and one left undecided."""
    torn = tally(proved=44, refuted={"missing": 3}, undecided={"solver gave up": 1}, not_captured={"data-dependent": 2})
    rows = log(finding(), NEW, {"kind": "hits", "bucket": NEW["bucket"], "count": 3})
    rows[3] = shard(1, 0, torch=torn)
    return build(rows, [ENTRY])


FORMATS = (
    "index.html",
    "summary.md",
    "junit.xml",
    "results.sarif",
    "findings.jsonl",
    "run.json",
    "findings/ffffffff.py",
)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_the_folder_reads_as_before(name: str, report: Report, as_before: SnapshotAssertion) -> None:
    text = every_file(report)[name]
    if name == "index.html":  # how it looks is for the browser's tests
        text = re.sub(r"<style>.*?</style>", "<style></style>", text, flags=re.DOTALL)
    if name.endswith((".sarif", ".json", ".jsonl")):  # one member a line: the order is the document's own
        text = "\n".join(json.dumps(json.loads(part), indent=1) for part in _documents(name, text))
    assert text == as_before


@pytest.mark.parametrize("width", [40, 120])
def test_the_terminal_reads_as_before(width: int, report: Report, as_before: SnapshotAssertion) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=width, markup=False, highlight=False, color_system=None)
    for part in terminal.report_parts(report, Path("out"), narrow=width < 100):
        console.print(part, soft_wrap=True)
    assert stream.getvalue() == as_before


def test_the_draft_of_an_issue_reads_as_before(as_before: SnapshotAssertion) -> None:
    assert issue.draft(NEW, ENVIRONMENT, hits=3) == as_before


def _documents(name: str, text: str) -> list[str]:
    return text.splitlines() if name.endswith(".jsonl") else [text]
