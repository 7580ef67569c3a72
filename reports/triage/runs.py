"""A run's folder read again: its log within limits, judged by today's known list and decisions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports.files import FileError
from reports.known import load_known
from reports.model import Report, build
from reports.reading import ReadingError, parse_value
from reports.shape import ShapeError, check_row
from reports.triage.decisions import FILE_NAME, decisions_beside

LOG = "log.jsonl"
JOURNAL = "journal.jsonl"
MAX_BYTES = 1 << 30


def load_report(path: Path, known_file: Path | None = None, day: datetime.date | None = None) -> Report:
    """The model of the run in the folder ``path`` (or of the log file ``path``).

    Raises:
        ReadingError: if it holds no log that can be read.
        KnownFileError, FileError: if the known list, or the decisions beside it, cannot be used.
    """
    return build(read_log(path), load_known(known_file), decisions_beside(known_file), day=day)


def read_log(path: Path) -> list[Mapping[str, Any]]:
    """The rows of a run's log.

    Raises:
        ReadingError: if there is none, or a line of it is not a row.
    """
    if path.is_dir() and not (path / LOG).exists() and (path / JOURNAL).exists():
        return _journal(path)
    file = path / LOG if path.is_dir() else path
    if path.is_dir() and not file.exists():
        raise ReadingError(f"{path}: holds no {LOG} (the folder of a run is needed, as audit or fuzz writes it)")
    rows = []
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ReadingError(f"{file}: larger than {MAX_BYTES} bytes")
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                rows.append(_row(line, file, number))
    except OSError as error:
        raise ReadingError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ReadingError(f"{file}: not UTF-8 text") from error
    if not rows or rows[0]["kind"] != "run":
        raise ReadingError(f"{file}: not the log of a run (its first row has to be of kind 'run')")
    return rows


def _journal(path: Path) -> list[Mapping[str, Any]]:
    """The rows of a run that was cut off before it wrote its log."""
    from reports.store import run_rows

    rows = run_rows(path)
    for number, row in enumerate(rows, start=1):
        try:
            check_row(row)
        except ShapeError as error:
            raise ReadingError(f"{path / JOURNAL}: row {number}: {error}") from error
    return list(rows)


def _row(line: str, file: Path, number: int) -> Mapping[str, Any]:
    row = parse_value(line, file, f"line {number}")
    try:
        check_row(row)
    except ShapeError as error:
        raise ReadingError(f"{file}: line {number}: {error}") from error
    return row


def known_list(chosen: Path | None) -> Path | None:
    """The list that triage works on: the one chosen, else ``known.toml`` in the current folder, if it is there.

    Raises:
        FileError: if the one chosen is not there.
    """
    if chosen is not None:
        if not chosen.exists():
            raise FileError(f"{chosen}: cannot be read: No such file or directory")
        return chosen
    here = Path("known.toml")
    return here if here.exists() else None


def decisions_file(known: Path | None) -> Path:
    """Where merges and splits are written: beside the known list, else in the current folder."""
    return (known.parent if known is not None else Path()) / FILE_NAME
