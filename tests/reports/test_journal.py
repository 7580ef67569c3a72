"""The journal: what was acknowledged is read back whatever happens to its end, and damage is told in one line."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.store import NAME, Journal, JournalError, read_journal
from reports.store import journal as journal_module

RUN: dict[str, Any] = {"kind": "run", "id": "aa", "started": "2026-01-01T00:00:00Z", "plan": {"seed": 0}}


def written(folder: Path, count: int = 3) -> Path:
    with Journal.create(folder, RUN) as journal:
        for number in range(count):
            journal.append({"kind": "unit", "number": number, "nested": {"x": {"y": {}}}})
    return folder / NAME


def test_reads_back_what_was_appended(tmp_path: Path):
    contents = read_journal(written(tmp_path / "new" / "folder"))
    assert [record.get("number") for record in contents.records] == [None, 0, 1, 2]
    assert contents.run == {**RUN, "format": journal_module.FORMAT}
    assert contents.torn == 0


def test_a_file_cut_at_any_byte_keeps_every_whole_record_and_can_be_taken_up_again(tmp_path: Path):
    """Every possible torn end: the records before it stand, and the next one is not swallowed by it."""
    path = written(tmp_path, 2)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole) + 1):
        path.write_bytes(whole[:cut])
        expected = whole[:cut].count(b"\n")
        assert len(read_journal(path).records) == expected
        for _ in range(2):  # a second time, behind the end that was marked
            journal, contents = Journal.reopen(path)
            with journal:
                assert len(contents.records) == expected
                journal.append({"kind": "resumed"})
            expected += 1
        assert [record["kind"] for record in read_journal(tmp_path).records[-2:]] == ["resumed", "resumed"]


def test_one_changed_byte_anywhere_is_damage_or_a_torn_end_never_another_record(tmp_path: Path):
    path = written(tmp_path, 2)
    whole = path.read_bytes()
    original = read_journal(path).records
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        if place == len(whole) - 1:
            assert read_journal(path).records == original[:-1]
            continue
        with pytest.raises(JournalError) as caught:
            read_journal(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", [0, 1, 2], ids=["run", "first", "second"])
def test_a_line_that_is_gone_is_damage(tmp_path: Path, line: int):
    path = written(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    with pytest.raises(JournalError, match=f"record {line} is missing"):
        read_journal(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "no record"), (b"hello\n", "damaged at line 1"), (b"\x00\xff" * 9, "no record"), (b"{}\n", "damaged")],
    ids=["empty", "text", "binary", "other json"],
)
def test_what_is_no_journal_is_refused(tmp_path: Path, data: bytes, says: str):
    (tmp_path / NAME).write_bytes(data)
    with pytest.raises(JournalError, match=says):
        Journal.reopen(tmp_path)
    assert (tmp_path / NAME).read_bytes() == data


def test_a_newer_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as newer:
        newer.setattr(journal_module, "FORMAT", 99)
        written(tmp_path)
    with pytest.raises(JournalError, match="format 99, newer than this version reads"):
        read_journal(tmp_path)


def test_a_missing_journal_and_a_folder_that_cannot_be_made_are_told(tmp_path: Path):
    with pytest.raises(JournalError, match="cannot be read: No such file"):
        Journal.reopen(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be written"):
        Journal.create(tmp_path / "file" / "below", RUN)


def test_a_second_writer_is_refused(tmp_path: Path):
    with Journal.create(tmp_path, RUN) as journal:
        journal.append({"kind": "unit"})
        for again in (lambda: Journal.reopen(tmp_path), lambda: Journal.create(tmp_path, RUN)):
            with pytest.raises(JournalError, match="another process is writing"):
                again()
    assert len(read_journal(tmp_path).records) == 2


def test_a_full_disk_ends_the_writing_and_keeps_what_was_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The disk takes ten bytes of the second record and no more: the first stands, and so does what comes later."""
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if data[:1] == b"{":
            return real(descriptor, data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Journal.create(tmp_path, RUN) as journal:
        journal.append({"kind": "unit", "number": 0})
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(JournalError, match="No space left on device"):
            journal.append({"kind": "unit", "number": 1})
        monkeypatch.undo()
        with pytest.raises(JournalError, match="earlier record"):
            journal.append({"kind": "unit", "number": 2})
    contents = read_journal(tmp_path)
    assert [record.get("number") for record in contents.records] == [None, 0]
    assert contents.torn == 1
    journal, _ = Journal.reopen(tmp_path)
    with journal:
        journal.append({"kind": "unit", "number": 1})
    assert read_journal(tmp_path).records[-1]["number"] == 1


KILLED = """
import json, pathlib, sys
from reports.store import Journal
with Journal.create(pathlib.Path(sys.argv[1]), {"kind": "run", "plan": {}}) as journal:
    for number in range(10**9):
        journal.append({"kind": "unit", "number": number})
        print(number, flush=True)
"""


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path):
    """A writer that says each number only after it was appended is killed while it writes."""
    for round_ in range(3):
        folder = tmp_path / str(round_)
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(20 + 7 * round_)]
        process.kill()
        acknowledged += [int(line) for line in process.stdout.read().splitlines() if line]
        process.wait()
        kept = [record["number"] for record in read_journal(folder).records[1:]]
        assert kept[: len(acknowledged)] == acknowledged
        assert kept == list(range(len(kept)))


def test_every_whole_line_is_json_of_its_own(tmp_path: Path):
    lines = [json.loads(line) for line in written(tmp_path).read_text().splitlines()]
    assert [line["seq"] for line in lines] == [0, 1, 2, 3]
