"""RA602 agrees on every backend: a compiled program rejects what its guarded graph rejects, and nothing else.

## What it guarantees
The graph after the pass, compiled by ``aot_eager``, ``inductor`` or ahead of time by Inductor, accepts and rejects
every probe as the same graph does when it is interpreted, with equal results. Under ``torch.compile`` the whole
callable, its guards and recompilations included, accepts and rejects as the eager Program does. With the backend
``eager`` nothing is compiled: ``ep.module()``, or the callable, is run with the guards of its inputs, and rejects
sizes that no graph was made for as the eager Program does.

## Why it matters
An assert in the graph is of no use if the compiler behind it drops it (pytorch/pytorch issue 150539, pull 185588).

## How it is decided
By execution on every probe that satisfies what compiling assumed in addition. The interpreted graph is the measure, so
that a fault of the pass or of the front end is not laid at the backend's door. It is asked of a share of the programs,
and of the backends that the campaign names.

## What it cannot see
Which error compiled code raises: Inductor puts its own text in the place of the user's. A dropped assert where
something else rejects the same input. Inputs for which torch refuses to compile again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch

from properties.backends import GRAPH_BACKENDS, GUARDED, PACKAGES
from properties.capture.table import FRONTENDS
from properties.case import Case
from properties.checks.models import refuted
from properties.devices import why_not_run
from properties.execution.backends import (
    Compiled,
    NotCompiled,
    compile_graph,
    compile_program_whole,
    is_refusal,
    package,
    unavailable,
)
from properties.execution.compare import difference
from properties.execution.guarded import broken_guard, excluded, exported_module
from properties.execution.probes import Probe
from properties.execution.run import run_callable
from properties.solver.skeleton import skeleton
from properties.verdict import PROVED, Outcome, Status, Verdict, Witness
from strategies.evaluate import holds
from strategies.inputs import build_inputs
from strategies.terms import Term

SHARE = "backend"
"""Which share of a campaign's programs it is asked of."""
_DIRECTIONS = {(True, True): "altered", (False, True): "missing", (True, False): "extra", (False, False): "late"}
"""By what the interpreted graph and the compiled one accept."""


