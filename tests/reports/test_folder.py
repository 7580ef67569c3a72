"""The output folder: refused before the work if it is not ours, and never half-written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports import folder
from reports.folder import FolderError, check, publish

REPORT = {folder.MARKER: json.dumps({"schema": folder.SCHEMA}), "index.html": "<p>", "findings/a.json": "{}"}


def contents(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_a_new_folder_gets_exactly_the_files(tmp_path: Path):
    publish(tmp_path / "deep" / "out", REPORT)
    assert contents(tmp_path / "deep" / "out") == REPORT
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_an_empty_folder_is_filled(tmp_path: Path):
    publish(tmp_path, REPORT)
    assert contents(tmp_path) == REPORT


def test_an_earlier_report_is_replaced_with_its_findings(tmp_path: Path):
    publish(tmp_path, REPORT)
    second = {**REPORT, "index.html": "<p>2"}
    del second["findings/a.json"]
    publish(tmp_path, second)
    assert contents(tmp_path) == second


def test_checking_changes_nothing(tmp_path: Path):
    check(tmp_path / "deep" / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("marker", ["", "{", "[]", '{"schema": "other"}'])
def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path, marker: str):
    (tmp_path / "thesis.txt").write_text("mine")
    if marker:
        (tmp_path / folder.MARKER).write_text(marker)
    before = contents(tmp_path)
    for action in (lambda: check(tmp_path), lambda: publish(tmp_path, REPORT)):
        with pytest.raises(FolderError, match="holds something else"):
            action()
    assert contents(tmp_path) == before


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("mine")
    for target in (file, file / "below"):
        with pytest.raises(FolderError, match="is not a folder"):
            check(target)
    assert contents(tmp_path) == {"file": "mine"}


def test_a_place_that_cannot_be_written_is_refused():
    with pytest.raises(FolderError, match="cannot be written"):
        check(Path("/proc/nowhere"))


@pytest.mark.parametrize("existing", [False, True])
def test_an_error_on_the_way_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool
):
    target = tmp_path / "out"
    if existing:
        publish(target, REPORT)
    before = contents(tmp_path)

    def full(path: Path, text: str) -> None:
        if path.name == "index.html":
            raise OSError(28, "No space left on device")
        path.write_text(text)

    monkeypatch.setattr(folder, "_write", full)
    with pytest.raises(FolderError, match="No space left on device"):
        publish(target, {folder.MARKER: "new", "index.html": "new"})
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if existing else [])
