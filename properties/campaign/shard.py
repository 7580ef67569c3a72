"""What a worker does: one shard of a plan, or one shrink, from plain data to plain data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from properties.campaign.check import Checked, check_program
from properties.campaign.draw import SHRINK_CALLS, draw, shard_seed, shrink
from properties.campaign.finding import ablation, finding_row
from properties.campaign.plan import BACKEND_SUBJECT, FRONTENDS, OUTSIDE, Plan
from properties.campaign.signature import Signature, signature_of
from properties.case import Case
from properties.registry import properties
from properties.solver.normal import normal_set
from properties.subjects import resolve
from properties.verdict import Status, Verdict
from strategies.program import Program

THOROUGH_EVERY = 8
COMPILED_SHRINK_CALLS = 60


def run_shard(plan: Plan, cell_index: int, shard: int, count: int) -> dict[str, Any]:
    """The rows of one shard: ``{"shard": row, "hits": [...], "errors": [...]}``.

    A hit is one REFUTED Program: its place, its signature and its JSON.
    """
    cell = plan.cells[cell_index]
    subjects = {name: resolve(name) for name in cell.subjects}
    start = time.perf_counter()
    programs = draw(shard_seed(plan.seed, cell_index, shard), cell.profile, count)
    seconds: Counter[str] = Counter({"draw": time.perf_counter() - start})
    tallies = {name: _tally() for name in (*cell.subjects, *OUTSIDE)}
    constructs: Counter[str] = Counter()
    not_run: Counter[str] = Counter()
    hits: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    invalid = unreachable = unrealisable = probes = 0
    for index, program in enumerate(programs):
        where = {"seed": plan.seed, "cell": cell_index, "shard": shard, "index": index}
        checked = check_program(
            program,
            cell.frontend,
            subjects,
            plan.codes(cell_index, shard, index),
            device=cell.device,
            backends=plan.backends,
            thorough=index % THOROUGH_EVERY == 0,
        )
        not_run.update(checked.not_run)
        seconds.update(checked.seconds)
        constructs.update(construct_names(program))
        errors += [
            {
                "kind": "tool_error",
                "where": kind,
                "text": text,
                "program": program.to_json(),
                "case": where,
                "frontend": cell.frontend,
            }
            for kind, text in checked.faults
        ]
        if not checked.valid:
            invalid += 1
            continue
        # Probes are made when a property first asks for them.
        if checked.facts is not None and "probes" in vars(checked.facts):
            probes += len(checked.facts.probes.probes)
            unreachable += checked.facts.probes.unreachable
            unrealisable += checked.facts.probes.unrealisable
        for name in cell.subjects:
            _count(tallies[name], checked, name)
            if name in checked.cases:
                hits += [
                    _hit(checked.cases[name], code, verdict, where, program)
                    for code, verdict in checked.refutations(name)
                ]
        for stage in OUTSIDE:
            hits += _outside_hit(checked, stage, tallies[stage], where, program)
    row = {
        "kind": "shard",
        "cell": cell_index,
        "shard": shard,
        "frontend": cell.frontend,
        "profile": cell.profile,
        "device": cell.device,
        "programs": len(programs),
        "invalid": invalid,
        "probes": probes,
        "boundaries_unreachable": unreachable,
        "boundaries_unrealisable": unrealisable,
        "seconds": {name: round(value, 4) for name, value in sorted(seconds.items())},
        "constructs": dict(sorted(constructs.items())),
        "not_run": dict(sorted(not_run.items())),
        "subjects": {
            name: _plain(tally) for name, tally in tallies.items() if name != BACKEND_SUBJECT or tally["programs"]
        },
    }
    return {"shard": row, "hits": hits, "errors": errors}


def _hit(case: Case, code: str, verdict: Verdict, where: Mapping[str, int], program: Program) -> dict[str, Any]:
    signature = signature_of(case, code, verdict)
    return {
        "where": dict(where),
        "seen_with": case.subject_name,
        "signature": [
            signature.subject,
            signature.code,
            signature.direction,
            signature.cause,
            signature.skeleton,
        ],
        "program": program.to_json(),
    }


def _outside_hit(
    checked: Checked, stage: str, tally: dict[str, Any], where: Mapping[str, int], program: Program
) -> list[dict[str, Any]]:
    """A hit of ``stage`` if the Program shows one; the column counts the Programs that could have shown it."""
    asked = any(properties()[code].share for verdicts in checked.verdicts.values() for code in verdicts)
    if stage == BACKEND_SUBJECT and not asked:
        return []
    tally["programs"] += 1
    if checked.refusal:
        tally["not_captured"][checked.refusal] += 1
        return []
    if checked.facts is None:
        tally["tool_error"] += 1
        return []
    fault = checked.outside(stage)
    if fault is None:
        tally["proved"] += 1
        return []
    subject, code, verdict = fault
    tally["refuted"][verdict.direction] += 1
    return [_hit(checked.cases[subject], code, verdict, where, program)]


def _tally() -> dict[str, Any]:
    return {
        "programs": 0,
        "proved": 0,
        "refuted": Counter(),
        "undecided": Counter(),
        "vacuous": Counter(),
        "not_captured": Counter(),
        "tool_error": 0,
        "asserts_emitted": 0,
        "asserts_required": 0,
    }


def _count(tally: dict[str, Any], checked: Checked, name: str) -> None:
    tally["programs"] += 1
    if checked.refusal:
        tally["not_captured"][checked.refusal] += 1
        return
    if name not in checked.verdicts or checked.facts is None:
        tally["tool_error"] += 1
        return
    verdict = checked.overall(name)
    status = verdict.status
    if status is Status.PROVED:
        tally["proved"] += 1
    elif status is Status.TOOL_ERROR:
        tally["tool_error"] += 1
    else:
        key = {Status.REFUTED: "refuted", Status.UNDECIDED: "undecided", Status.VACUOUS: "vacuous"}[status]
        tally[key][verdict.direction or verdict.reason] += 1
    case = checked.cases[name]
    tally["asserts_emitted"] += 0 if case.unusable else len(case.emitted)
    tally["asserts_required"] += len(normal_set(checked.facts.required))


def _plain(tally: dict[str, Any]) -> dict[str, Any]:
    return {key: dict(sorted(value.items())) if isinstance(value, Counter) else value for key, value in tally.items()}


def construct_names(program: Program) -> set[str]:
    """The constructs of a Program; a check counts by its relation."""
    from strategies.terms import Apply

    names = set()
    for statement in program.body:
        condition = dict(statement.args).get("cond")
        names.add(f"{statement.op}:{condition.op}" if isinstance(condition, Apply) else statement.op)
    return names


def shrink_hit(plan: Plan, hit: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The finding of one hit: its smallest Program with the same coarse signature, evidence and ablation.

    Returns:
        ``{"finding": row}``, or ``{"error": row}`` if the hit does not show again.
    """
    where = hit["where"]
    cell = plan.cells[where["cell"]]
    target = Program.from_json(hit["program"])
    signature = Signature(*hit["signature"])
    seen_with = hit["seen_with"]
    subjects = {seen_with: resolve(seen_with)}
    codes = tuple(dict.fromkeys(("RA101", signature.code)))
    # Where each step compiles, only the backend that showed the fault does, and there are fewer steps.
    costly = properties()[signature.code].share == "backend"
    backends = tuple(name for name in plan.backends if signature.skeleton.startswith(name)) or plan.backends

    def same(program: Program) -> tuple[Case, Verdict, Signature] | None:
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

    smallest = shrink(
        shard_seed(plan.seed, where["cell"], where["shard"]),
        cell.profile,
        count,
        target,
        lambda program: same(program) is not None,
        calls=COMPILED_SHRINK_CALLS if costly else SHRINK_CALLS,
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
    return {"finding": finding_row(case, own.code, verdict, own, where, frontends)}
