"""Files to replay: findings and Programs are read, everything else is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.reading import MAX_BYTES, Case, ReadingError, read_case
from tests.reports.conftest import finding

PROGRAM = {"schema": 1, "dims": [], "params": [], "body": []}


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "case.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_finding_names_its_subject_frontend_and_property(tmp_path: Path):
    row = finding()
    expected = Case(row["program"], subject="torch", frontend="make_fx", property="RA101")
    assert read_case(write(tmp_path, json.dumps(row))) == expected


def test_a_bare_program_leaves_them_open(tmp_path: Path):
    assert read_case(write(tmp_path, json.dumps(PROGRAM, indent=2))) == Case(PROGRAM)


def test_one_finding_is_chosen_by_its_id(tmp_path: Path):
    rows = [finding(), finding(id="ffffffff", subject="mine.py:go")]
    path = write(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))
    assert read_case(path, "ffffffff").subject == "mine.py:go"


@pytest.mark.parametrize("finding_id", [None, "nope"])
def test_several_findings_need_an_id_that_is_there(tmp_path: Path, finding_id: str | None):
    rows = [finding(), finding(id="ffffffff")]
    path = write(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(ReadingError, match="0a1b2c3d, ffffffff"):
        read_case(path, finding_id)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ("{}\n{", "neither JSON nor JSON lines"),
        ("{}\n[]\n{}", "not a finding and not a Program"),
        ("[]", "not a finding and not a Program"),
        ("3", "not a finding and not a Program"),
        ("{}", "a key 'program' or 'body' is needed"),
        ('{"version": 3, "packages": []}', "found packages, version"),
        ('{"program": [1]}', "program="),
        ('{"program": {}, "subject": 3}', "subject=3"),
        ('{"body": [NaN]}', "NaN is no JSON"),
        ('{"body": [1e999]}', "too large for a float"),
        ('{"body": ' + "[" * 80 + "]" * 80 + "}", "nested deeper than 64"),
        ("[" * 200_000, "nested deeper than 64"),
        ('{"body": [' + "1," * 200_001 + "1]}", "more than 200000 values"),
        ('{"body": [' + "1" * 5000 + "]}", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b" " * (MAX_BYTES + 1), "larger than"),
    ],
    ids=[
        "empty", "text", "torn lines", "lines of other things", "list", "number", "no keys", "foreign",
        "program no object", "subject no text", "NaN", "infinite", "deep", "very deep", "long", "huge int",
        "binary", "large",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(tmp_path: Path, text: str | bytes, message: str):
    path = write(tmp_path, text)
    with pytest.raises(ReadingError) as error:
        read_case(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(ReadingError, match="cannot be read"):
            read_case(path)
