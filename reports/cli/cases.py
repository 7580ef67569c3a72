"""The cases of a collection that ``check`` has finished: kept one by one, so that a check that was cut off goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from reports.cli.output import note
from reports.cli.resuming import check_versions
from reports.store import Journal
from reports.targets import MARKER
from reports.targets import UNFINISHED as NAME

KIND = "check"

Rows = Sequence[dict[str, Any]]


class Cases:
    """What a check of a collection has finished, in a folder or nowhere. Use it as a context manager.

    ``done`` are the rows of each finished case. The file is begun with the first case, so that a check that cannot
    begin leaves nothing.
    """

    def __init__(self, folder: Path | None, asked: Mapping[str, Any]) -> None:
        self.done: dict[str, Rows] = {}
        self._folder = folder
        self._asked = dict(asked)
        self._journal: Journal | None = None

    @classmethod
    def resumed(cls, folder: Path, asked: Mapping[str, Any]) -> Cases:
        """Those that an earlier check in ``folder`` has left, if it was asked the same by the same versions.

        Raises:
            click.UsageError: if it was not, or is finished; one line.
            JournalError: if there is none, or it is damaged.
        """
        if (folder / MARKER).is_file() and not (folder / NAME).is_file():
            raise click.UsageError(f"--resume {folder}: that check is finished")
        cases = cls(folder, asked)
        cases._journal, contents = Journal.reopen(folder / NAME, KIND)
        try:
            check_versions(folder, contents.run)
            for name, value in cases._asked.items():
                there = contents.run["plan"].get(name)
                if there != value:
                    raise click.UsageError(
                        f"--resume {folder}: that check has {name} {_shown(there)}, not {_shown(value)}"
                    )
            cases.done = {record["name"]: record["rows"] for record in contents.records if record["kind"] == "case"}
        except BaseException:
            cases._journal.close()
            raise
        return cases

    def keep(self, name: str, rows: Rows) -> None:
        """Has the rows of one more case on the disk when this returns.

        Raises:
            JournalError: if they cannot be written.
        """
        if self._folder is None:
            return
        if self._journal is None:
            from properties.campaign.environment import code, environment

            subjects = self._asked["subject"]
            head = {"environment": environment(), "code": code(subjects), "plan": self._asked}
            self._journal = Journal.create(self._folder, {"kind": KIND, **head}, NAME)
        self._journal.append({"kind": "case", "name": name, "rows": list(rows)})

    def finished(self) -> None:
        """Takes the file away: the result is written."""
        if self._folder is not None:
            (self._folder / NAME).unlink(missing_ok=True)

    def __enter__(self) -> Cases:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._journal is not None:
            self._journal.close()
            if kind is KeyboardInterrupt:
                note(f"what was finished is kept; the same with --resume {self._folder} goes on")


def _shown(value: Any) -> str:
    return ", ".join(value) or "none" if isinstance(value, list) else str(value)
