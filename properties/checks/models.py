"""What the properties share: from a model to inputs, and from evidence to a verdict."""

from __future__ import annotations

from properties.capture.facts import program_values
from properties.case import Case
from properties.solver.skeleton import skeleton as skeleton_of
from properties.verdict import Status, Verdict, Witness
from strategies.terms import Term

__all__ = ["program_values", "refuted"]


def refuted(
    case: Case,
    direction: str,
    constraint: Term | None,
    witness: Witness | None,
    *,
    stage: str = "pass",
    detail: str = "",
    skeleton: str = "",
) -> Verdict:
    """A REFUTED verdict whose skeleton is that of the constraint, unless another is given."""
    if constraint is not None and not skeleton:
        skeleton = skeleton_of(constraint, case.facts.kinds)
    return Verdict(
        Status.REFUTED,
        direction=direction,
        stage=stage,
        constraint=constraint,
        skeleton=skeleton,
        detail=detail,
        witness=witness,
    )
