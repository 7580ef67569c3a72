"""RA105 keeps the user's checks: each check that the graph had is asserted by a condition of its own meaning.

## What it guarantees
For every check that stood in the graph before the pass, an assert with an equivalent condition stands in it afterwards:
not only something that implies it.

## Why it matters
Users want each of their checks kept, with its words, also where a range makes it superfluous (pytorch/pytorch issue
182703, pull 184608). A check that only follows from others fails with the message of another one, or in an operator.

## How it is decided
By normal forms, for what they leave open by z3 under the assumptions. A lost check is shown with an input that breaks
it, if there is one that nothing else rejects.

## What it cannot see
Checks that tracing took out before the pass ran (``make_fx`` and non-strict export keep them in the ShapeEnv alone).
Lost checks that follow from an asserted equality.
"""

from __future__ import annotations

from collections.abc import Sequence

from properties.case import Case
from properties.checks.models import program_values, refuted
from properties.checks.placement import own_checks, unaliased
from properties.solver import solve
from properties.solver.normal import normal, normal_set
from properties.verdict import PROVED, Status, Verdict, Witness
from strategies.statement import Unrealisable
from strategies.terms import TRUE, Apply, Term, conjuncts


def check(case: Case) -> Verdict:
    """Whether every check that ``case``'s graph had is still asserted in so many words."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    wanted = tuple(dict.fromkeys(own_checks(case.facts)))
    if not wanted:
        return PROVED
    plain = unaliased(case.facts)
    asserted = normal_set(tuple(plain(term) for term in case.emitted_terms)) | {TRUE}
    lost = [term for term in wanted if not all(normal(part) in asserted for part in conjuncts(plain(term)))]
    equalities = [term for term in case.emitted_terms if _is_equality(term)]
    undecided = ""
    for term in sorted(lost, key=_is_equality, reverse=True):
        kept = _kept(case, term, equalities)
        if kept and _is_equality(term):
            # Asserted in other words, as ``n <= size`` is for the length of a part that reaches to the end.
            equalities.append(term)
        if kept is None:
            undecided = "equivalence of a check and an assert"
        elif not kept and not case.unread:
            return refuted(case, "dropped", term, _witness(case, term), detail="no assert says the same")
    if undecided or (lost and case.unread):
        return Verdict(Status.UNDECIDED, reason=undecided or "unread assert", detail="; ".join(case.unread))
    return PROVED


def _is_equality(term: Term) -> bool:
    return isinstance(term, Apply) and term.op == "eq"


def _kept(case: Case, term: Term, equalities: Sequence[Term]) -> bool | None:
    """Whether an assert is equivalent to ``term`` under the assumptions; None if z3 does not know.

    What the graph asserts to be equal may stand for each other, so ``equalities`` are given, and what follows from them
    alone needs no assert.
    """
    given = (*case.facts.assumptions, *equalities)
    alone = solve(given, (term,)).status
    if alone != "sat":
        return True if alone == "unsat" else None
    known = True
    for candidate in case.emitted_terms:
        others = tuple(item for item in given if item != candidate)
        first = solve((*others, candidate), (term,)).status
        second = solve((*others, term), (candidate,)).status if first == "unsat" else first
        if second == "unsat":
            return True
        known = known and second == "sat"
    return False if known else None


def _witness(case: Case, term: Term) -> Witness:
    """An input that breaks ``term`` and as few other checks as possible, else the example."""
    facts = case.facts
    plain = unaliased(facts)
    form = normal(plain(term))
    others = tuple(other for other in facts.truth if normal(plain(other)) != form)
    for given in (
        (*facts.assumptions, *others, *case.emitted_terms),
        (*facts.assumptions, *others),
        facts.assumptions,
    ):
        answer = solve(given, (term,), small=True)
        if answer.model is not None:
            try:
                return case.run(program_values(facts, answer.model))
            except Unrealisable:
                continue
    return case.run(case.capture.example())
