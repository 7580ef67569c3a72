"""Certificates: the proof obligations of a case as SMT-LIB 2 files, which any solver can replay.

A manifest says of each file what the answer was. A proof rests on ``unsat``; what was found by normal forms alone has
no question left to ask, and no file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from properties.case import Case
from properties.solver import solve
from properties.solver.normal import Known
from properties.solver.query import WORK
from properties.solver.smt import Budget, approximations, ask
from properties.solver.smtlib import smtlib as question
from strategies.terms import Term, conjuncts

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True, slots=True)
class Obligation:
    """A question: can ``hold`` be true and one of ``broken`` not? ``expected`` is ``unsat``, ``sat`` or ``unknown``."""

    direction: str
    hold: tuple[Term, ...]
    broken: tuple[Term, ...]
    expected: str


def obligations(case: Case) -> Iterator[Obligation]:
    """The questions of RA101 about ``case`` that a solver had to answer, one a direction."""
    if case.unusable is not None or case.facts.unread or case.unread:
        return
    facts = case.facts
    sides = (
        ("missing", (*facts.assumptions, *case.emitted_terms), facts.required),
        ("extra", (*facts.assumptions, *facts.required), case.emitted_terms),
    )
    for direction, hold, wanted in sides:
        known = Known(hold)
        parts = dict.fromkeys(part for term in wanted for part in conjuncts(term))
        broken = tuple(part for part in parts if not known.implies(part))
        if broken:
            yield Obligation(direction, hold, broken, _expected(hold, broken))


def _expected(hold: Sequence[Term], broken: Sequence[Term]) -> str:
    """The answer that the file's own words are enough for.

    What was proved by computing roundings does not follow from the facts about roundings that a file states.
    """
    status = solve(hold, broken).status
    if status == "unsat" and approximations((*hold, *broken)):
        return "unsat" if ask(hold, [broken], Budget(WORK), WORK).status == "unsat" else "unknown"
    return status


def smtlib(hold: Sequence[Term], broken: Sequence[Term]) -> str:
    """The question as SMT-LIB 2: see :func:`properties.solver.smtlib.smtlib`."""
    return question(hold, [broken])


def write(case: Case, folder: Path, name: str) -> None:
    """Writes the certificates of ``case`` into ``folder`` as ``NAME-DIRECTION.smt2``, and adds them to the manifest.

    Raises:
        OSError: if that cannot be written.
    """
    for item in obligations(case):
        file = f"{name}-{item.direction}.smt2"
        (folder / file).write_text(smtlib(item.hold, item.broken), encoding="utf-8")
        row = {
            "file": file,
            "expected": item.expected,
            "property": "RA101",
            "direction": item.direction,
            "subject": case.subject_name,
            "frontend": case.capture.frontend,
            "program": case.capture.program.to_json(),
        }
        # One write a line, so that workers may share the manifest.
        with (folder / MANIFEST).open("a", encoding="utf-8") as manifest:
            manifest.write(json.dumps(row, sort_keys=True) + "\n")


def manifest(folder: Path) -> list[dict[str, object]]:
    """The lines of a folder's manifest, in the order of the files' names."""
    text = (folder / MANIFEST).read_text(encoding="utf-8") if (folder / MANIFEST).exists() else ""
    return sorted((json.loads(line) for line in text.splitlines()), key=lambda row: str(row["file"]))
