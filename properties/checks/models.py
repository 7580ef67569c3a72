"""What the properties share: from a model to inputs, and from evidence to a verdict."""

from __future__ import annotations

from properties.capture.facts import Facts, program_values
from properties.case import Case
from properties.solver.skeleton import skeleton as skeleton_of
from properties.verdict import Status, Verdict, Witness
from strategies.semantics import source_of
from strategies.terms import Term, Var

__all__ = ["leaf_kinds", "program_values", "refuted"]


def leaf_kinds(facts: Facts) -> dict[str, str]:
    """The kind of each capture leaf: ``dim``, or the construct that yields it."""
    program = facts.capture.program
    kinds = {}
    for name, leaf in facts.leaf_of.items():
        if isinstance(leaf, Var):
            kinds[leaf.name] = "dim" if name.startswith("d") else source_of(program, name)[0]
    return kinds


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
        skeleton = skeleton_of(constraint, leaf_kinds(case.facts))
    return Verdict(
        Status.REFUTED,
        direction=direction,
        stage=stage,
        constraint=constraint,
        skeleton=skeleton,
        detail=detail,
        witness=witness,
    )
