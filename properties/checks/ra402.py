"""RA402 adds no assert that only repeats the assumptions: what guards on the inputs ensure is not checked again.

## What it guarantees
In exported programs, no assert that the pass added follows from the guards and ranges of the inputs' own sizes, which
are checked before the graph runs.

## Why it matters
Each assert runs on every step (vLLM pull 37485), and one about inputs alone can never fail behind the guards; a
restated guard also keeps a size alive that nothing else needs.

## How it is decided
By comparing constants with one guard or range, then by z3 from all that is known of the inputs' sizes. Checks that the
graph had before the pass are the user's and stay.

## What it cannot see
Other frontends, where nothing checks the guards. Asserts over values that the graph reads.
"""

from __future__ import annotations

from collections import Counter

from properties.case import Case
from properties.checks.models import refuted
from properties.checks.placement import own_checks, unaliased
from properties.solver import solve
from properties.solver.normal import Known, normal
from properties.verdict import PROVED, Status, Verdict
from strategies.terms import TRUE, Term, variables

FRONTENDS = ("export", "export-strict")


def check(case: Case) -> Verdict:
    """Whether every assert that ``case``'s subject added can fail on inputs that pass the guards."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    if case.capture.frontend not in FRONTENDS:
        return PROVED
    plain = unaliased(case.facts)
    read = case.facts.bindings.bound
    users = Counter(normal(plain(term)) for term in own_checks(case.facts))
    unknown = ""
    for emitted in case.emitted:
        if emitted.term is None or variables(emitted.term) & read:
            continue
        form = normal(plain(emitted.term))
        if users[form]:
            users[form] -= 1
            continue
        # What holds for all values is RA401's.
        if form == TRUE:
            continue
        repeats = _repeats(case, emitted.term)
        if repeats:
            witness = case.run(case.capture.example())
            return refuted(
                case, "redundant", emitted.term, witness, skeleton="restates", detail=f"{emitted.node}: {repeats}"
            )
        if repeats is None:
            unknown = emitted.node
    return Verdict(Status.UNDECIDED, reason="implied by guards", detail=unknown) if unknown else PROVED


def _repeats(case: Case, term: Term) -> str | None:
    """What makes ``term`` superfluous; empty if nothing does, None if z3 does not know."""
    plain = unaliased(case.facts)
    read = case.facts.bindings.bound
    given = tuple(plain(item) for item in case.facts.assumptions if not variables(item) & read)
    if Known(given).implies(plain(term)):
        return "one guard or range of the inputs says as much"
    answer = solve(given, (plain(term),))
    if answer.status == "unknown":
        return None
    return "it follows from the guards and ranges of the inputs" if answer.status == "unsat" else ""
