"""Tries mutants, each in a fork of one process: ``python -m tests.quality.mutation_run PLAN``, in their folder.

The tests are imported and collected once. A run of them without a mutant tells how long each takes and which functions
it reaches; then each mutant meets the tests that reach its function, those first that are quick and have killed others,
until one fails. Every verdict is written down as soon as it is known.

Exit status: 0 all were tried; 4 the time was up; 1 a test fails without any mutant; 2 the tests could not be collected.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from mutmut.mutation import trampoline

from tests.quality.forks import ENDED, TIME_UP, Forks

SELECTION = (
    "tests/properties/solver",
    "tests/properties/test_second.py",
    "tests/properties/test_solver.py",
    "tests/properties/test_solver_steps.py",
    "tests/runtime_assert",
    "tests/strategies/test_operators.py",
)
VERDICTS = Path("verdicts.jsonl")
"""The verdicts of all runs, a line each; of two on the same mutant the later holds."""
_REACHED = Path("reached.json")
_ARGUMENTS = ("-qq", "-s", "--rootdir=.", "--tb=short", "-p", "no:cacheprovider", "-p", "tests.quality.under_mutation")
# What counts the work of the pass takes long and kills nothing that the others let live.
_LEFT_OUT = ("--ignore", "tests/runtime_assert/test_bench.py")
_LIMIT_FACTOR, _LIMIT_SECONDS = 4.0, 15.0
"""A mutant that takes this much longer than its tests do without it never ends."""
_TELL_SECONDS = 30.0
TIME_UP_STATUS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do: ``mutants`` are pairs of name and digest, those that stand in ``excused`` may live.

    A mutant that outlives ``budget`` seconds of tests is a survivor. Of the tests, all are tried that some function of
    ``modules`` is reached by.
    """

    modules: tuple[str, ...]
    mutants: tuple[tuple[str, str], ...]
    excused: frozenset[str]
    jobs: int
    seconds: float
    budget: float

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), default=sorted), encoding="utf-8")

    @staticmethod
    def read(path: Path) -> Plan:
        row = json.loads(path.read_text(encoding="utf-8"))
        pairs = tuple((name, digest) for name, digest in row["mutants"])
        return Plan(**{**row, "modules": tuple(row["modules"]), "mutants": pairs, "excused": frozenset(row["excused"])})


@dataclass(frozen=True, slots=True)
class Reach:
    """How long a test takes, and which functions that have mutants it calls (as mutmut names them)."""

    seconds: float
    functions: frozenset[str]


