"""The journal of a run: an append-only file in which everything that a campaign finished is safe against any end.

One record a line, ``{"seq": 3, "crc": "9a0b1c2d", "record": {...}}``: ``seq`` counts from 0 without a gap, ``crc`` is
the CRC-32 of the sequence number and the record's text as written. A record is on the disk (``fsync``) when
:meth:`Journal.append` returns; whoever acts on it only then can be killed at any moment and lose nothing that was
acknowledged.

Record 0 is the ``run`` row: plan, environment, ``id`` and ``started``. Then come, in the order in which work was
finished, records of the kinds ``unit`` (one shard searched or one finding shrunk, whole or not at all), ``resumed`` and
``end``. Readers ignore kinds that they do not know. :func:`properties.campaign.derive.rows_of` turns a journal into the
rows of the log, in the order of the plan, so that they depend on the work and not on who was faster.

A last line without an end was being written when the writer was killed: it is skipped, and when the journal is taken
up again its end becomes ``#cut``. Any other line that fails its check is damage, and refused.
"""

from __future__ import annotations

import errno
import json
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

try:
    import fcntl
except ImportError:  # not on Windows, where a second writer is not noticed
    fcntl = None

NAME = "journal.jsonl"
"""The journal's name in the folder of a run."""
FORMAT = 1
"""Raised with every change that an older reader would misread."""

_CUT = b"#cut"
_BEGINNING = b'{"seq":0,"crc":"'
_LINE = re.compile(rb'\{"seq":(\d{1,15}),"crc":"([0-9a-f]{8})","record":(\{.*\})\}')


class JournalError(RuntimeError):
    """A journal that cannot be written, read or taken up again: one line that names the file and says why."""


class WriteError(JournalError):
    """A record that could not be written to a journal that was fine before: the run ends, and can be resumed."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A journal as read: its records in order (the first is the run), and how many unfinished lines were skipped.

    ``open_end`` says that the last line is one of these.
    """

    path: Path
    records: tuple[dict[str, Any], ...]
    torn: int
    open_end: bool = False

    @property
    def run(self) -> dict[str, Any]:
        """Record 0: the ``run`` row with plan and environment."""
        return self.records[0]


def read_journal(path: Path, kind: str = "run") -> Contents:
    """Reads and checks a whole journal whose record 0 is of ``kind``; ``path`` is the file or the folder of its run.

    Raises:
        JournalError: if it cannot be read, is no journal, is damaged, or is of a newer format.
    """
    path = _file(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    records: list[dict[str, Any]] = []
    *lines, last = data.split(b"\n")
    torn = 0
    for number, line in enumerate(lines, start=1):
        if not line or line.endswith(_CUT):
            torn += bool(line)
            continue
        parsed = _parsed(line)
        if parsed is None:
            raise JournalError(f"{path}: damaged at line {number}: the checksum of record {len(records)} is wrong")
        sequence, record = parsed
        if sequence != len(records):
            raise JournalError(f"{path}: damaged before line {number}: record {len(records)} is missing")
        records.append(record)
    if not records:
        raise JournalError(f"{path}: no journal of a {kind} (it holds no record)")
    head = records[0]
    if head.get("kind") != kind or not isinstance(head.get("plan"), dict):
        raise JournalError(f"{path}: no journal of a {kind} (it begins with {str(head.get('kind'))[:40]!r})")
    if not isinstance(head.get("format"), int) or head["format"] > FORMAT:
        raise JournalError(f"{path}: of format {head.get('format')}, newer than this version reads ({FORMAT})")
    return Contents(path, tuple(records), torn + bool(last), not data.endswith(b"\n"))


def is_begun(folder: Path) -> bool:
    """Whether ``folder`` holds a journal, or the beginning of one whose writer was killed in its first record."""
    try:
        with (folder / NAME).open("rb") as file:
            start = file.read(len(_BEGINNING))
    except OSError:
        return False
    return _BEGINNING.startswith(start)


class Journal:
    """The one writer of a journal. Close it, or use it as a context manager."""

    def __init__(self, path: Path, descriptor: int, sequence: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._sequence = sequence
        self._broken = False

    @classmethod
    def create(cls, folder: Path, run: Mapping[str, Any], name: str = NAME) -> Journal:
        """Starts the journal of a new run in ``folder``, which is made if it is missing; an older one is replaced.

        Args:
            run: the ``run`` row; ``format`` is added.
            name: of the file, for a journal of another kind than a run's.

        Raises:
            JournalError: if it cannot be written, or another process is writing the one that is there.
        """
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise _unwritable(path, error) from error
        journal = cls(path, descriptor, 0)
        try:
            journal._lock()
            try:
                os.ftruncate(descriptor, 0)
            except OSError as error:
                raise _unwritable(path, error) from error
            journal.append({**run, "format": FORMAT})
            _sync_folder(folder)
        except JournalError:
            journal.close()
            raise
        return journal

    @classmethod
    def reopen(cls, path: Path, kind: str = "run") -> tuple[Journal, Contents]:
        """Takes a journal up again where it ends, with what it holds; its record 0 is of ``kind``.

        Raises:
            JournalError: as :func:`read_journal`, and if it cannot be written or another process is writing it.
        """
        path = _file(path)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            verb = "read" if error.errno == errno.ENOENT else "written"
            raise JournalError(f"{path}: cannot be {verb}: {error.strerror}") from error
        journal = cls(path, descriptor, 0)
        try:
            journal._lock()
            contents = read_journal(path, kind)
            if contents.open_end:
                # Without it, the line that was cut short would swallow the next record.
                journal._write(_CUT + b"\n")
        except JournalError:
            journal.close()
            raise
        journal._sequence = len(contents.records)
        return journal, contents

    def append(self, record: Mapping[str, Any]) -> None:
        """Writes one record; it is on the disk when this returns.

        Raises:
            WriteError: if it cannot be written (a full disk). Nothing more is accepted after that: what is on the
                disk up to here stands, and the run can be resumed from it.
        """
        if self._broken:
            raise WriteError(f"{self.path}: an earlier record could not be written")
        text = json.dumps(record, separators=(",", ":")).encode()
        crc = zlib.crc32(b"%d:" % self._sequence + text)
        self._write(b'{"seq":%d,"crc":"%08x","record":%s}\n' % (self._sequence, crc, text))
        self._sequence += 1

    def close(self) -> None:
        """Gives the file free; can be called again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError as error:
            self._broken = True
            raise WriteError(f"{self.path}: cannot be written: {error.strerror}") from error

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(f"{self.path}: another process is writing it") from error
        except OSError:
            # A file system without locks; a run there is not protected from a second writer.
            return


def _file(path: Path) -> Path:
    return path / NAME if path.is_dir() else path


def _parsed(line: bytes) -> tuple[int, dict[str, Any]] | None:
    match = _LINE.fullmatch(line)
    if match is None or zlib.crc32(match[1] + b":" + match[3]) != int(match[2], 16):
        return None
    try:
        record = json.loads(match[3])
    except (ValueError, RecursionError):
        return None
    return int(match[1]), record


def _unwritable(path: Path, error: OSError) -> JournalError:
    return JournalError(f"{path}: cannot be written: {error.strerror}")


def _sync_folder(folder: Path) -> None:
    """Makes the new name durable, too."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unwritable(folder, error) from error
