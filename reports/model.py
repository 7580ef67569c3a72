"""The model of a run: computed once from the rows of its log, read by every renderer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import verdict
from reports.known import Coverage, KnownEntry, find_entry, unseen
from reports.status import ExitStatus
from reports.totals import Totals, add_up, from_row, merged

Row = Mapping[str, Any]

# The known list cannot excuse it: it is the pass that the other subjects are measured against.
NEVER_EXCUSED = "reference"


@dataclass(frozen=True, slots=True)
class Finding:
    """One bucket: its ``finding`` row, how many programs fell in it, and its known entry if it has one."""

    row: Row
    line: int
    hits: int
    known: KnownEntry | None

    @property
    def id(self) -> str:
        return self.row["id"]

    @property
    def new(self) -> bool:
        return self.known is None or self.row["subject"] == NEVER_EXCUSED


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
    """Everything that a page, a file or the exit status says about a run."""

    plan: Row
    environment: Row
    cells: tuple[Cell, ...]
    subjects: Mapping[str, Totals]
    constructs: Mapping[str, int]
    findings: tuple[Finding, ...]
    unseen: tuple[KnownEntry, ...]
    tool_errors: tuple[tuple[int, Row], ...]
    complete: bool
    seconds: float
    reasons: tuple[tuple[ExitStatus, str], ...]
    rows: tuple[Row, ...]

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


def build(rows: Sequence[Row], known: Sequence[KnownEntry]) -> Report:
    """The model of the run that ``rows`` (the whole log, in order) record.

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
    findings = _findings(by_kind["finding"], by_kind["hits"], known, environment.get("torch", ""))
    complete = bool(end.get("complete")) and not any(cell.planned and not cell.lines for cell in cells)
    names = list(dict.fromkeys(name for cell in cells for name in cell.totals))
    subjects = {name: add_up(cell.totals[name] for cell in cells if name in cell.totals) for name in names}
    tool_errors = tuple(by_kind["tool_error"])
    return Report(
        plan=plan,
        environment=environment,
        cells=cells,
        subjects=subjects,
        constructs=merged(row.get("constructs", {}) for _, row in by_kind["shard"]),
        findings=findings,
        unseen=_unseen(known, findings, cells, plan, environment) if complete else (),
        tool_errors=tool_errors,
        complete=complete,
        seconds=float(end.get("seconds", 0.0)),
        reasons=verdict.reasons(
            new=[finding.row for finding in findings if finding.new],
            subjects=subjects,
            tool_errors=[row for _, row in tool_errors],
            unfinished=[] if complete else _unfinished(cells),
            complete=complete,
        ),
        rows=tuple(rows),
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


def _findings(
    rows: Sequence[tuple[int, Row]],
    hits: Sequence[tuple[int, Row]],
    known: Sequence[KnownEntry],
    torch: str,
) -> tuple[Finding, ...]:
    """New ones first, then by subject, property and how often they were hit."""
    counts: Counter[str] = Counter()
    for _, row in hits:
        counts[row["bucket"]] += row["count"]
    found = [Finding(row, line, max(1, counts[row["bucket"]]), _entry_for(row, known, torch)) for line, row in rows]
    return tuple(
        sorted(found, key=lambda one: (not one.new, one.row["subject"], one.row["property"], -one.hits, one.id))
    )


def _entry_for(row: Row, known: Sequence[KnownEntry], torch: str) -> KnownEntry | None:
    fields = {name: row[name] for name in ("property", "direction", "subject", "signature")}
    return find_entry(known, **fields, torch=torch)


def _unseen(
    known: Sequence[KnownEntry],
    findings: Sequence[Finding],
    cells: Sequence[Cell],
    plan: Row,
    environment: Row,
) -> tuple[KnownEntry, ...]:
    frontends: defaultdict[str, set[str]] = defaultdict(set)
    for cell in cells:
        for subject in cell.totals:
            frontends[subject].add(cell.frontend)
    coverage = Coverage(
        frontends={subject: frozenset(names) for subject, names in frontends.items()},
        properties=frozenset(plan["properties"]),
        torch=environment.get("torch", ""),
    )
    return unseen(known, seen=[one.known.id for one in findings if one.known], coverage=coverage)


def _unfinished(cells: Sequence[Cell]) -> list[str]:
    return [f"{cell.frontend} ({cell.programs} of {cell.planned})" for cell in cells if cell.programs < cell.planned]
