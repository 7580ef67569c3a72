"""Stored cases with the verdicts that they had, and with which versions: what a change of either changes is told.

One case is one JSON file: the Program, the frontend, why it is kept, and for each subject what every property said
that was not PROVED.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from properties.campaign.environment import environment
from properties.campaign.pool import Lost, prepare, results

CORPUS = Path(__file__).with_name("corpus")
"""The cases that this package brings, in a clone and where it is installed."""

VERSIONS = ("torch", "sympy", "z3", "hypothesis")
_TIMEOUT = 300.0

Verdicts = Mapping[str, Mapping[str, str]]
"""By subject, and then by property: what it said, where that is not PROVED."""


@dataclass(frozen=True, slots=True)
class Regression:
    """One stored case; ``why`` says what went wrong with it once."""

    name: str
    why: str
    frontend: str
    program: Mapping[str, Any]
    verdicts: Verdicts
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that is another one than was recorded."""

    name: str
    subject: str
    property: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.name}: {self.property} of {self.subject} was {self.before}, is {self.now}"


def versions() -> dict[str, str]:
    """The versions that a verdict may depend on."""
    found = environment()
    return {name: str(found[name]) for name in VERSIONS}


def load(folder: Path) -> list[Regression]:
    """The cases of a folder by name.

    Raises:
        OSError, ValueError, KeyError: if a file is none.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        keys = ("why", "frontend", "program", "verdicts", "versions")
        found.append(Regression(path.stem, **{key: document[key] for key in keys}))
    return found


def save(case: Regression, folder: Path) -> None:
    """Writes ``case`` as ``NAME.json``, one line for each verdict, so that a change of it is one line of a diff.

    Raises:
        OSError: if that cannot be written.
    """
    parts = {
        "why": json.dumps(case.why, ensure_ascii=False),
        "frontend": json.dumps(case.frontend),
        "program": json.dumps(case.program),
        "verdicts": json.dumps(case.verdicts, indent=2, sort_keys=True).replace("\n", "\n  "),
        "versions": json.dumps(case.versions),
    }
    text = ",\n".join(f'  "{key}": {value}' for key, value in parts.items())
    (folder / f"{case.name}.json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def recorded(case: Regression) -> Regression:
    """``case`` with what its subjects' verdicts are now, and with the versions that gave them.

    Raises:
        ValueError: if the Program cannot be checked any more: it is invalid, not captured, or an error of this tool.
    """
    return replace(case, verdicts=replayed(case), versions=versions())


def replayed(case: Regression) -> Verdicts:
    """What every property that asks for no share of a campaign says now.

    Raises:
        ValueError: as in :func:`recorded`.
    """
    from properties.campaign.check import check_program
    from properties.registry import properties
    from properties.subjects import resolve
    from properties.verdict import Status
    from strategies.program import Program

    codes = tuple(code for code, one in properties().items() if not one.share)
    subjects = {name: resolve(name) for name in case.verdicts}
    checked = check_program(Program.from_json(case.program), case.frontend, subjects, codes)
    if checked.faults or checked.refusal or not checked.valid:
        texts = [text for _, text in checked.faults]
        raise ValueError(f"{case.name}: {'; '.join(texts) or checked.refusal or 'eager execution rejects the example'}")
    return {
        name: {
            code: " ".join(filter(None, (str(verdict), "" if verdict.stage in ("", "pass") else verdict.stage)))
            for code, verdict in found.items()
            # Where a subject raises, which RA101 tells, the others have nothing to look at.
            if verdict.status is not Status.PROVED and verdict.reason not in ("the subject raised", "malformed graph")
        }
        for name, found in checked.verdicts.items()
    }


def rerun(cases: Sequence[Regression], workers: int) -> Iterator[tuple[Regression, Verdicts | str]]:
    """Each case with what it says now, or with why that cannot be told; run by ``workers`` processes."""
    jobs = [(case,) for case in cases]
    for case, now in zip(cases, results(_current, jobs, workers=workers, timeout=_TIMEOUT), strict=True):
        yield case, str(now) if isinstance(now, Lost) else now


def _current(case: Regression) -> Verdicts | str:
    prepare()
    try:
        return replayed(case)
    except ValueError as error:
        return str(error)


def changes(case: Regression, now: Verdicts) -> list[Change]:
    """How ``now`` differs from what was recorded."""
    found = []
    for subject, before in case.verdicts.items():
        after = now.get(subject, {})
        for code in sorted({*before, *after}):
            pair = before.get(code, "PROVED"), after.get(code, "PROVED")
            if pair[0] != pair[1]:
                found.append(Change(case.name, subject, code, *pair))
    return found


def expected(changed: Iterable[Change], case: Regression) -> bool:
    """Whether the changes are torch's own: only its pass has other verdicts, and it is another release."""
    return case.versions.get("torch") != versions()["torch"] and all(one.subject == "torch" for one in changed)


def other_versions(case: Regression) -> list[str]:
    """What is not the version any more that ``case`` was recorded with, as ``z3 5.4.1.0 -> 5.5.0.0``."""
    now = versions()
    return [f"{name} {old} -> {now[name]}" for name, old in case.versions.items() if now.get(name) != old]


def told(changed: Iterable[Change], case: Regression) -> str:
    """Each change on a line of its own, and which versions are others than those of the recording."""
    other = ", ".join(other_versions(case)) or "the same as when it was recorded"
    return "\n".join([*map(str, changed), f"versions: {other}"])
