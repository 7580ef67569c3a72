"""What the Programs of a shard come to, added up as plain data that can be carried from one worker to the next."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from properties.campaign.check import Checked
from properties.campaign.deaths import death_hit
from properties.campaign.finding import title_of
from properties.campaign.plan import BACKEND_SUBJECT, OUTSIDE, Cell
from properties.campaign.signature import signature_of
from properties.campaign.support import SupportCounter
from properties.case import Case
from properties.checks.ra403 import synchronisations
from properties.registry import properties
from properties.solver.normal import normal_set
from properties.solver.statistics import Counts, add
from properties.verdict import Status, Verdict
from strategies.program import Program
from strategies.terms import Apply

Where = Mapping[str, int]

_STATUS_KEY = {Status.REFUTED: "refuted", Status.UNDECIDED: "undecided", Status.VACUOUS: "vacuous"}


class Tally:
    """Counts over the Programs of a shard, its hits and errors. ``subjects`` are the columns, those outside last.

    ``not_run_here`` counts the Programs of which something could not be executed on this machine, by the reason.
    """

    def __init__(self, cell: Cell, state: Mapping[str, Any] | None = None) -> None:
        self.subjects = {name: _column() for name in (*cell.subjects, *OUTSIDE)}
        self.counts: Counter[str] = Counter()
        self.not_run_here: Counter[str] = Counter()
        self.constructs: Counter[str] = Counter()
        self.support = SupportCounter(None if state is None else state["support"], cell.frontend)
        self.seconds: dict[str, float] = {}
        self.solver: Counts = {}
        self.hits: dict[tuple[str, ...], dict[str, Any]] = {}
        self.errors: list[dict[str, Any]] = []
        if state is not None:
            self._load(state)

    def spent(self, seconds: Mapping[str, float]) -> None:
        """Time that was spent, by what it was spent on."""
        for name, value in seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + value

    def solved(self, steps: Counts) -> None:
        """Queries, by the step of the solver that decided them."""
        add(self.solver, steps)

    def invalid(self) -> None:
        """A Program that does not accept its own example."""
        self.counts["invalid"] += 1

    def probed(self, checked: Checked) -> None:
        """The boundary inputs of a Program, if a property asked for them."""
        if checked.facts is not None and "probes" in vars(checked.facts):
            probes = checked.facts.probes
            self.counts["probes"] += len(probes.probes)
            self.counts["boundaries_unreachable"] += probes.unreachable
            self.counts["boundaries_unrealisable"] += probes.unrealisable
            self.counts["boundaries_undecided"] += probes.undecided + probes.rounded
            self.counts["boundaries_edges"] += probes.edges
            self.counts["boundaries_violations"] += probes.violations

    def subject(self, name: str, checked: Checked, where: Where, program: Program) -> None:
        """What ``checked`` says about the subject ``name``."""
        column = self.subjects[name]
        column["programs"] += 1
        if checked.refusal:
            column["not_captured"][checked.refusal] += 1
            return
        if name not in checked.verdicts or checked.facts is None:
            column["tool_error"] += 1
            return
        verdict = checked.overall(name)
        if verdict.status is Status.PROVED:
            column["proved"] += 1
        elif verdict.status is Status.TOOL_ERROR:
            column["tool_error"] += 1
        else:
            column[_STATUS_KEY[verdict.status]][verdict.direction or verdict.reason] += 1
        case = checked.cases[name]
        column["asserts_emitted"] += 0 if case.unusable else len(case.emitted)
        column["host_waits"] += 0 if case.after is None else synchronisations(case.after.graph).for_asserts
        column["asserts_required"] += len(normal_set(checked.facts.required))
        for code, refuted in checked.refutations(name):
            self._hit(_hit(case, code, refuted, where, program))

    def outside(self, stage: str, checked: Checked, where: Where, program: Program) -> None:
        """What ``checked`` says about ``stage``, one of OUTSIDE; the Programs that could have shown it are counted."""
        asked = any(properties()[code].share for verdicts in checked.verdicts.values() for code in verdicts)
        if stage == BACKEND_SUBJECT and not asked:
            return
        column = self.subjects[stage]
        column["programs"] += 1
        fault = checked.outside(stage)
        if checked.refusal:
            column["not_captured"][checked.refusal] += 1
        elif checked.facts is None:
            column["tool_error"] += 1
        elif fault is None:
            column["proved"] += 1
        else:
            name, code, verdict = fault
            column["refuted"][verdict.direction] += 1
            self._hit(_hit(checked.cases[name], code, verdict, where, program))

    def died(self, death: Mapping[str, Any], where: Where, program: Program) -> None:
        """Whom ``death`` blames ended the worker on this Program."""
        column = self.subjects[death["subject"]]
        column["programs"] += 1
        column["refuted"][death["direction"]] += 1
        self._hit(death_hit(death, program, where))

    def not_run(self, name: str, outcome: str, reason: str) -> None:
        """The subject ``name`` was not run on this Program: counted as ``outcome`` for ``reason``."""
        column = self.subjects[name]
        column["programs"] += 1
        if outcome == "tool_error":
            column["tool_error"] += 1
        else:
            column[outcome][reason] += 1

    def error(self, kind: str, text: str, where: Where, frontend: str, program: Program | None) -> None:
        """A fault of ours."""
        document = None if program is None else program.to_json()
        self.errors.append(
            {
                "kind": "tool_error",
                "where": kind,
                "text": text,
                "program": document,
                "case": dict(where),
                "frontend": frontend,
            }
        )

    def state(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "subjects": {
                name: {key: dict(value) if isinstance(value, Counter) else value for key, value in column.items()}
                for name, column in self.subjects.items()
            },
            "counts": dict(self.counts),
            "not_run": dict(self.not_run_here),
            "constructs": dict(self.constructs),
            "support": self.support.to_json(),
            "seconds": dict(self.seconds),
            "solver": self.solver,
            "hits": list(self.hits.values()),
            "errors": self.errors,
        }

    def _hit(self, hit: dict[str, Any]) -> None:
        """Counts a REFUTED Program; the smallest of a signature is kept, the earliest among equals."""
        key = tuple(hit["signature"])
        known = self.hits.get(key)
        if known is None:
            self.hits[key] = hit
            return
        count = known["count"] + 1
        smaller = (len(hit["program"]["body"]), hit["weight"]) < (len(known["program"]["body"]), known["weight"])
        self.hits[key] = {**(hit if smaller else known), "count": count}

    def _load(self, state: Mapping[str, Any]) -> None:
        for name, column in state["subjects"].items():
            own = self.subjects[name]
            for key, value in column.items():
                own[key] = Counter(value) if isinstance(own[key], Counter) else value
        self.counts.update(state["counts"])
        self.not_run_here.update(state["not_run"])
        self.constructs.update(state["constructs"])
        self.seconds = dict(state["seconds"])
        add(self.solver, state.get("solver", {}))
        self.hits = {tuple(hit["signature"]): dict(hit) for hit in state["hits"]}
        self.errors = list(state["errors"])


def construct_names(program: Program) -> set[str]:
    """The constructs of a Program; a check counts by its relation."""
    names = set()
    for statement in program.body:
        condition = dict(statement.args).get("cond")
        names.add(f"{statement.op}:{condition.op}" if isinstance(condition, Apply) else statement.op)
    return names


def _column() -> dict[str, Any]:
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
        "host_waits": 0,
    }


def _hit(case: Case, code: str, verdict: Verdict, where: Where, program: Program) -> dict[str, Any]:
    found = signature_of(case, code, verdict)
    document = program.to_json()
    return {
        "where": dict(where),
        "seen_with": case.subject_name,
        "signature": [found.subject, found.code, found.direction, found.cause, found.skeleton],
        "count": 1,
        "weight": len(json.dumps(document, sort_keys=True)),
        "program": document,
        "title": title_of(verdict.direction),
        "stage": verdict.stage,
        "detail": verdict.detail,
    }
