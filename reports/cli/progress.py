"""Progress of a run: a live bar on a terminal, a line now and then without one; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reports.cli.output import note
from reports.text import one_line, plural

Show = Callable[[Mapping[str, Any]], None]

# Without a terminal: at most one line in so many seconds.
_INTERVAL = 5.0


@contextmanager
def shown(total: int) -> Iterator[Show]:
    """A function that takes each row of the log and shows how far ``total`` programs have come."""
    if not sys.stderr.isatty():
        yield _Lines(total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=total)
        count = _Count()

        def show(row: Mapping[str, Any]) -> None:
            count.add(row)
            bar.update(task, completed=count.programs, description=count.describe(total))

        yield show


class _Count:
    """What the rows so far come to."""

    def __init__(self) -> None:
        self.programs = 0
        self.findings = 0
        self.frontend = "starting"

    def add(self, row: Mapping[str, Any]) -> None:
        if row["kind"] == "shard":
            self.programs += row["programs"]
            self.frontend = one_line(row["frontend"], 20)
        elif row["kind"] == "finding":
            self.findings += 1

    def describe(self, total: int) -> str:
        """What is being done; the search comes first, the shrinking of what it found second."""
        if self.programs >= total:
            return f"shrinking, {plural(self.findings, 'finding')}"
        return self.frontend


class _Lines:
    """Plain progress, for logs."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._count = _Count()
        self._last = time.monotonic()

    def __call__(self, row: Mapping[str, Any]) -> None:
        self._count.add(row)
        now = time.monotonic()
        searched = row["kind"] == "shard" and self._count.programs >= self._total
        if searched or now - self._last >= _INTERVAL:
            self._last = now
            state = self._count.describe(self._total)
            note(f"{self._count.programs:,} of {self._total:,} programs ({state})")
