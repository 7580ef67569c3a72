"""RA401 adds no redundant assert: none that always holds, repeats another one or is weaker than another one.

## What it guarantees
No assert that the pass added is true for all values, says what another assert of the graph says, or follows from one
other assert by comparing constants (``u0 >= 2`` beside ``u0 >= 4``).

## Why it matters
Each assert runs on every step; a served model carried 400 of them, for 2.6 % of its time (vLLM pull 37485). Users ask
for their own checks and no duplicate made by the compiler (pytorch/pytorch issue 182703).

## How it is decided
By the normal forms of the conditions. A check that the graph had before the pass is never redundant: it is the user's,
and stays. An assert counts as covered only by one that stands before it, or behind it with no tensor computed between.

## What it cannot see
Asserts that follow from several others together, or by more than a comparison of constants.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from properties.case import Case
from properties.checks.models import refuted
from properties.checks.placement import next_computation, own_checks, unaliased
from properties.read.graph import Emitted
from properties.solver.normal import Known, normal
from properties.verdict import PROVED, Verdict
from strategies.terms import TRUE, Term, variables


@dataclass(frozen=True)
class _Assert:
    """An emitted assert with its normal form; ``own`` if the graph had it before the pass."""

    emitted: Emitted
    term: Term
    form: Term
    own: bool


def check(case: Case) -> Verdict:
    """Whether every assert that ``case``'s subject added says something that no other one does."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    found = _redundant(case)
    if found is None:
        return PROVED
    needless, kind, detail = found
    witness = case.run(case.capture.example())
    return refuted(case, "redundant", needless.term, witness, skeleton=kind, detail=detail)


def _redundant(case: Case) -> tuple[_Assert, str, str] | None:
    asserts = _asserts(case)
    for item in asserts:
        if item.form == TRUE and not item.own:
            return item, "tautology", f"{item.emitted.node} holds for all values"
    alike: dict[frozenset[str], list[_Assert]] = defaultdict(list)
    for item in asserts:
        alike[variables(item.form)].append(item)
    if all(len(group) == 1 for group in alike.values()):
        return None
    assert case.after is not None
    behind = next_computation(case.after.graph)
    for group in alike.values():
        for item in group:
            if item.own:
                continue
            for other in group:
                if other is item or other.emitted.index > behind[item.emitted.index]:
                    continue
                same = other.form == item.form
                if same and not other.own and other.emitted.index > item.emitted.index:
                    continue
                if same or Known((other.form,)).implies(item.form):
                    kind = "duplicate" if same else "weaker"
                    return item, kind, f"{item.emitted.node} follows from {other.emitted.node}"
    return None


def _asserts(case: Case) -> list[_Assert]:
    """The asserts after the pass; as many with the form of one of the user's checks are own as there were such."""
    plain = unaliased(case.facts)
    users = Counter(normal(plain(term)) for term in own_checks(case.facts))
    found: list[_Assert] = []
    # From the end, because a pass that repeats a check early leaves the check itself where it was.
    for emitted in reversed(case.emitted):
        if emitted.term is None:
            continue
        form = normal(plain(emitted.term))
        own = users[form] > 0
        users[form] -= own
        found.append(_Assert(emitted, emitted.term, form, own))
    return found[::-1]
