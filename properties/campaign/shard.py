"""The two kinds of unit in a worker: the search of a shard, and the shrinking of one hit."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from properties import phases
from properties.campaign.box import Box
from properties.campaign.check import check_program
from properties.campaign.draw import draw, shard_seed, shrink
from properties.campaign.finding import ablation, finding_row
from properties.campaign.plan import FRONTEND_SUBJECT, FRONTENDS, OUTSIDE, Cell, Plan
from properties.campaign.rows import shard_result
from properties.campaign.signature import Signature, signature_of
from properties.campaign.tally import Tally, construct_names
from properties.campaign.units import Limits, Unit
from properties.campaign.worker import mapped
from properties.case import Case
from properties.certificates import write
from properties.registry import properties
from properties.solver.second import confirming
from properties.subjects import Subject, resolve
from properties.verdict import Verdict
from strategies.program import Program

THOROUGH_EVERY = 8
COMPILED_SHRINK_CALLS = 60
QUARANTINE = 3
"""So many Programs of one shard on which a subject ends its worker; it is not run on the rest of the shard."""

_SAVE_EVERY = 0.5  # seconds; what is finished since then is done again if the worker ends
_MEBI = 1 << 20


def run_shard(plan: Plan, cell_index: int, shard: int, count: int) -> dict[str, Any]:
    """One shard in this very process, with no limits: ``{"shard": row, "hits": [...], "errors": [...]}``."""
    unit = Unit("search", cell_index, shard, count)
    return shard_result(plan, unit, search(plan, unit, None, {}, None, None))


def search(
    plan: Plan,
    unit: Unit,
    state: Mapping[str, Any] | None,
    deaths: Mapping[int, Sequence[Mapping[str, Any]]],
    box: Box | None,
    limits: Limits | None,
) -> dict[str, Any]:
    """Checks the Programs of a shard from ``state`` on, and returns the state at its end.

    ``deaths`` says, for each Program, what has ended a worker there: whoever was to blame is not run on it again.
    With a subject that ended its worker on many, the rest of the shard is not risked. A worker that has used up
    most of its memory returns early, with a state that is not ``done``.
    """
    cell = plan.cells[unit.cell]
    subjects = {name: resolve(name, fresh=True) for name in cell.subjects}
    tally = Tally(cell, state)
    start = time.perf_counter()
    with phases.phase(phases.DRAW):
        programs = draw(shard_seed(plan.seed, unit.cell, unit.shard), cell.profile, unit.count, cell.frontend)
    tally.spent({"draw": time.perf_counter() - start})
    first = 0 if state is None else state["next"]
    full = _full(limits)
    saved = time.monotonic()
    for index in range(first, len(programs)):
        if box is not None:
            box.begin(index)
            now = time.monotonic()
            if now - saved > _SAVE_EVERY:
                saved = now
                box.save({**tally.state(), "next": index, "programs": len(programs), "done": False})
                if mapped() > full:
                    return {**tally.state(), "next": index, "programs": len(programs), "done": False}
        where = {"seed": plan.seed, "cell": unit.cell, "shard": unit.shard, "index": index}
        if _check(plan, cell, subjects, programs[index], where, deaths, tally):
            # What was found is kept; nothing more can be checked in this process on a device.
            return {**tally.state(), "next": index + 1, "programs": len(programs), "done": False}
    return {**tally.state(), "next": len(programs), "programs": len(programs), "done": True}


def _full(limits: Limits | None) -> float:
    """The address space at which a worker had better be replaced: half of what it may have."""
    return mapped() + limits.memory * _MEBI / 2 if limits is not None and limits.memory else float("inf")


def _check(
    plan: Plan,
    cell: Cell,
    subjects: Mapping[str, Subject],
    program: Program,
    where: Mapping[str, int],
    deaths: Mapping[int, Sequence[Mapping[str, Any]]],
    tally: Tally,
) -> bool:
    """Checks one Program, and says whether the worker has lost its CUDA context over it."""
    index = where["index"]
    own = {death["subject"]: death for death in deaths.get(index, ())}
    tally.constructs.update(construct_names(program))
    if "" in own:
        tally.error("worker", f"a worker ended: {own['']['detail']}", where, cell.frontend, program)
    if "" in own or FRONTEND_SUBJECT in own:
        for name in cell.subjects:
            # Whatever was captured, nobody can say what a subject makes of it.
            outcome = ("tool_error", "") if "" in own else ("not_captured", "tracing ended the worker")
            tally.not_run(name, *outcome)
        if FRONTEND_SUBJECT in own:
            tally.died(own[FRONTEND_SUBJECT], where, program)
        else:
            tally.not_run(FRONTEND_SUBJECT, "tool_error", "")
        return False
    barred = _barred(deaths, index)
    running = {name: subject for name, subject in subjects.items() if name not in own and name not in barred}
    with confirming(plan.second_opinion):
        checked = check_program(
            program,
            cell.frontend,
            running,
            plan.codes(where["cell"], where["shard"], index),
            device=cell.device,
            backends=plan.backends,
            thorough=index % THOROUGH_EVERY == 0,
        )
    if plan.certificates:
        for name, case in checked.cases.items():
            safe = re.sub(r"\W+", "-", name)
            write(case, Path(plan.certificates), f"{where['cell']}-{where['shard']}-{index}-{safe}")
    tally.not_run_here.update(checked.not_run)
    tally.spent(checked.seconds)
    tally.solved(checked.solver)
    for kind, text in checked.faults:
        tally.error(kind, text, where, cell.frontend, program)
    if not checked.valid:
        tally.invalid()
        return checked.context_lost
    tally.probed(checked)
    tally.support.add(program, checked)
    for name in cell.subjects:
        if name in own:
            tally.died(own[name], where, program)
        elif name in barred:
            tally.not_run(name, "undecided", f"not run: it ended its worker on {QUARANTINE} programs of this shard")
        else:
            tally.subject(name, checked, where, program)
    for stage in OUTSIDE:
        tally.outside(stage, checked, where, program)
    return checked.context_lost


def _barred(deaths: Mapping[int, Sequence[Mapping[str, Any]]], index: int) -> set[str]:
    """The subjects that have ended their worker on so many Programs before ``index`` that they are run no more."""
    before = [death["subject"] for place, found in deaths.items() if place < index for death in found]
    return {name for name in before if before.count(name) >= QUARANTINE}


def shrink_hit(
    plan: Plan, unit: Unit, box: Box | None = None, left_out: frozenset[int] = frozenset()
) -> dict[str, Any]:
    """The finding of one hit: its smallest Program with the same coarse signature, evidence and ablation.

    ``left_out`` are the numbers of the checks that have ended a worker before: another fault than this one.

    Returns:
        ``{"finding": row}``, or ``{"error": row}`` if the hit does not show again.
    """
    hit = unit.hit
    if hit is None:
        raise ValueError("a unit without a hit cannot be shrunk")
    where = hit["where"]
    cell = plan.cells[where["cell"]]
    target = Program.from_json(hit["program"])
    signature = Signature(*hit["signature"])
    seen_with = hit["seen_with"]
    subjects = {seen_with: resolve(seen_with, fresh=True)}
    codes = tuple(dict.fromkeys(("RA101", signature.code)))
    # Where each step compiles, only the backend that showed the fault does, and there are fewer steps.
    costly = properties()[signature.code].share == "backend"
    backends = tuple(name for name in plan.backends if signature.skeleton.startswith(name)) or plan.backends
    checks = 0

    def same(program: Program) -> tuple[Case, Verdict, Signature] | None:
        nonlocal checks
        checks += 1
        if box is not None:
            box.begin(checks)
        if checks in left_out:
            return None
        checked = check_program(
            program, cell.frontend, subjects, codes, device=cell.device, backends=backends, thorough=False
        )
        if seen_with not in checked.cases or checked.faults:
            return None
        case = checked.cases[seen_with]
        found = checked.refutations(seen_with)
        if signature.subject in OUTSIDE:
            fault = checked.outside(signature.subject)
            found = [] if fault is None else [(fault[1], fault[2])]
        for code, verdict in found:
            own = signature_of(case, code, verdict)
            if own.coarse == signature.coarse:
                return case, verdict, own
        return None

    smallest = (
        shrink(
            shard_seed(plan.seed, where["cell"], where["shard"]),
            cell.profile,
            unit.count,
            target,
            lambda program: same(program) is not None,
            frontend=cell.frontend,
            calls=min(unit.calls, COMPILED_SHRINK_CALLS) if costly else unit.calls,
        )
        if unit.calls
        else target
    )
    result = same(smallest)
    if result is None:
        return {
            "error": {
                "kind": "tool_error",
                "where": "tool",
                "text": f"a finding does not show again: {signature}",
                "program": hit["program"],
                "case": dict(where),
                "frontend": cell.frontend,
            }
        }
    case, verdict, own = result
    frontends = ablation(smallest, subjects, seen_with, own.code, FRONTENDS, backends)
    return {"finding": {**finding_row(case, own.code, verdict, own, where, frontends), "shrunk": bool(unit.calls)}}
