"""From the rows of a run to its folder: the known list, people's decisions and earlier runs are read on the way."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports import folder
from reports.files import FileError
from reports.history import Past, past_runs
from reports.known import load_known
from reports.model import Report, build
from reports.store import Store, check_store
from reports.triage.decisions import decisions_beside


def check_inputs(known_file: Path | None, store: Path | None = None) -> None:
    """Makes sure, before any work, that the known list, the decisions beside it and the store can be used.

    Raises:
        KnownFileError, FileError, StoreError: if not; one line.
    """
    load_known(known_file)
    decisions_beside(known_file)
    if store is not None:
        check_store(store)


def report_of(
    rows: Sequence[Mapping[str, Any]],
    *,
    known_file: Path | None = None,
    store: Path | None = None,
    day: datetime.date | None = None,
) -> Report:
    """The model of the run that ``rows`` record.

    Args:
        known_file: a list of known findings besides the shipped one; ``buckets.toml`` beside it is read too.
        store: the store of earlier runs, if there is one.
        day: decides which known entries have expired, where the log does not say when the run was begun.

    Raises:
        KnownFileError, FileError, StoreError: if one of these files cannot be used; one line.
    """
    return build(
        rows,
        load_known(known_file),
        decisions_beside(known_file),
        _history(rows, store),
        day,
    )


def publish(target: Path, report: Report, *, step_summary: Path | None = None) -> None:
    """Writes every file of ``report`` to the folder ``target``.

    ``step_summary`` is the file that GitHub Actions shows as the summary of a step; ``summary.md`` is added to it.

    Raises:
        FolderError, FileError: if the folder, or ``step_summary``, cannot be written.
    """
    from reports.render import every_file

    files = every_file(report)
    folder.publish(target, files)
    if step_summary is not None:
        try:
            with step_summary.open("a", encoding="utf-8") as file:
                file.write(files["summary.md"] + "\n")
        except OSError as error:
            raise FileError(f"{step_summary}: cannot be written: {error.strerror}") from error


def _history(rows: Sequence[Mapping[str, Any]], store: Path | None) -> tuple[Past, ...]:
    if store is None or not store.exists():
        return ()
    head = rows[0] if rows else {}
    with Store.open(store) as opened:
        return past_runs(opened, before=(str(head.get("started", "")), str(head.get("id", ""))))