def verdicts(path: Path) -> dict[str, dict[str, str]]:
    """What is known of each mutant by its digest: its status, and the test that killed it. A torn line is left out."""
    found: dict[str, dict[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        found[row["digest"]] = row
    return found


class Trial:
    """The pytest plugin that runs the tests in its own way."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.end = time.monotonic() + plan.seconds
        self.forks = Forks(plan.jobs)
        self.status = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("the tests could not be collected")
        gc.collect()
        gc.freeze()  # The forks share what was imported: their collectors would copy its pages.
        try:
            reached = self.reached(session.items)
            if reached is not None:
                self.try_all(session.items, reached)
        finally:
            self.forks.end()
        return True

    def reached(self, items: Sequence[pytest.Item]) -> dict[str, Reach] | None:
        """What each test reaches without a mutant, by its id; None if one fails, or if the time is up.

        It is kept for the next run, and holds for the tests in a file as long as that is the same.
        """
        kept: dict[str, Any] = json.loads(_REACHED.read_text(encoding="utf-8")) if _REACHED.exists() else {}
        texts = {str(item.path): item.path.read_bytes() for item in items}
        files = {path: hashlib.sha256(text).hexdigest()[:16] for path, text in texts.items()}
        needed = set(self.plan.modules)
        new = [
            item
            for item in items
            if (row := kept.get(item.nodeid)) is None
            or row["file"] != files[str(item.path)]
            or not needed <= set(row["modules"])
        ]
        failed: list[str] = []

        def keep(part: Sequence[pytest.Item], result: Any) -> None:
            if result in (ENDED, TIME_UP):
                failed.append(f"{part[0].nodeid} and the tests after it: {result}")
                return
            for item, (passed, seconds, functions) in zip(part, result, strict=True):
                row = {"file": files[str(item.path)], "modules": sorted(needed)}
                kept[item.nodeid] = {**row, "seconds": seconds, "functions": functions}
                if not passed:
                    failed.append(item.nodeid)

        parts = [new[start : start + 20] for start in range(0, len(new), 20)]
        told = time.monotonic()
        for number, part in enumerate(parts):
            if time.monotonic() > self.end:
                break
            if time.monotonic() - told > _TELL_SECONDS or not number:
                print(f"without a mutant: {number * 20} of {len(new)} tests", flush=True)
                told = time.monotonic()
            self.forks.add(functools.partial(_watched, part), 600.0, functools.partial(keep, part))
        self.forks.wait()
        known = {item.nodeid for item in items}
        kept = {name: row for name, row in kept.items() if name in known and name not in failed}
        _REACHED.write_text(json.dumps(kept), encoding="utf-8")
        if failed:
            print("fails without a mutant:", *failed, sep="\n  ", flush=True)
            self.status = 1
        elif time.monotonic() > self.end:
            self.status = TIME_UP_STATUS
        if self.status:
            return None
        return {name: Reach(row["seconds"], frozenset(row["functions"])) for name, row in kept.items()}

    def try_all(self, items: Sequence[pytest.Item], reached: Mapping[str, Reach]) -> None:
        """Tries every mutant that has no verdict, or may not have the one it has."""
        by_id = {item.nodeid: item for item in items}
        known = verdicts(VERDICTS)
        todo = [
            (name, digest)
            for name, digest in self.plan.mutants
            if not _holds(known.get(digest), digest in self.plan.excused, by_id)
        ]
        killers: Counter[tuple[str, str]] = Counter()
        counts: Counter[str] = Counter()
        told = time.monotonic()
        with VERDICTS.open("a", encoding="utf-8") as file:

            def done(name: str, digest: str, result: Any) -> None:
                killed = {ENDED: ("killed", ""), TIME_UP: ("timeout", "")}.get(result)
                status, by = killed or (("killed", result) if result else ("survived", ""))
                if by:
                    killers[_function(name), by] += 10
                    killers[_module(name), by] += 1
                counts[status] += 1
                file.write(json.dumps({"digest": digest, "status": status, "by": by, "name": name}) + "\n")
                file.flush()

            for name, digest in todo:
                if time.monotonic() > self.end:
                    self.status = TIME_UP_STATUS
                    break
                if time.monotonic() - told > _TELL_SECONDS:
                    print(f"{counts.total()} of {len(todo)} mutants: {dict(counts)}", flush=True)
                    told = time.monotonic()
                tests = chosen(name, reached, killers, self.plan.budget)
                if not tests:
                    file.write(json.dumps({"digest": digest, "status": "no tests", "by": "", "name": name}) + "\n")
                    continue
                limit = _LIMIT_FACTOR * sum(reached[test].seconds for test in tests) + _LIMIT_SECONDS
                work = functools.partial(_killer, name, [by_id[test] for test in tests])
                self.forks.add(work, limit, functools.partial(done, name, digest))
            self.forks.wait()


def chosen(name: str, reached: Mapping[str, Reach], killers: Mapping[tuple[str, str], int], budget: float) -> list[str]:
    """The tests for the mutant ``name``, in order: as many as ``budget`` seconds are enough for, and at least one.

    A test is worth more the quicker it is, and the more mutants of the same function or module it killed, and if its
    file is about the module. A function that was written after the tests were watched takes those of its module.
    """
    function, module = _function(name), _module(name)
    tests = [test for test, reach in reached.items() if function in reach.functions]
    if not tests:
        tests = [test for test, reach in reached.items() if any(_module(one) == module for one in reach.functions)]
    about = f"/test_{module.rpartition('.')[2]}"

    def price(test: str) -> float:
        kills = killers.get((function, test), 0) + killers.get((module, test), 0)
        return (reached[test].seconds + 0.01) * (0.2 if about in test else 1.0) / (0.2 + kills)

    found: list[str] = []
    for test in sorted(tests, key=price):
        budget -= reached[test].seconds
        if budget < 0 and found:
            break
        found.append(test)
    return found


def _holds(verdict: Mapping[str, str] | None, excused: bool, tests: Iterable[str]) -> bool:
    """Whether a verdict needs no second look: survivors may die by a new test, and a test that killed may be gone."""
    if verdict is None:
        return False
    if verdict["status"] in ("survived", "no tests"):
        return excused
    return not verdict["by"] or verdict["by"] in tests


def _function(name: str) -> str:
    return name.rpartition("__mutmut_")[0]


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _watched(items: Sequence[pytest.Item]) -> list[tuple[bool, float, list[str]]]:
    """Runs ``items`` without a mutant: of each whether it passed, its seconds, and the functions it reached."""
    reached: set[str] = set()
    trampoline.set_mutant_under_test("stats")
    found: list[tuple[bool, float, list[str]]] = []
    with mock.patch.object(trampoline, "record_trampoline_hit", lambda name, caller=None: reached.add(name)):
        for item, following in zip(items, [*items[1:], None], strict=True):
            reached.clear()
            failures, start = item.session.testsfailed, time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            found.append((item.session.testsfailed == failures, time.process_time() - start, sorted(reached)))
    return found


def _killer(name: str, items: Sequence[pytest.Item]) -> str:
    """The first of ``items`` that fails with the mutant ``name``; empty if none does."""
    trampoline.set_mutant_under_test(name)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return item.nodeid
    return ""


def main(path: str) -> int:
    os.environ["PYTHONPATH"] = os.getcwd()  # Also for the processes that tests start.
    trial = Trial(Plan.read(Path(path)))
    collected = pytest.main([*_ARGUMENTS, *_LEFT_OUT, *SELECTION], plugins=[trial])
    return trial.status or (2 if collected not in (0, 5) else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
