"""The one place where the command line reaches for the campaign, and with it for torch."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import click

from reports.cli.progress import shown


def audit_plan(
    *,
    subjects: tuple[str, ...],
    frontends: tuple[str, ...],
    codes: tuple[str, ...],
    seed: int,
    scale: float | None,
    programs: int | None,
    jobs: int,
) -> Any:
    """The campaign's plan for an audit.

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
        jobs=jobs,
    )
    with _exits_refused():
        campaign.check_arguments(subjects, frontends, codes)
    return plan


def collect(plan: Any) -> list[Mapping[str, Any]]:
    """Carries ``plan`` out, shows progress, and returns the rows of its log.

    Ctrl-C and a request to terminate end the run early: the rows so far come back, and an ``end`` that is not
    complete.
    """
    from properties.campaign.environment import environment

    campaign = _campaign()
    rows: list[Mapping[str, Any]] = []
    began = time.monotonic()
    with shown(plan.programs) as progress, _terminable():

        def emit(row: Mapping[str, Any]) -> None:
            rows.append(row)
            progress(row)

        with suppress(KeyboardInterrupt):
            campaign.run(plan, emit)
    if not rows:
        rows.append({"kind": "run", "schema": 1, "plan": plan.to_json(), "environment": environment()})
    if rows[-1]["kind"] != "end":
        rows.append({"kind": "end", "complete": False, "seconds": round(time.monotonic() - began, 1)})
    return rows


def replay(program: Mapping[str, Any], *, subject: str, frontend: str, codes: tuple[str, ...]) -> dict[str, Any]:
    """The row that one Program gives when it is run again.

    Raises:
        properties.errors.UsageError: if the Program, or a name, is not valid.
    """
    with _exits_refused():
        return _campaign().replay(program, subject=subject, frontend=frontend, property_codes=codes)


def _campaign() -> Any:
    """The package :mod:`properties.campaign`; the work in it imports torch."""
    from properties import campaign

    return campaign


@contextmanager
def _exits_refused() -> Iterator[None]:
    """A subject whose module exits when it is imported is a mistake in the arguments, and not our end."""
    try:
        yield
    except SystemExit as error:
        raise click.UsageError(f"a subject exits when it is imported (status {error.code!r})") from error


@contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM, by which CI systems cancel a job, end the run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
