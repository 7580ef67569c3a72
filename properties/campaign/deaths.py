"""Whose fault it was that a worker ended: a finding of a subject or of a front end, or an error of this tool."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from properties import phases
from properties.campaign.box import Remains
from properties.campaign.plan import FRONTEND_SUBJECT
from strategies.program import Program

CODE = "RA101"
"""The property that a pass which does not return fails: it has emitted nothing of what is required."""
TITLES = {
    "hang": "no end within the time limit",
    "abort": "the process is ended",
    "memory": "the memory limit is exceeded",
    "poisoned": "the device is left unusable",
}
_MEMORY = ("MemoryError", "bad_alloc", "can't allocate memory", "out of memory")


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a worker. ``subject`` is who is to blame: a pass, the front end, or nobody but us (empty).

    ``cause`` is one of few texts, such as ``abort by SIGSEGV in the pass``; ``detail`` shows where it stood.
    """

    direction: str
    subject: str
    cause: str
    detail: str

    @property
    def ours(self) -> bool:
        return not self.subject

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def death_hit(death: Mapping[str, Any], program: Program, where: Mapping[str, int]) -> dict[str, Any]:
    """The hit of a Program on which somebody ended the worker; ``death`` is a :class:`Death` as JSON."""
    document = program.to_json()
    name = death["subject"]
    return {
        "where": dict(where),
        "seen_with": name,
        "signature": [name, CODE, death["direction"], death["cause"], death["cause"]],
        "count": 1,
        "weight": len(json.dumps(document, sort_keys=True)),
        "program": document,
        "title": TITLES[death["direction"]],
        "stage": "frontend" if name == FRONTEND_SUBJECT else "pass",
        "detail": death["detail"],
    }


def death_of(remains: Remains, exit_code: int | None, overdue: bool) -> Death:
    """What the black box of an ended worker, and the way in which it ended, come to.

    A pass is to blame for what happens in its own call and in running the graph that it left, the front end
    for what happens in tracing. Everything else, the solver and the eager Program above all, is not theirs.
    """
    hung = remains.hung or overdue
    memory = any(text in remains.said for text in _MEMORY)
    direction = "hang" if hung else "memory" if memory else "abort"
    subject, place = _blamed(remains.phase)
    how = "hang" if hung else f"{direction} by {_way(exit_code)}"
    where = " > ".join(remains.phase) or "before the first phase"
    detail = "\n".join(filter(None, (f"{how} in phase: {where}", remains.said.strip(), remains.dump.strip())))
    return Death(direction, subject, f"{how} in {place}", detail)


def _blamed(phase: tuple[str, ...]) -> tuple[str, str]:
    """(who is to blame, the place in a few words)"""
    if phases.SUBJECT in phase:
        return phase[phase.index(phases.SUBJECT) + 1], "the pass"
    if phase[-1:] == (phases.GRAPH_AFTER,) and len(phase) >= 3:
        return phase[1], "the graph after the pass"
    if phase[:1] == (phases.TRACE,):
        return FRONTEND_SUBJECT, "tracing"
    return "", phase[-1] if phase else "the worker"


def _way(exit_code: int | None) -> str:
    if exit_code is None:
        return "an unknown end"
    if exit_code < 0:
        try:
            return signal.Signals(-exit_code).name
        except ValueError:
            return f"signal {-exit_code}"
    return f"exit status {exit_code}"
