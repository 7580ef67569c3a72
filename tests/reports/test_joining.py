"""Runs of several machines joined into one report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.joining import JoinError, joined, load, main
from reports.model import build
from reports.status import ExitStatus
from tests.reports.conftest import finding, log, shard

ON_CUDA = [{**row, "device": "cuda"} if row["kind"] == "shard" else row for row in log()]


def test_two_runs_stand_side_by_side_in_one_report():
    """Programs add up, and each cell knows its device."""
    one, other = build(log(), ()), build(ON_CUDA, ())
    both = build(joined(log(), ON_CUDA), ())
    assert both.programs == one.programs + other.programs
    assert len(both.cells) == len(one.cells) + len(other.cells)
    assert both.status is ExitStatus.CLEAN
    assert all(cell.lines for cell in both.cells)


def test_a_finding_of_the_second_run_keeps_its_place():
    """Its cell is one of the second run's, and it counts like one of the first."""
    rows = joined(log(), log(finding()))
    (row,) = [row for row in rows if row["kind"] == "finding"]
    assert row["case"]["cell"] == finding()["case"]["cell"] + len(log()[0]["plan"]["cells"])
    assert row["run"] == 1
    assert build(rows, ()).status is ExitStatus.NEW_FINDINGS


def test_a_device_that_was_not_at_hand_shows_in_the_joined_report():
    """Joining must not make a run complete that was not."""
    absent = {"not_run": {"no CUDA device: torch 2.11.0 sees none": 50}}
    rows = joined(log(), log({**shard(1, 1), **absent, "device": "cuda"}))
    assert build(rows, ()).status is ExitStatus.INCOMPLETE
    assert build(joined(log(), log(complete=False)), ()).status is ExitStatus.INCOMPLETE


def test_a_packed_run_is_loaded_as_it_was(tmp_path: Path):
    """It can be carried and committed as one file."""
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ON_CUDA))
    assert main([str(tmp_path), str(tmp_path / "cuda.json")]) == 0
    assert load(tmp_path / "cuda.json") == load(tmp_path) == json.loads(json.dumps(ON_CUDA))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "runtime-assert/packed-run/1", "rows": []}'])
def test_what_is_no_packed_run_is_refused_in_one_line(tmp_path: Path, text: str):
    """The line names the file."""
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(JoinError, match=r"x\.json: [^\n]*$"):
        load(path)
    with pytest.raises(JoinError, match="nowhere"):
        load(tmp_path / "nowhere")
