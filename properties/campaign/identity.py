"""The identity check: a capture against itself must be PROVED, on every case, before any subject is judged."""

from __future__ import annotations

from properties.capture.facts import Facts
from properties.errors import ToolError
from properties.solver import solve
from properties.solver.normal import normal_set


def identity_check(facts: Facts, *, thorough: bool) -> None:
    """Whether the oracle finds the obligations equivalent to themselves.

    Raises:
        ToolError: if it does not: the oracle would raise false alarms.
    """
    required = facts.required
    if normal_set(required) != normal_set(tuple(reversed(required))):
        raise ToolError("identity check: the normal form depends on order")
    if not thorough or not required:
        return
    answer = solve((*facts.assumptions, *required), required)
    if answer.status != "unsat":
        # Not knowing is not passing: what stands on both sides needs no thought.
        raise ToolError(f"identity check: a capture against itself is {answer.status}, not proved {answer.reason}")
