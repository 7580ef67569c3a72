"""Verdicts: what a property found out about a case, and the one order in which they count."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from strategies.terms import Term, Value


class Status(enum.Enum):
    """The six ways in which a check can end, from the gravest to the best.

    The order of declaration is the precedence: the worst verdict of a case is its first in this order.
    """

    TOOL_ERROR = "TOOL_ERROR"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"
    NOT_CAPTURED = "NOT_CAPTURED"
    VACUOUS = "VACUOUS"
    PROVED = "PROVED"


_RANK = {status: rank for rank, status in enumerate(Status)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one execution ended.

    ``by`` says what rejected it: ``check`` (a check of the user's), ``assert`` (an ``_assert_scalar`` node),
    ``device`` (a kernel failed, and the CUDA context with it), ``operator`` (anything else that raised); it is empty
    for an accepted run. ``results`` are on the CPU, whatever device the run used,
    and so are ``inputs``, which are what an accepted run of a graph left of its inputs.
    """

    outcome: str
    by: str = ""
    error: str = ""
    text: str = ""
    statement: int | None = None
    results: tuple[Any, ...] = field(default=(), compare=False, repr=False)
    inputs: tuple[Any, ...] = field(default=(), compare=False, repr=False)

    @property
    def accepted(self) -> bool:
        return self.outcome == "accepted"

    def repeats(self, other: Outcome) -> bool:
        """Whether this run failed with the error of ``other``, word for word."""
        return (self.error, self.text) == (other.error, other.text) and "" not in (self.error, self.text)


@dataclass(frozen=True, slots=True)
class Witness:
    """Concrete inputs and what three executions did with them: eager, the graph before and after the pass.

    ``others`` are further executions by name: on another device, by another backend.
    """

    values: tuple[tuple[str, Value], ...]
    eager: Outcome
    before: Outcome
    after: Outcome
    others: tuple[tuple[str, Outcome], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one property on one case.

    ``direction`` belongs to REFUTED (``missing``, ``extra``, ``late``, ...), ``reason`` to the ways of not
    knowing. ``constraint`` is the term that is at fault, over the case's leaves; ``skeleton`` its shape without
    names and numbers. ``stage`` says where the fault lies: ``frontend``, ``pass``, ``backend``. ``not_run`` names
    what belongs to the property and could not be executed here, with the reason; the verdict speaks of the rest.
    """

    status: Status
    direction: str = ""
    reason: str = ""
    stage: str = ""
    constraint: Term | None = None
    skeleton: str = ""
    detail: str = ""
    witness: Witness | None = None
    not_run: str = ""

    def __str__(self) -> str:
        extra = self.direction or self.reason
        text = f"{self.status.value}({extra})" if extra else self.status.value
        return f"{text}, not run: {self.not_run}" if self.not_run else text


PROVED = Verdict(Status.PROVED)


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict that counts for a case: the first in the precedence order, the earliest among equals."""
    return min(verdicts, key=lambda verdict: _RANK[verdict.status], default=PROVED)
