"""The one place where the command line reaches for the campaign; what imports torch happens in workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.cli.output import note
from reports.cli.progress import Figures, shown
from reports.store import Contents, Journal

Rows = list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class How:
    """How a plan is carried out; nothing that is found depends on it but for what exceeds the limits."""

    jobs: int = 1
    timeout: float = 60.0
    memory: int = 4096
    engine: str = "local"
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a run besides its search: ``run`` returns its rows, which are recorded as a whole."""

    name: str
    run: Callable[[], Sequence[Mapping[str, Any]]]


def plan_of(
    *,
    subjects: tuple[str, ...],
    frontends: tuple[str, ...],
    codes: tuple[str, ...],
    seed: int,
    jobs: int,
    scale: float | None = None,
    programs: int | None = None,
    minutes: float | None = None,
    part: tuple[int, int] | None = None,
    profile: str = "audit",
    device: str = "cpu",
    backends: tuple[str, ...] = (),
    backend_share: float | None = None,
    certificates: str = "",
    second_opinion: bool = False,
) -> Any:
    """The campaign's plan.

    No frontends stand for those of the usual audit, ``all`` for every one; no codes for all properties.

    Raises:
        properties.errors.UsageError: for an unknown name, a number out of range, or a subject that fails.
    """
    from properties.campaign.plan import AUDIT_FRONTENDS, FRONTENDS

    frontends = FRONTENDS if "all" in frontends else frontends or AUDIT_FRONTENDS
    campaign = _campaign()
    plan = campaign.audit_plan(
        seed=seed,
        programs_scale=1.0 if scale is None else scale,
        programs=programs,
        subjects=subjects,
        frontends=frontends,
        property_codes=codes,
        profile=profile,
        jobs=jobs,
        device=device,
        backends=backends,
        backend_share=backend_share,
        minutes=minutes,
        part=part,
        certificates=certificates,
        second_opinion=second_opinion,
    )
    campaign.check_arguments(subjects, frontends, codes)
    return plan


def collect(
    plan: Any,
    folder: Path,
    *,
    command: str,
    how: How,
    resume: bool = False,
    parts: Sequence[Part] = (),
    urgent: Callable[[Sequence[str]], bool] = lambda signature: True,
) -> Rows:
    """Carries ``plan`` out with its journal in ``folder``, shows progress, and returns the rows of the log.

    What is ``urgent`` by its signature is shrunk before the rest.

    Ctrl-C and a request to terminate end the run early, a second one at once: the rows so far come back, and
    an ``end`` that is not complete. With ``resume`` it goes on from what the journal in ``folder`` holds.

    Raises:
        JournalError: if the journal cannot be written or read.
        properties.errors.UsageError: if the engine cannot be used.
    """
    campaign = _campaign()
    began = time.monotonic()
    with ExitStack() as stack:
        records: Rows = []
        if resume:
            journal, contents = Journal.reopen(folder)
            stack.enter_context(journal)
            records += contents.records
            _tell_resumed(contents)
            if _finished(contents):
                return campaign.rows_of(records)
        else:
            records.append(campaign.head(plan, command=command))
            journal = stack.enter_context(Journal.create(folder, records[0]))
        spent = max((record.get("at", 0.0) for record in records), default=0.0)
        figures = Figures(plan.programs or None, plan.minutes, how.jobs, began - spent)
        for record in records:
            figures.add(record, old=True)
        stopping = stack.enter_context(_stoppable())
        show = stack.enter_context(shown(figures))

        def append(record: Mapping[str, Any]) -> None:
            whole = {**record, "at": round(time.monotonic() - began + spent, 2)}
            journal.append(whole)
            records.append(whole)
            show(whole)

        complete = False
        with suppress(KeyboardInterrupt):
            complete = campaign.run(
                plan,
                append,
                done=tuple(records),
                stopping=stopping,
                engine=how.engine,
                address=how.address,
                limits=campaign.Limits(how.timeout, how.memory),
                spent=spent,
                urgent=urgent,
            )
            _run_parts(parts, records, append, stopping)
            complete = complete and not stopping()
        append({"kind": "end", "complete": complete, "seconds": round(time.monotonic() - began, 2), "jobs": how.jobs})
    return campaign.rows_of(records)


def _run_parts(
    parts: Sequence[Part],
    records: Rows,
    append: Callable[[Mapping[str, Any]], None],
    stopping: Callable[[], bool],
) -> None:
    done = {record["part"] for record in records if record["kind"] == "part"}
    for part in parts:
        if part.name not in done and not stopping():
            append({"kind": "part", "part": part.name, "rows": list(part.run())})


def _finished(contents: Contents) -> bool:
    return any(record["kind"] == "end" and record["complete"] for record in contents.records)


def _tell_resumed(contents: Contents) -> None:
    units = sum(record["kind"] == "unit" for record in contents.records)
    torn = f", {contents.torn} unfinished records skipped" if contents.torn else ""
    note(f"resuming: {units} units of work are done{torn}")


def replay(program: Mapping[str, Any], *, subject: str, frontend: str, codes: tuple[str, ...]) -> dict[str, Any]:
    """The row that one Program gives when it is run again.

    Raises:
        properties.errors.UsageError: if the Program, or a name, is not valid.
    """
    return _campaign().replay(program, subject=subject, frontend=frontend, property_codes=codes)


def _campaign() -> Any:
    """The package :mod:`properties.campaign`; the work in it imports torch."""
    from properties import campaign

    return campaign


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Whether somebody asked for an end: Ctrl-C, or SIGTERM, by which CI systems cancel a job.

    A second request raises KeyboardInterrupt wherever the run stands.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield asked.is_set
        return

    def ask(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        # A handler runs in the middle of anything: no buffered stream is safe here.
        with suppress(OSError):
            os.write(2, b"\nstopping: what is at work may end first; once more to stop at once\n")

    before = [(number, signal.signal(number, ask)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield asked.is_set
    finally:
        for number, handler in before:
            signal.signal(number, handler)
