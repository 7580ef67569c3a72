"""What an audit does besides its search: mutants, public faults, real programs, stored cases, absent devices.

Each part gives rows of plain data, the last of which is a ``gate``: ``part``, ``outcome`` (``passed``, ``failed`` or
``not run``), ``count``, ``failed`` (texts) and ``why``. What was not run is never a pass.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from properties.campaign import recall as recalled
from properties.campaign import regressions
from properties.campaign.pool import Lost, results

Row = dict[str, Any]

MUTANT_PROGRAMS = 600
"""Within how many Programs of the nightly profile, for seed 0, a mutant has to die."""
_TIMEOUT = 300.0


def gate(part: str, count: int, failed: Sequence[str], why: str = "") -> Row:
    """The row that sums a part up; a part with a ``why`` and no count was not run."""
    outcome = "not run" if why and not count else "failed" if failed else "passed"
    return {"kind": "gate", "part": part, "outcome": outcome, "count": count, "failed": list(failed), "why": why}


def mutants(codes: Sequence[str], workers: int) -> list[Row]:
    """Whether every seeded fault whose property is one of ``codes`` is found by it; a ``mutant`` row for each."""
    (names,) = results(_mutant_names, [(tuple(codes),)], workers=1, timeout=_TIMEOUT)
    if isinstance(names, Lost):
        return [gate("mutants", 0, [], f"they cannot be listed: {names}")]
    jobs = [(name,) for name in names]
    rows: list[Row] = []
    for (name,), found in zip(jobs, results(_kill, jobs, workers=workers, timeout=_TIMEOUT), strict=True):
        if isinstance(found, Lost):
            found = {"kind": "mutant", "mutant": name, "killed": False, "by": "", "programs": 0, "why": str(found)}
        rows.append(found)
    survivors = [f"{row['mutant']} survives {row['programs']} programs" for row in rows if not row["killed"]]
    return [*rows, gate("mutants", len(rows), survivors, "" if rows else "no mutant belongs to these properties")]


def recall(codes: Sequence[str], workers: int) -> list[Row]:
    """Whether random search finds each public fault that a property of ``codes`` shows; a ``recall`` row for each.

    One that torch itself has to show, and does not, is told and fails nothing under another release than the pinned
    one: somebody may have mended the pass.
    """
    known = [row for row in recalled.ROWS if row.code in codes]
    rows: list[Row] = []
    failed: list[str] = []
    mended: list[str] = []
    for row, needed in recalled.search(known, recalled.PROGRAMS, workers):
        found = isinstance(needed, int)
        rows.append(
            {
                "kind": "recall",
                "thread": row.thread,
                "what": row.what,
                "subject": row.subject,
                "frontend": row.frontend,
                "property": row.code,
                "found": found,
                "programs": needed if found else recalled.PROGRAMS,
            }
        )
        if not found:
            text = f"{row.thread} is not found within {recalled.PROGRAMS} programs"
            text = f"{row.thread}: {needed}" if isinstance(needed, Lost) else text
            (mended if needed is None and recalled.may_be_mended(row) else failed).append(text)
    why = "" if rows else "no public fault belongs to these properties"
    if mended:
        why = f"torch's own, under another release than {recalled.TORCH}: {'; '.join(mended)}"
    return [*rows, gate("recall", len(rows), failed, why)]


@dataclass(frozen=True, slots=True)
class Vector:
    """A stored case: the Program, and the fault that ``subject`` showed on it through ``frontend``."""

    name: str
    program: Mapping[str, Any]
    subject: str
    frontend: str
    property: str
    direction: str


def vectors(cases: Sequence[Vector], codes: Sequence[str], clean: Sequence[str], workers: int) -> list[Row]:
    """Runs stored cases again; a ``vector`` row for each.

    A vector fails that cannot be run, or on which a subject of ``clean`` has a finding of a property of ``codes``. One
    whose fault does not show any more is told, and fails nothing: somebody may have mended the pass.
    """
    jobs = [(case, tuple(codes), tuple(clean)) for case in cases]
    rows: list[Row] = []
    for case, found in zip(cases, results(_vector, jobs, workers=workers, timeout=_TIMEOUT), strict=True):
        row = {"kind": "vector", "vector": case.name, "subject": case.subject, "frontend": case.frontend}
        if isinstance(found, Lost):
            found = {"shows": False, "failed": [str(found)]}
        rows.append({**row, "property": case.property, "direction": case.direction, **found})
    failed = [f"{row['vector']}: {text}" for row in rows for text in row["failed"]]
    gone = [row["vector"] for row in rows if not row["shows"] and not row["failed"]]
    why = "" if cases else "no known entry of this torch and these properties has a vector"
    if gone:
        why = f"no longer reproduced: {', '.join(gone)}"
    return [*rows, gate("regression vectors", len(rows), failed, why)]


def _vector(case: Vector, codes: tuple[str, ...], clean: tuple[str, ...]) -> Row:
    from properties.campaign.check import check_program
    from properties.campaign.plan import OUTSIDE
    from properties.campaign.replaying import backends_for, shown_by
    from properties.registry import properties
    from properties.subjects import resolve
    from properties.verdict import Status
    from strategies.program import Program

    cheap = [code for code in codes if not properties()[code].share]
    name = shown_by(case.subject)
    checked = check_program(
        Program.from_json(case.program),
        case.frontend,
        {one: resolve(one) for one in dict.fromkeys((name, *clean))},
        tuple(dict.fromkeys(("RA101", case.property, *cheap))),
        backends=backends_for((case.property,)),
    )
    failed = [f"{kind}: {text}" for kind, text in checked.faults]
    if not checked.valid or checked.refusal:
        failed.append(checked.refusal or "eager execution rejects the example")
    if failed:
        return {"shows": False, "failed": failed}
    verdict = checked.verdicts[name][case.property]
    stage = case.subject if case.subject in OUTSIDE else "pass"
    return {
        "shows": (verdict.status, verdict.direction, verdict.stage) == (Status.REFUTED, case.direction, stage),
        "failed": [f"{one} has {code}: {verdict}" for one in clean for code, verdict in checked.refutations(one)],
    }


def corpus(cases: Sequence[regressions.Regression], codes: Sequence[str], workers: int) -> list[Row]:
    """Whether the stored cases have the verdicts that they were recorded with; a ``regression`` row for each.

    A verdict of a property of ``codes`` that is another one fails the gate, with the versions that are others now; but
    not torch's own under another release of torch, which somebody may have mended: that is told.
    """
    rows: list[Row] = []
    failed: list[str] = []
    new: list[str] = []
    other: dict[str, None] = {}
    for case, now in regressions.rerun(cases, workers):
        row = {"kind": "regression", "case": case.name, "frontend": case.frontend, "changes": [], "error": ""}
        if isinstance(now, str):
            row["error"] = now
            failed.append(f"{case.name}: cannot be told: {now}")
        else:
            changed = [one for one in regressions.changes(case, now) if one.property in codes]
            row["changes"] = [str(one) for one in changed]
            (new if regressions.expected(changed, case) else failed).extend(map(str, changed))
        other.update(dict.fromkeys(regressions.other_versions(case)))
        rows.append({**row, "versions": dict(case.versions)})
    why = "" if cases else "there are no stored cases"
    if other:
        why = f"recorded with other versions: {', '.join(other)}"
        why += f"; torch's own verdicts that are new: {'; '.join(new)}" if new else ""
    return [*rows, gate("regression corpus", len(rows), failed, why)]


def devices() -> list[Row]:
    """The devices that a search on the CPU leaves out."""
    (why,) = results(_why_no_cuda, [()], workers=1, timeout=_TIMEOUT)
    why = str(why) or "the search was planned for the CPU; --device cuda runs it on the GPU"
    return [gate("device cuda", 0, [], why)]


def _mutant_names(codes: tuple[str, ...]) -> list[str]:
    from properties.mutants import MUTANTS

    return [name for name, mutant in MUTANTS.items() if mutant.killed_by in codes]


def _kill(name: str) -> Mapping[str, Any]:
    """The ``mutant`` row of one mutant: after how many Programs which property found it."""
    from properties.campaign.check import check_program
    from properties.campaign.selfcheck import hunt
    from properties.mutants import MUTANTS
    from properties.verdict import Status

    mutant = MUTANTS[name]
    row = {"kind": "mutant", "mutant": name, "killed": False, "by": mutant.killed_by, "programs": MUTANT_PROGRAMS}
    if mutant.needs:
        # What needs a rare construct is given more Programs, of which few are traced.
        (found,) = hunt(mutant.frontend, (name,), 0, MUTANT_PROGRAMS)
        return {**row, "killed": found["killed"], "programs": found["programs"]}
    for number, program in enumerate(_programs(), start=1):
        checked = check_program(program, mutant.frontend, {name: mutant.subject}, (mutant.killed_by,), thorough=False)
        verdict = checked.verdicts.get(name, {}).get(mutant.killed_by)
        if verdict is not None and verdict.status is Status.REFUTED:
            return {**row, "killed": True, "programs": number}
    return row


@functools.cache
def _programs() -> list[Any]:
    """Drawn once by each worker."""
    from properties.campaign.draw import draw, shard_seed

    return draw(shard_seed(0, 0, 0), "nightly", MUTANT_PROGRAMS)


def _why_no_cuda() -> str:
    from properties.devices import why_not_run

    return why_not_run("cuda")
