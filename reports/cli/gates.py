"""What an audit does besides its search, as parts of its run: the rows that a release manager signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.cli.campaign import Part

if TYPE_CHECKING:
    from reports.known import KnownEntry

Row = Mapping[str, Any]

EXAMPLES = "torch:examples"


def parts(plan: Any, known_file: Path | None) -> tuple[Part, ...]:
    """The parts of an audit of ``plan``; of several parts of one plan (``--shard``) only the first has them."""
    if plan.part is not None and plan.part[0] != 1:
        return ()
    from properties.campaign import gates, regressions
    from properties.campaign.environment import environment
    from reports.known import load_known

    entries, torch = load_known(known_file), str(environment()["torch"])
    vectors = _vectors(plan, entries, torch)
    stored = regressions.load(regressions.CORPUS)
    # Our own pass, where it is audited, has to be clean on what others get wrong.
    clean = tuple({name for cell in plan.cells for name in cell.subjects if name == "reference"})
    found = [
        Part("mutants", lambda: gates.mutants(plan.properties, plan.jobs)),
        Part("recall", lambda: gates.recall(plan.properties, plan.jobs)),
        Part("real programs", lambda: _real_programs(plan, entries, torch)),
        Part("regression vectors", lambda: gates.vectors(vectors, plan.properties, clean, plan.jobs)),
        Part("regression corpus", lambda: gates.corpus(stored, plan.properties, plan.jobs)),
    ]
    if all(cell.device == "cpu" for cell in plan.cells):
        found.append(Part("devices", gates.devices))
    return tuple(found)


def _vectors(plan: Any, entries: Sequence[KnownEntry], torch: str) -> list[Any]:
    """The vectors of the known entries for this torch and these properties; read before anything runs."""
    from properties.campaign.gates import Vector
    from reports.known.versions import in_range
    from reports.reading import read_case

    found = []
    for entry in entries:
        if entry.vector is None or entry.property not in plan.properties or not in_range(torch, entry.versions):
            continue
        case = read_case(entry.vector)
        frontend = case.frontend or "make_fx"
        found.append(Vector(entry.id, case.program, entry.subject, frontend, entry.property, entry.direction))
    return found


def _real_programs(plan: Any, entries: Sequence[KnownEntry], torch: str) -> Sequence[Row]:
    """torch's own export examples under the audited subjects; a finding that is listed as known does not fail it."""
    from properties.campaign.gates import gate
    from properties.targets.collections import check_collection
    from reports.targets import known_entry

    subjects = tuple(dict.fromkeys(name for cell in plan.cells for name in cell.subjects))
    rows = check_collection(
        EXAMPLES, ("export",), subjects, plan.properties, "", lambda done, total, name: None, jobs=plan.jobs
    )
    failed = []
    for row in rows:
        failed += [f"{row['target']}: {error}"[:300] for error in row["errors"]]
        for name, result in row["subjects"].items():
            failed += [
                f"{row['target']}, {name}: {finding['signature']}"
                for finding in result["findings"]
                if name == "reference" or known_entry(finding, entries, torch) is None
            ]
    return [*rows, gate("real programs", len(rows), failed)]
