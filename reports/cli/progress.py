"""Progress of a run: a live panel on a terminal, a line now and then without one; always on stderr."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reports.cli.output import note
from reports.text import one_line, plural

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Show = Callable[[Mapping[str, Any]], None]

# Without a terminal: a line after so many seconds, later less often.
_INTERVAL = 5.0
_INTERVAL_LATER = 30.0
_LATER = 60.0
_KINDS_SHOWN = 4
_FRONTEND = "frontend"


@dataclass
class Figures:
    """What the units of a run that are finished come to.

    ``programs`` is the number that is planned, None for a run bound by ``minutes``.
    """

    programs: int | None
    minutes: float | None
    workers: int
    began: float
    done: int = 0
    fresh: int = 0
    tallies: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    errors: int = 0
    shrinking: bool = False

    def add(self, record: Mapping[str, Any], *, old: bool = False) -> None:
        """Counts one record; ``old`` says that an earlier go of the run had it done."""
        if record["kind"] != "unit":
            return
        for row in record["rows"]:
            if row["kind"] == "shard":
                self.done += row["programs"]
                self.fresh += 0 if old else row["programs"]
                self._tally(row)
            self.findings += row["kind"] == "finding"
            self.errors += row["kind"] == "tool_error"
        for hit in record["hits"]:
            subject, code, direction, cause, _ = hit["signature"]
            self.kinds[f"{subject} {code} {direction}: {cause}"] += hit["count"]
        self.shrinking = record["unit"][0] == "shrink" or self.done == self.programs

    def _tally(self, row: Mapping[str, Any]) -> None:
        for subject, tally in row["subjects"].items():
            refuted = sum(tally["refuted"].values())
            if subject == _FRONTEND:
                captured = tally["programs"] - sum(tally["not_captured"].values())
                self.tallies.update(seen=tally["programs"], captured=captured)
            else:
                self.tallies.update(decided=tally["proved"] + refuted, undecided=sum(tally["undecided"].values()))

    def head(self, now: float) -> str:
        """What is being done, how far it is and how fast."""
        spent = max(now - self.began, 1e-6)
        done = f"{self.done:,} programs" if self.programs is None else f"{self.done:,} of {self.programs:,} programs"
        state = f"shrinking, {plural(self.findings, 'finding')}" if self.shrinking else "searching"
        clock = _clock(spent) if self.minutes is None else f"{_clock(spent)} of {_clock(60 * self.minutes)}"
        return f"{done} ({state}), {self.fresh / spent:.1f} a second, {clock}, {plural(self.workers, 'worker')}"

    def body(self) -> str:
        """Proofs, findings, undecided, and the share that was captured."""
        seen = self.tallies["seen"]
        share = f"{self.tallies['captured'] / seen:.0%}" if seen else "-"
        text = (
            f"{self.tallies['decided']:,} decided, {plural(self.kinds.total(), 'hit')} of "
            f"{plural(len(self.kinds), 'kind')}, {self.tallies['undecided']:,} undecided, {share} captured"
        )
        return text + (f", {plural(self.errors, 'error')} of this tool" if self.errors else "")

    def fraction(self, now: float) -> float | None:
        """How much of the search is done; None if nobody can say."""
        if self.programs:
            return min(1.0, self.done / self.programs)
        return min(1.0, (now - self.began) / (60 * self.minutes)) if self.minutes else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@contextmanager
def shown(figures: Figures) -> Iterator[Show]:
    """A function that takes each record of the run and shows what they come to."""
    console = _console()
    if console is None:
        yield _Lines(figures)
        return
    from rich.live import Live

    # Drawn again four times a second, whether a unit was finished or not.
    with Live(
        console=console,
        get_renderable=lambda: panel(figures, time.monotonic(), console.width),
        refresh_per_second=4,
        transient=True,
    ):
        yield figures.add


def _console() -> Console | None:
    """The terminal, if stderr is one on which lines can be drawn again."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console

    console = Console(stderr=True, highlight=False, emoji=False, markup=False)
    return None if console.is_dumb_terminal or console.width < 20 else console


def panel(figures: Figures, now: float, width: int) -> RenderableType:
    """A bar, two lines of figures and the most frequent kinds of hits, each cut to the width."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    def line(text: str, style: str = "") -> Text:
        return Text(one_line(text, 400), style=style, no_wrap=True, overflow="ellipsis")

    fraction = figures.fraction(now)
    bar = ProgressBar(total=1.0, completed=fraction or 0.0, pulse=fraction is None, width=min(width, 80))
    kinds = [line(f"  {count:,} × {kind}", "dim") for kind, count in figures.kinds.most_common(_KINDS_SHOWN)]
    more = len(figures.kinds) - _KINDS_SHOWN
    return Group(
        bar,
        line(figures.head(now)),
        line(figures.body()),
        *kinds,
        *([line(f"  and {plural(more, 'other kind')}", "dim")] if more > 0 else []),
    )


class _Lines:
    """Plain progress, for logs."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._last = figures.began
        self._was_shrinking = False

    def __call__(self, record: Mapping[str, Any]) -> None:
        figures = self._figures
        figures.add(record)
        now = time.monotonic()
        turned = figures.shrinking and not self._was_shrinking
        self._was_shrinking = figures.shrinking
        interval = _INTERVAL if now - figures.began < _LATER else _INTERVAL_LATER
        if turned or now - self._last >= interval:
            self._last = now
            note(f"{figures.head(now)}; {figures.body()}")