def check(case: Case) -> Verdict:
    """Whether every backend of ``case`` does what the interpreted graph does."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    frontend = FRONTENDS.get(case.capture.frontend)
    if not case.facts.truth_known or frontend is None or frontend.module == "shape_env":
        return Verdict(Status.VACUOUS, reason="no tensor program to compile")
    absent = why_not_run(case.capture.device)
    if absent:
        return Verdict(Status.PROVED, not_run=absent)
    not_run: list[str] = []
    for name, make, whole in _forms(case, frontend.module):
        backend = name.split()[0]
        missing = unavailable(backend)
        if missing:
            not_run.append(missing)
            continue
        try:
            compiled = make()
        except NotCompiled as refusal:
            not_run.append(f"{name}: not compiled ({_kind(str(refusal))})")
            continue
        verdict = _judge(case, name, compiled, whole=whole)
        if verdict is None and backend == GUARDED:
            verdict = _judge_excluded(case, name, compiled)
        if verdict is not None:
            return verdict
    return Verdict(Status.PROVED, not_run="; ".join(dict.fromkeys(not_run)))


def _forms(case: Case, module: str) -> Iterator[tuple[str, Callable[[], Compiled], bool]]:
    """Name, how it is compiled, and whether it is the whole callable, for each form that ``case`` has."""
    assert case.after is not None
    after, capture, subject = case.after, case.capture, case.subject
    for backend in case.backends:
        if backend in GRAPH_BACKENDS:
            yield f"{backend} graph", partial(compile_graph, after, capture, backend), False
            if module == "compile":
                yield f"{backend} callable", partial(compile_program_whole, capture, subject, backend), True
        elif backend == GUARDED and module == "compile":
            yield f"{GUARDED} callable", partial(compile_program_whole, capture, subject, GUARDED), True
        elif backend == GUARDED and module == "export":
            yield f"{GUARDED} module", partial(exported_module, capture, subject), True
        elif backend == PACKAGES and module == "export":
            yield f"{backend} package", partial(package, capture, subject), True


def _judge(case: Case, name: str, compiled: Compiled, *, whole: bool) -> Verdict | None:
    capture = case.capture
    for probe, interpreted in case.probed:
        if not whole and not _within(compiled.assumptions, probe):
            continue
        values = probe.values
        if whole:
            run = run_callable(
                compiled.call, lambda v=values: build_inputs(capture.program, v, capture.device), capture.device
            )
        else:
            run = run_callable(compiled.call, lambda v=values: capture.arguments(v), capture.device)
        text = _disagreement(probe, interpreted, run, whole=whole)
        if text:
            direction = _DIRECTIONS[interpreted.accepted, run.accepted]
            witness = Witness(
                tuple(sorted(values.items())), probe.eager, probe.before or probe.eager, interpreted, ((name, run),)
            )
            broken = _broken(case, probe)
            form = name if broken is None else f"{name}: {skeleton(broken, case.facts.kinds)}"
            return refuted(case, direction, broken, witness, stage="backend", detail=f"{name}: {text}", skeleton=form)
    return None


def _judge_excluded(case: Case, name: str, compiled: Compiled) -> Verdict | None:
    """REFUTED if inputs that a guard has to reject, because the eager Program does, are accepted."""
    capture = case.capture
    for probe in excluded(case.facts):
        broken = broken_guard(case.facts, probe.values)
        if probe.eager.accepted or broken is None:
            continue
        run = run_callable(
            compiled.call, lambda v=probe.values: build_inputs(capture.program, v, capture.device), capture.device
        )
        if run.accepted:
            witness = Witness(tuple(sorted(probe.values.items())), probe.eager, probe.eager, run, ((name, run),))
            return refuted(
                case,
                "missing",
                broken,
                witness,
                stage="backend",
                detail=f"{name}: no guard rejects what the eager program does: {probe.eager.text}",
                skeleton=f"{name}: guard {skeleton(broken, {})}",
            )
    return None


def _disagreement(probe: Probe, interpreted: Outcome, run: Outcome, *, whole: bool) -> str:
    """What is wrong with ``run``, in a few words; empty if nothing is, or if it tells nothing."""
    if not run.accepted and is_refusal(run):
        return ""
    if run.accepted and interpreted.accepted:
        return difference(interpreted, _with_numbers(run, interpreted))
    if run.by == "device" and interpreted.by == "assert":
        return f"a kernel fails where an assert rejects in the graph: {run.text}"
    if run.accepted == interpreted.accepted:
        return ""
    # A callable that follows the eager Program where the graph does not is right; the pass or the tracing is wrong.
    if whole and run.accepted == probe.eager.accepted:
        return ""
    if run.accepted:
        return f"accepts what {interpreted.by} rejects in the graph: {interpreted.text}"
    return f"rejects what the graph accepts: {run.error}: {run.text}"


def _with_numbers(run: Outcome, like: Outcome) -> Outcome:
    """``run`` with a number where ``like`` has one: a package returns its numbers as tensors without a dimension."""
    if len(run.results) != len(like.results):
        return run
    pairs = zip(run.results, like.results, strict=True)
    results = tuple(
        one.item() if isinstance(one, torch.Tensor) and one.dim() == 0 and not isinstance(other, torch.Tensor) else one
        for one, other in pairs
    )
    return replace(run, results=results)


def _within(assumptions: tuple[Term, ...], probe: Probe) -> bool:
    try:
        return all(holds(term, probe.leaves) for term in assumptions)
    except KeyError:
        return False


def _broken(case: Case, probe: Probe) -> Term | None:
    """The emitted condition that the probe breaks, if it breaks one."""
    for term in case.emitted_terms:
        try:
            if not holds(term, probe.leaves):
                return term
        except KeyError:
            continue
    return None


def _kind(reason: str) -> str:
    return reason.partition(":")[0]
