"""The campaign: runs properties on many Programs in disposable workers and hands rows of plain data to its caller.

Nothing in here prints. Importing this package imports no torch; the functions below do when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from properties.campaign.plan import Cell, Plan, audit_plan, check_names

__all__ = ["Cell", "Plan", "audit_plan", "check_arguments", "check_names", "replay", "run"]


def check_arguments(subjects: tuple[str, ...], frontends: tuple[str, ...], property_codes: tuple[str, ...]) -> None:
    """Whether a campaign with these names can start: every subject is imported once.

    Raises:
        UsageError: if not; one line with the value and what is allowed.
    """
    check_names(frontends, property_codes)
    from properties.subjects import resolve

    for subject in subjects:
        resolve(subject)


def run(plan: Plan, emit: Callable[[Mapping[str, Any]], None]) -> None:
    """Carries ``plan`` out and calls ``emit`` with each row, in an order that depends on the plan alone."""
    from properties.campaign.run import run as run_plan

    run_plan(plan, emit)


def replay(
    program: Mapping[str, Any], *, subject: str, frontend: str, property_codes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One Program's JSON through one frontend and subject again; see :func:`properties.campaign.replay.replay`."""
    from properties.campaign.replay import replay as replay_program

    return replay_program(program, subject=subject, frontend=frontend, property_codes=property_codes)
