"""RA102 rejects exactly the violating inputs: eager execution, the truth and the guarded graph agree.

## What it guarantees
On every probe (the example, an input at the edge of each requirement, one that breaks each requirement and nothing
else) the guarded graph accepts what the eager program accepts, and rejects, by an assert, what it rejects.

## Why it matters
This is what people who ship a traced model rely on: it is the whole way from the check that they wrote to the
graph that runs, the front end included (pytorch/pytorch issues 150539, 161276).

## How it is decided
By execution. Who is to blame is told by evaluating truth, obligations and emitted asserts on the same values: an
obligation that does not say what the program demands is the ``frontend``'s fault, an assert that does not say what
was recorded the ``pass``'s. If the emitted asserts, as read, do not predict the run, that is a fault of this tool.

## What it cannot see
Boundaries that need inputs too large to build. Edges between rounded numbers that no solver decides, which are counted.
Inputs outside of the assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping

from properties.capture.facts import Facts
from properties.case import Case
from properties.checks.models import program_values, refuted
from properties.errors import GeneratorError, ToolError
from properties.execution.probes import Probe
from properties.solver import solve
from properties.verdict import PROVED, Outcome, Status, Verdict, Witness
from strategies.evaluate import evaluate, holds
from strategies.statement import Unrealisable
from strategies.terms import Term, Undefined, Valuation, apply, variables

ASSUMED = "assumption about inputs"
"""Recorded for run time, though no check of the program demands it: what tracing takes for granted of the sizes that it
was shown, and would make a guard without ``prefer_deferred_runtime_asserts_over_guards``."""


def check(case: Case) -> Verdict:
    """Whether the guarded graph of ``case`` decides every probe as eager execution does."""
    if case.unusable is not None:
        return case.unusable
    probes = case.facts.probes
    best: Verdict | None = None
    for probe, after in case.probed:
        verdict = _probe(case, probe, after)
        if verdict is not None and (best is None or verdict.stage == "pass" != best.stage):
            best = verdict
    if best is not None:
        return best
    if probes.undecided:
        return Verdict(Status.UNDECIDED, reason="no probe for a boundary")
    return PROVED


def _probe(case: Case, probe: Probe, after: Outcome) -> Verdict | None:
    facts = case.facts
    broken = _first_broken(facts.truth, probe.leaves)
    if facts.truth_known and (broken is None) != probe.eager.accepted:
        raise GeneratorError(
            f"truth says {'accept' if broken is None else 'reject'}, eager {probe.eager.outcome}: "
            f"{probe.eager.error} {probe.eager.text} for {dict(probe.values)}"
        )
    emitted = _first_broken(case.emitted_terms, probe.leaves)
    if not case.unread:
        if emitted is not None and after.accepted:
            raise ToolError(f"assert {emitted} is read as false for {dict(probe.values)}, but the graph accepts")
        # A size that only the operator knows (a slice to a run-time value) has no value here: it was not read as true.
        known = probe.leaves.keys()
        if emitted is None and after.by == "assert" and all(variables(term) <= known for term in case.emitted_terms):
            raise ToolError(f"asserts are read as true for {dict(probe.values)}, but one fires: {after.text}")
    witness = Witness(tuple(sorted(probe.values.items())), probe.eager, probe.before or probe.eager, after)
    if probe.eager.accepted and after.accepted:
        return None
    if probe.eager.accepted:
        # What the graph could not run before the pass either, or what was recorded wrongly, is not the pass's fault.
        traced_wrong = probe.before is not None and not probe.before.accepted
        recorded = _first_broken(facts.required, probe.leaves)
        stage = "frontend" if traced_wrong or recorded is not None else "pass"
        direction = "extra" if after.by == "assert" else "broken"
        assumed = direction == "extra" and recorded is not None and _about_inputs(facts.kinds, recorded)
        # Where no condition is false, the kind of the error is all that there is to tell one fault from another.
        skeleton = ASSUMED if assumed else after.error if emitted is None else ""
        return refuted(case, direction, emitted, witness, stage=stage, skeleton=skeleton)
    if after.by == "assert" or (
        after.by == "operator"
        # A check of the user's may stand in the graph as an operator (``sym_constrain_range``).
        and (probe.eager.by == "operator" or after.repeats(probe.eager) or _undefined(facts, probe, after))
    ):
        return None
    recorded = _first_broken(facts.required, probe.leaves)
    direction = "missing" if after.accepted else "late"
    stage = "frontend" if recorded is None or (direction == "late" and _sizes_fixed(case, probe)) else "pass"
    return refuted(case, direction, recorded if recorded is not None else broken, witness, stage=stage)


def _sizes_fixed(case: Case, probe: Probe) -> bool:
    """Whether inputs of the same sizes that nothing rejects fail in the graph even before the pass.

    Then tracing has put a constant for a size without a word, and no assert can come before the operator that minds.
    """
    facts = case.facts
    if not facts.truth_known:
        return False
    shown = [
        apply("eq", name, value)
        for name, value in probe.leaves.items()
        if facts.kinds.get(name) == "dim" and isinstance(value, int)
    ]
    answer = solve((*facts.assumptions, *facts.required, *facts.truth, *shown), small=True)
    if answer.model is None:
        return False
    try:
        witness = case.run(program_values(facts, answer.model))
    except Unrealisable:
        return False
    return witness.eager.accepted and not witness.before.accepted


def _about_inputs(kinds: Mapping[str, str], term: Term) -> bool:
    return all(kinds.get(name) in ("dim", "scalar", "scalar_truth") for name in variables(term))


def _undefined(facts: Facts, probe: Probe, after: Outcome) -> bool:
    """Whether the condition of a check, as written or as recorded, has no value: computing it raises in the graph.

    Eager raises the same, or stops at a check before it: which of two broken checks comes first is no fault.
    """
    if after.error not in ("ZeroDivisionError", "ValueError", "OverflowError"):
        return False
    eager = probe.eager
    return (eager.error, eager.text) == (after.error, after.text) or any(
        _raises(term, probe.leaves) for term in (*facts.truth, *facts.required)
    )


def _raises(term: Term, leaves: Valuation) -> bool:
    try:
        evaluate(term, leaves)
    except Undefined:
        return True
    except KeyError:
        return False
    return False


def _first_broken(terms: tuple[Term, ...], leaves: Valuation) -> Term | None:
    for term in terms:
        try:
            if not holds(term, leaves):
                return term
        except KeyError:
            continue
    return None
