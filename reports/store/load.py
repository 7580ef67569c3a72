"""The rows of a run from its folder: derived from its journal, or from ``log.jsonl`` if that is all there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reports.store.journal import NAME, JournalError, read_journal

LOG = "log.jsonl"


def run_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of the run in ``folder``, in the order of its plan; one that was cut off has no ``end`` row.

    Raises:
        JournalError: if there is no run, or what is there is damaged; one line.
    """
    if (folder / NAME).exists() or not (folder / LOG).exists():
        contents = read_journal(folder / NAME)
        from properties.campaign import rows_of

        try:
            return rows_of(contents.records)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            # The checksums are right: it was written by a version that means something else by it.
            raise JournalError(f"{contents.path}: not the journal of this version ({type(error).__name__})") from error
    return _log_rows(folder / LOG)


def _log_rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise JournalError(f"{path}: damaged: a line is no JSON") from error
    if not rows or not all(isinstance(row, dict) and isinstance(row.get("kind"), str) for row in rows):
        raise JournalError(f"{path}: no log of a run")
    return rows
