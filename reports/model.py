"""The model of a run: computed once from the rows of its log, read by every renderer."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reports import verdict
from reports.grouping import NEVER_EXCUSED, Finding, Row, group
from reports.history import Past
from reports.known import Coverage, KnownEntry, unseen
from reports.known.versions import in_range
from reports.status import ExitStatus
from reports.totals import Totals, add_up, from_row, merged
from reports.triage.decisions import NONE, Decisions

__all__ = ["NEVER_EXCUSED", "Cell", "Finding", "Report", "Row", "build"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the plan as it was run. ``lines`` are the lines of the log that its figures come from."""

    index: int
    frontend: str
    profile: str
    device: str
    planned: int
    programs: int
    invalid: int
    totals: Mapping[str, Totals]
    seconds: Mapping[str, float]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a page, a file or the exit status says about a run.

    ``expired`` are the known entries for this torch that had run out on the day of the run, met or not. Pairs of
    an int and a row are rows of the log with their lines; ``gates`` are the parts of an audit besides random search.
    ``history`` are the runs before, the oldest first.
    """

    command: str
    started: str
    plan: Row
    environment: Row
    cells: tuple[Cell, ...]
    subjects: Mapping[str, Totals]
    constructs: Mapping[str, int]
    findings: tuple[Finding, ...]
    unseen: tuple[KnownEntry, ...]
    expired: tuple[KnownEntry, ...]
    support: Mapping[str, Mapping[str, Mapping[str, int]]]
    gates: tuple[tuple[int, Row], ...]
    tool_errors: tuple[tuple[int, Row], ...]
    complete: bool
    seconds: float
    reasons: tuple[tuple[ExitStatus, str], ...]
    rows: tuple[Row, ...]
    history: tuple[Past, ...] = ()
    not_run: Mapping[str, int] = field(default_factory=dict)
    """What could not be executed on this machine, with the reason: of so many programs."""

    @property
    def status(self) -> ExitStatus:
        return verdict.status_of(self.reasons)

    @property
    def new(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.new)

    @property
    def known(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.new)

    @property
    def programs(self) -> int:
        return sum(cell.programs for cell in self.cells)


def build(
    rows: Sequence[Row],
    known: Sequence[KnownEntry],
    decisions: Decisions = NONE,
    history: Sequence[Past] = (),
    day: datetime.date | None = None,
) -> Report:
    """The model of the run that ``rows`` (the whole log, in order) record.

    ``day`` decides which known entries have expired, if the log does not say when it was begun.

    Raises:
        ValueError: if ``rows`` do not begin with a ``run`` row.
    """
    if not rows or rows[0].get("kind") != "run":
        raise ValueError("a log has to begin with a row of kind 'run'")
    by_kind: defaultdict[str, list[tuple[int, Row]]] = defaultdict(list)
    for line, row in enumerate(rows, start=1):
        by_kind[row["kind"]].append((line, row))
    plan, environment = rows[0]["plan"], rows[0]["environment"]
    end = by_kind["end"][-1][1] if by_kind["end"] else {}
    cells = _cells(plan, by_kind["shard"])
    torch = environment.get("torch", "")
    started = str(rows[0].get("started", ""))
    day = _day(started) or day
    findings = group(by_kind["finding"], by_kind["hits"], known, decisions, torch=torch, day=day)
    complete = bool(end.get("complete")) and not any(cell.planned and not cell.lines for cell in cells)
    names = list(dict.fromkeys(name for cell in cells for name in cell.totals))
    subjects = {name: add_up(cell.totals[name] for cell in cells if name in cell.totals) for name in names}
    tool_errors = tuple(by_kind["tool_error"])
    return Report(
        command=str(rows[0].get("command", "audit")),
        started=started,
        plan=plan,
        environment=environment,
        cells=cells,
        subjects=subjects,
        constructs=merged(row.get("constructs", {}) for _, row in by_kind["shard"]),
        findings=findings,
        unseen=_unseen(known, findings, cells, rows, by_kind["vector"]) if complete else (),
        expired=tuple(entry for entry in known if entry.expired(day) and in_range(torch, entry.versions)),
        support=_support(by_kind["shard"]),
        gates=tuple(by_kind["gate"]),
        tool_errors=tool_errors,
        complete=complete,
        seconds=float(end.get("seconds", 0.0)),
        reasons=verdict.reasons(
            new=[finding.row for finding in findings if finding.new],
            subjects=subjects,
            tool_errors=[row for _, row in tool_errors],
            unfinished=[] if complete else _unfinished(cells),
            complete=complete,
            absent=_absent(by_kind["shard"]),
            gates=[gate for _, gate in by_kind["gate"]],
        ),
        rows=tuple(rows),
        history=tuple(history),
        not_run=merged(row.get("not_run", {}) for _, row in by_kind["shard"]),
    )


def _cells(plan: Row, shards: Sequence[tuple[int, Row]]) -> tuple[Cell, ...]:
    of_cell: defaultdict[int, list[tuple[int, Row]]] = defaultdict(list)
    for line, row in shards:
        of_cell[row["cell"]].append((line, row))
    return tuple(_cell(index, planned, of_cell[index]) for index, planned in enumerate(plan["cells"]))


def _cell(index: int, planned: Row, shards: Sequence[tuple[int, Row]]) -> Cell:
    rows = [row for _, row in shards]
    # Besides the plan's subjects a shard may count what no pass is to blame for: the front end's own faults.
    names = dict.fromkeys([*planned["subjects"], *(name for row in rows for name in row["subjects"])])
    parts = {name: [from_row(row["subjects"][name]) for row in rows if name in row["subjects"]] for name in names}
    seconds: Counter[str] = Counter()
    for row in rows:
        seconds.update(row.get("seconds", {}))
    return Cell(
        index=index,
        frontend=planned["frontend"],
        profile=planned["profile"],
        device=planned["device"],
        planned=planned["programs"],
        programs=sum(row["programs"] for row in rows),
        invalid=sum(row.get("invalid", 0) for row in rows),
        totals={name: add_up(shards_of) for name, shards_of in parts.items()},
        seconds=dict(seconds),
        lines=tuple(line for line, _ in shards),
    )


def _support(shards: Sequence[tuple[int, Row]]) -> dict[str, dict[str, dict[str, int]]]:
    """Programs by construct, frontend and outcome (``captured``, ``found wrong``, ``refused: REASON``)."""
    counts: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for _, row in shards:
        for construct, outcomes in row.get("support", {}).items():
            counts[construct][row["frontend"]].update(outcomes)
    return {
        construct: {frontend: dict(outcomes) for frontend, outcomes in by_frontend.items()}
        for construct, by_frontend in sorted(counts.items())
    }


def _day(started: str) -> datetime.date | None:
    try:
        return datetime.datetime.fromisoformat(started).date()
    except ValueError:
        return None


def _unseen(
    known: Sequence[KnownEntry],
    findings: Sequence[Finding],
    cells: Sequence[Cell],
    rows: Sequence[Row],
    vectors: Sequence[tuple[int, Row]],
) -> tuple[KnownEntry, ...]:
    """The entries that do not reproduce: by their vectors, and by the search where they have none."""
    plan, environment = rows[0]["plan"], rows[0]["environment"]
    met = {one.known.id for one in findings if one.known}
    gone = {row["vector"] for _, row in vectors if not row["shows"] and not row["failed"]}
    frontends: defaultdict[str, set[str]] = defaultdict(set)
    for cell in cells:
        for subject in cell.totals:
            frontends[subject].add(cell.frontend)
    coverage = Coverage(
        frontends={subject: frozenset(names) for subject, names in frontends.items()},
        properties=frozenset(plan["properties"]),
        torch=environment.get("torch", ""),
    )
    searched = unseen([entry for entry in known if entry.vector is None], seen=met, coverage=coverage)
    return tuple(entry for entry in known if entry in searched or entry.id in gone - met)


def _absent(shards: Sequence[tuple[int, Row]]) -> list[str]:
    """The devices that the plan names and this machine lacks, each with the reason."""
    found = {
        row["device"]: text
        for _, row in shards
        if row["device"] != "cpu"
        for text in row.get("not_run", {})
        if text.startswith("no CUDA device")
    }
    return [f"{device}: {text}" for device, text in found.items()]


def _unfinished(cells: Sequence[Cell]) -> list[str]:
    return [f"{cell.frontend} ({cell.programs} of {cell.planned})" for cell in cells if cell.programs < cell.planned]
