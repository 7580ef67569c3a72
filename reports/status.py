"""The exit status of a run: what each number means, and which one prevails when several apply."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitStatus(IntEnum):
    """The process exit status; the values are public and stay."""

    CLEAN = 0
    NEW_FINDINGS = 1
    USAGE = 2
    TOOL_ERROR = 3
    UNDECIDED = 4
    INCOMPLETE = 5


MEANING = {
    ExitStatus.CLEAN: "clean",
    ExitStatus.NEW_FINDINGS: "new findings",
    ExitStatus.USAGE: "usage error",
    ExitStatus.TOOL_ERROR: "tool error",
    ExitStatus.UNDECIDED: "undecided",
    ExitStatus.INCOMPLETE: "incomplete",
}

# From the one that prevails to the one that yields. A usage error means that nothing ran. A run that did not
# finish has no verdict, whatever it saw on the way. A finding was executed and shown, so it stands although
# the tool failed elsewhere; and a fault of the tool is worse than an open question.
PRECEDENCE = (
    ExitStatus.USAGE,
    ExitStatus.INCOMPLETE,
    ExitStatus.NEW_FINDINGS,
    ExitStatus.TOOL_ERROR,
    ExitStatus.UNDECIDED,
    ExitStatus.CLEAN,
)

# The share of a subject's programs that may be VACUOUS (contradictory, so that they prove nothing). For
# UNDECIDED there is no such allowance: not knowing is not passing.
VACUOUS_LIMIT = 0.02


def prevailing(statuses: Iterable[ExitStatus]) -> ExitStatus:
    """The status that a run with all of ``statuses`` exits with; CLEAN if there are none."""
    return min(statuses, key=PRECEDENCE.index, default=ExitStatus.CLEAN)
