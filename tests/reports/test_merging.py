"""compare --merge: parts of one plan become the run that they are parts of, and what is missing is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.cli import main
from reports.store import Journal
from tests.reports.conftest import ENVIRONMENT, PLAN, shard


def part(folder: Path, number: int, of: int, *shards: dict[str, Any], complete: bool = True, **plan: Any) -> str:
    """A run of one part of the plan, as ``--shard`` leaves it."""
    whole = {**PLAN, "backends": [], "backend_share": 0.0, "device_share": 0.0, "part": [number, of], **plan}
    whole.pop("jobs", None)
    head = {"kind": "run", "schema": 1, "id": f"r{number}", "started": "t", "command": "fuzz", "plan": whole}
    with Journal.create(folder, {**head, "environment": ENVIRONMENT, "code": {"runtime-assert": "d"}}) as journal:
        for row in shards:
            unit = ["search", row["cell"], row["shard"]]
            journal.append({"kind": "unit", "unit": unit, "rows": [row], "hits": []})
        journal.append({"kind": "end", "complete": complete, "seconds": 2.0})
    return str(folder)


def merge(target: Path, *folders: str) -> int:
    return main(["compare", "--merge", *folders, "--output", str(target)])


def test_two_parts_are_the_run_that_they_are_parts_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    first = part(tmp_path / "a", 1, 2, shard(0, 0), shard(1, 0))
    second = part(tmp_path / "b", 2, 2, shard(0, 1))
    assert merge(tmp_path / "out", second, first) == 0
    rows = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert [(row["cell"], row["shard"]) for row in rows if row["kind"] == "shard"] == [(0, 0), (0, 1), (1, 0)]
    assert rows[0]["plan"]["part"] is None
    assert "150 programs" in capsys.readouterr().out


def test_a_missing_and_an_unfinished_part_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    first = part(tmp_path / "a", 1, 3, shard(0, 0))
    third = part(tmp_path / "c", 3, 3, shard(0, 1), complete=False)
    assert merge(tmp_path / "out", first, third) == 5
    log = (tmp_path / "out" / "log.jsonl").read_text()
    assert "shard 2/3" in log
    assert "shard 3/3" in log
    assert "shard 1/3" not in log


@pytest.mark.parametrize(
    ("number", "of", "plan", "says"),
    [
        (1, 2, {}, "is in"),
        (2, 3, {}, "one of 3 parts"),
        (2, 2, {"seed": 9}, "seed differs"),
    ],
    ids=["twice", "other number", "other plan"],
)
def test_what_does_not_fit_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int, of: int, plan: dict[str, Any], says: str
):
    first = part(tmp_path / "a", 1, 2, shard(0, 0))
    other = part(tmp_path / "b", number, of, **plan)
    assert merge(tmp_path / "out", first, other) == 2
    err = capsys.readouterr().err
    assert says in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["compare"], ["compare", "."], ["compare", "--merge", "nowhere"]])
def test_bad_input_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str]):
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err
