"""RA701 two subjects agree: the subject's asserts accept exactly what those of the reference pass accept.

## What it guarantees
On the same capture, for all inputs that satisfy the assumptions, the conjunction of the asserts that the subject leaves
is true exactly where that of the reference pass is.

## Why it matters
Two implementations can be compared where nobody can say what is required: on obligations that cannot be read, and
between a version and the next one (pytorch/pytorch issue 163894 asks for such comparisons).

## How it is decided
By normal forms and z3, both directions apart. A difference counts only if some input shows it: one that one of the two
guarded graphs accepts and the other one rejects. Where RA101 has refuted the subject already, this is the
same fault. It is asked of a share of the programs.

## What it cannot see
A fault that both have.
"""

from __future__ import annotations

from collections.abc import Sequence

from properties.case import Case
from properties.checks.models import program_values, refuted
from properties.execution.run import run_graph
from properties.solver import solve
from properties.solver.normal import Known
from properties.verdict import PROVED, Outcome, Status, Verdict, Witness
from strategies.evaluate import holds
from strategies.statement import Unrealisable
from strategies.terms import Term, conjuncts

SHARE = "stages"
"""Which share of a campaign's programs it is asked of: it costs as much as RA101."""


def check(case: Case) -> Verdict:
    """Whether ``case``'s subject and the reference pass leave asserts that mean the same."""
    if case.unusable is not None or case.subject_name == "reference":
        return case.unusable or PROVED
    from runtime_assert import insert_deferred_runtime_asserts

    other = Case(case.facts, "reference", insert_deferred_runtime_asserts)
    if other.unusable is not None or case.unread or other.unread:
        return Verdict(Status.UNDECIDED, reason="unread assert", detail="; ".join((*case.unread, *other.unread)))
    for first, second, direction in ((case, other, "missing"), (other, case, "extra")):
        verdict = _only_one_accepts(case, other, first.emitted_terms, second.emitted_terms, direction)
        if verdict.status is not Status.PROVED:
            return verdict
    return PROVED


def _only_one_accepts(case: Case, other: Case, hold: Sequence[Term], broken: Sequence[Term], direction: str) -> Verdict:
    facts = case.facts
    given = (*facts.assumptions, *hold)
    known = Known(given)
    rest = [part for term in broken for part in conjuncts(term) if not known.implies(part)]
    if not rest:
        return PROVED
    answer = solve(given, rest, small=True)
    if answer.status == "unknown":
        return Verdict(Status.UNDECIDED, reason=f"{direction}: {answer.reason}")
    if answer.model is None:
        return PROVED
    values = program_values(facts, answer.model)
    try:
        witness = case.run(values)
        reference = run_graph(other.after, case.capture, values) if other.after is not None else Outcome("not run")
    except Unrealisable as error:
        return Verdict(Status.UNDECIDED, reason="no inputs of a bearable size", detail=f"{direction}: {error}")
    if witness.after.accepted == reference.accepted and witness.after.by == reference.by:
        return PROVED
    term = next(term for term in rest if not holds(term, answer.model))
    shown = Witness(witness.values, witness.eager, witness.before, witness.after, (("reference", reference),))
    return refuted(case, direction, term, shown, detail="the reference pass decides this input otherwise")
