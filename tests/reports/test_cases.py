"""A check of a collection that was cut off: what it has finished is kept, and the same check goes on from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from properties.targets import collections
from reports.cli import main
from reports.cli.cases import NAME
from reports.status import ExitStatus

CASES = ("first", "second", "third")


def rows_of(name: str) -> list[dict[str, Any]]:
    from properties.targets.check import empty_row

    return [{**empty_row(name, "export"), "outcome": "plain"}]


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Puts a collection of three cases in the place of torch's; the second check of ``third`` is the first to end.

    Returns:
        The names of the cases that were checked, as it goes.
    """
    asked: list[str] = []

    def results(function: Any, jobs: list[tuple[Any, ...]], **_: Any) -> Any:
        for job in jobs:
            name = job[1]
            if name == "third" and name not in asked:
                asked.append(name)
                raise KeyboardInterrupt
            asked.append(name)
            yield rows_of(name)

    monkeypatch.setattr(collections, "case_names", lambda collection: CASES)
    monkeypatch.setattr(collections, "results", results)
    return asked


def cut_off(folder: Path) -> None:
    """Begins a check that its user interrupts in its third case."""
    assert main(["check", "torch:examples", "--output", str(folder)]) == ExitStatus.INCOMPLETE


def test_what_was_finished_is_not_checked_again(tmp_path: Path, checked: list[str]) -> None:
    """The cases before the interruption are kept; the result has all cases, in the order of their names."""
    folder = tmp_path / "out"
    cut_off(folder)
    assert main(["check", "torch:examples", "--resume", str(folder)]) == 0
    assert checked == ["first", "second", "third", "third"]
    document = json.loads((folder / "check.json").read_text())
    assert [row["target"] for row in document["targets"]] == list(CASES)
    assert not (folder / NAME).exists()


def test_an_unfinished_check_is_not_written_over(
    tmp_path: Path, checked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """``--output`` at it is refused in one line that names the way on."""
    cut_off(tmp_path)
    before = (tmp_path / NAME).read_bytes()
    capsys.readouterr()
    assert main(["check", "torch:examples", "--output", str(tmp_path)]) == 2
    assert f"--resume {tmp_path}" in capsys.readouterr().err
    assert (tmp_path / NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (("--frontend", "make_fx"), "that check has frontend none, not make_fx"),
        (("--in-place",), "that check has in-place False, not True"),
    ],
)
def test_another_check_is_not_gone_on_with(
    tmp_path: Path, checked: list[str], capsys: pytest.CaptureFixture[str], more: tuple[str, ...], text: str
) -> None:
    """The first thing that was asked otherwise is named."""
    cut_off(tmp_path)
    capsys.readouterr()
    assert main(["check", "torch:examples", "--resume", str(tmp_path), *more]) == 2
    assert text in capsys.readouterr().err


def test_a_finished_check_and_code_of_ones_own_are_not_resumed(
    tmp_path: Path, checked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Both in one line."""
    cut_off(tmp_path)
    assert main(["check", "torch:examples", "--resume", str(tmp_path)]) == 0
    for target, text in (("torch:examples", "that check is finished"), ("mine.py:model", "is for torch:...")):
        capsys.readouterr()
        assert main(["check", target, "--resume", str(tmp_path)]) == 2
        assert text in capsys.readouterr().err
