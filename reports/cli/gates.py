"""What an audit does besides its search, as parts of its run: the rows that a release manager signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.cli.campaign import Part

Row = Mapping[str, Any]

EXAMPLES = "torch:examples"


def parts(plan: Any, known_file: Path | None) -> tuple[Part, ...]:
    """The parts of an audit of ``plan``; of several parts of one plan (``--shard``) only the first has them."""
    if plan.part is not None and plan.part[0] != 1:
        return ()
    from properties.campaign import gates

    found = [
        Part("mutants", lambda: gates.mutants(plan.properties, plan.jobs)),
        Part("real programs", lambda: _real_programs(plan, known_file)),
        Part("regression vectors", lambda: [gates.gate("regression vectors", 0, [], _NO_VECTORS)]),
    ]
    if all(cell.device == "cpu" for cell in plan.cells):
        found.append(Part("devices", gates.devices))
    return tuple(found)


_NO_VECTORS = "this version has no corpus of regression vectors"


def _real_programs(plan: Any, known_file: Path | None) -> Sequence[Row]:
    """torch's own export examples under the audited subjects; a finding that is listed as known does not fail it."""
    from properties.campaign.environment import environment
    from properties.campaign.gates import gate
    from properties.targets.collections import check_collection
    from reports.known import load_known
    from reports.targets import known_entry

    entries, torch = load_known(known_file), str(environment()["torch"])
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
