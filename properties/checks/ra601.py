"""RA601 agrees on CPU and CUDA: the same asserts, and the same inputs accepted with the same results.

## What it guarantees
Traced for the CPU and for a CUDA device, the Program gets equivalent asserts. Every probe (the example, each boundary,
each violation) ends the same way on both devices: accepted with equal results, or rejected by an assert with the same
type and text of error.

## Why it matters
On a GPU ``item()``, ``nonzero()`` and masks wait for the device, and a bad size that no assert stops reaches a kernel,
whose failure takes the whole process with it instead of naming the check.

## How it is decided
The Program is traced once more for the other device, the pass runs on that capture too, and the two sets of asserts are
proved equal by normal forms and z3. Where a CUDA device is at hand both guarded graphs, and the eager Program, run on
every probe; integers are compared exactly, floats by the tolerance of their type. Where there is none, the capture is
made with fake tensors, and the verdict says that nothing was run. It is asked of a share of the programs.

## What it cannot see
What happens on CUDA where an operator's own failure is the rejection, and no assert comes before it: such a kernel
takes the context of the process with it, so nothing is run there. The texts of operators' failures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from properties.capture.facts import Facts
from properties.capture.leaves import named_leaf
from properties.capture.types import Capture
from properties.case import Case
from properties.checks.models import refuted
from properties.devices import why_not_run
from properties.execution.compare import difference
from properties.execution.probes import Probe
from properties.execution.run import run_eager, run_graph
from properties.solver import solve
from properties.solver.normal import Known
from properties.verdict import PROVED, Outcome, Status, Verdict, Witness
from strategies.input_forms import JAGGED
from strategies.inputs import unbacked_axes
from strategies.semantics import has_form
from strategies.terms import Term, conjuncts, substitute

SHARE = "device"
"""Which share of a campaign's programs it is asked of."""


def check(case: Case) -> Verdict:
    """Whether ``case``'s Program is guarded alike for the CPU and for CUDA."""
    if not case.facts.truth_known:
        return Verdict(Status.VACUOUS, reason="no Program to trace for another device")
    here = case.capture.device
    there = "cuda:0" if here == "cpu" else "cpu"
    twin = case.facts.traced_for(there)
    if isinstance(twin, str) and case.capture.bodies and why_not_run(there):
        # Branches and loops go through Dynamo, which takes fake tensors of an absent device for none of its own.
        return Verdict(Status.PROVED, not_run=f"{why_not_run(there)}; torch does not trace the bodies for it")
    if isinstance(twin, str) and why_not_run(there) and _only_on_a_device(case.capture):
        return Verdict(Status.PROVED, not_run=f"{why_not_run(there)}; {twin}")
    if isinstance(twin, str):
        return Verdict(Status.UNDECIDED, reason=f"not captured for {there}", detail=twin)
    other = Case(twin, case.subject_name, case.subject)
    absent = why_not_run(there) or why_not_run(here)
    if case.unusable is not None or other.unusable is not None:
        return _unusable(case, other, absent)
    differing = _differing(case, other)
    if absent:
        if differing is not None:
            return Verdict(Status.UNDECIDED, reason="the asserts differ, not executed", detail=str(differing))
        return Verdict(Status.PROVED, not_run=absent)
    for probe, runs in _runs(case, other):
        verdict = _compare(case, probe, runs)
        if verdict is not None:
            return verdict
    if differing is not None:
        return Verdict(Status.UNDECIDED, reason="the asserts differ, no input shows it", detail=str(differing))
    return PROVED


def _only_on_a_device(capture: Capture) -> bool:
    """Whether a front end needs real tensors of the device: it overlooks what is marked on fake ones, or has none."""
    jagged = has_form(capture.program, JAGGED)
    return capture.frontend.startswith("compile") and (jagged or any(unbacked_axes(capture.program)))


def _unusable(case: Case, other: Case, absent: str) -> Verdict:
    """For a pass that leaves no graph on one of the devices; RA101 and RA202 judge that, here both have to agree."""
    ends = [(one.crash.split(":")[0], bool(one.malformed)) for one in (case, other)]
    if ends[0] == ends[1]:
        return Verdict(Status.PROVED, not_run=absent)
    detail = "; ".join(
        f"{one.capture.device}: {one.unusable.detail if one.unusable is not None else 'a graph'}"
        for one in (case, other)
    )
    if absent and why_not_run(case.capture.device):
        return Verdict(Status.UNDECIDED, reason="the pass ends differently, not executed", detail=detail)
    return refuted(
        case, "crash", None, case.run(case.capture.example()), stage="backend", skeleton="device", detail=detail
    )


def _differing(case: Case, other: Case) -> Term | None:
    """A condition that one of the two sets of asserts demands and the other one does not, or may not."""
    translated = _translated(case.facts, other.facts, other.emitted_terms)
    given = case.facts.assumptions
    for strong, weak in ((case.emitted_terms, translated), (translated, case.emitted_terms)):
        known = Known((*given, *strong))
        rest = [part for term in weak for part in conjuncts(term) if not known.implies(part)]
        if rest and solve((*given, *strong), rest).status != "unsat":
            return rest[0]
    return None


def _translated(facts: Facts, twin: Facts, terms: Sequence[Term]) -> tuple[Term, ...]:
    """``terms`` of ``twin`` over the leaves of ``facts``: two traces may name one leaf differently."""
    paired = ((named_leaf(term), facts.leaf_of[name]) for name, term in twin.leaf_of.items())
    names = {theirs.name: named_leaf(ours) or ours for theirs, ours in paired if theirs}
    return tuple(substitute(term, names) for term in terms)


def _runs(case: Case, other: Case) -> Iterator[tuple[Probe, tuple[tuple[str, Outcome, Outcome], ...]]]:
    """Each probe with pairs of runs, on the CPU and on CUDA, of the eager Program and of the guarded graph."""
    on_cpu = case.capture.device == "cpu"
    cuda = (other if on_cpu else case).capture.device
    assert other.after is not None
    for probe, after in case.probed:
        pairs = []
        if probe.eager.by != "operator":
            pairs.append(("eager", probe.eager, run_eager(case.capture.program, probe.values, cuda)))
        # Where an operator is what rejects on the CPU, the same kernel on CUDA would end the process.
        if not on_cpu or after.by != "operator":
            twin = run_graph(other.after, other.capture, probe.values)
            pairs.append(("guarded graph", after, twin) if on_cpu else ("guarded graph", twin, after))
        yield probe, tuple(pairs)


def _compare(case: Case, probe: Probe, runs: Sequence[tuple[str, Outcome, Outcome]]) -> Verdict | None:
    for what, cpu, cuda in runs:
        text = difference(cpu, cuda)
        if not text:
            continue
        if cpu.accepted != cuda.accepted:
            direction = "extra" if cpu.accepted else "missing"
        else:
            direction = "altered" if cpu.accepted else "diverging"
        others = tuple(
            (f"{name} on {place}", run)
            for name, *both in runs
            for place, run in zip(("cpu", "cuda"), both, strict=True)
        )
        witness = Witness(tuple(sorted(probe.values.items())), probe.eager, probe.before or probe.eager, cuda, others)
        return refuted(case, direction, None, witness, stage="backend", skeleton=what, detail=f"{what}: {text}")
    return None
