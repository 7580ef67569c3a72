"""Mutation testing of our own code: what a mutant is, how it is tried, and that survivors need a reason."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.quality.forks import ENDED, TIME_UP, Forks
from tests.quality.mutants import PACKAGES, Mutant, Mutation, function_of, mutants_of
from tests.quality.mutation import Kind, Reasons, judged, listed, summary
from tests.quality.mutation_run import SELECTION, Reach, chosen, verdicts

NAME = "properties.solver.normal.x_linear__mutmut_3"
CHANGE = Mutation("properties.solver.normal.linear", "return totals, 0", "return totals, 1")
MUTANT = Mutant(NAME, CHANGE, "d1")
SOURCE = """
def nearer(a, b):
    return a < b


class Box:
    def side(self, a):
        return a + 1
"""


def test_the_name_of_a_mutant_tells_its_function():
    assert function_of(NAME) == "properties.solver.normal.linear"
    assert function_of("a.b.xǁKnownǁimplies__mutmut_12") == "a.b.Known.implies"


def test_a_mutant_is_known_by_the_lines_that_it_changes():
    code, mutants = mutants_of("m", SOURCE)
    changes = {str(mutant.mutation) for mutant in mutants}
    assert "m.nearer: 'return a < b' -> 'return a <= b'" in changes
    assert "m.Box.side: 'return a + 1' -> 'return a - 1'" in changes
    assert len({mutant.digest for mutant in mutants}) == len(mutants)
    compile(code, "m.py", "exec")


def test_a_verdict_outlives_edits_of_other_functions_only():
    before = {mutant.mutation: mutant.digest for mutant in mutants_of("m", SOURCE)[1]}
    after = {mutant.mutation: mutant.digest for mutant in mutants_of("m", SOURCE.replace("a + 1", "2 + a + 1"))[1]}
    kept = {mutation for mutation in before if before[mutation] == after.get(mutation)}
    assert kept == {mutation for mutation in before if mutation.function == "m.nearer"}


def test_a_survivor_needs_a_reason_and_a_reason_a_survivor():
    known, nothing = Reasons({CHANGE: "does the same"}), Reasons({})
    assert judged([MUTANT], {NAME: "survived"}, known) == []
    assert judged([MUTANT], {NAME: "survived"}, nothing) == [f"survived: {CHANGE} ({NAME})"]
    assert judged([MUTANT], {NAME: "no tests"}, nothing) == [f"no tests: {CHANGE} ({NAME})"]
    assert judged([MUTANT], {NAME: "killed"}, known) == [f"listed, but killed or gone: {CHANGE}"]
    assert judged([MUTANT], {NAME: "not checked"}, known) == []
    other = Mutation("properties.read.graph.read", "", "")
    assert judged([MUTANT], {NAME: "killed"}, Reasons({other: "of a module that did not run"})) == []


def test_a_kind_covers_a_change_at_one_place_and_no_other_change():
    strict = Kind(re.compile(r", strict=(True)"), (", strict=False", ""), "lengths that are the same")
    old = "zip(a, b, strict=True), zip(c, d, strict=True)"
    assert strict.covers(Mutation("f", old, "zip(a, b, strict=False), zip(c, d, strict=True)"))
    assert strict.covers(Mutation("f", old, "zip(a, b, strict=True), zip(c, d)"))
    assert not strict.covers(Mutation("f", old, "zip(a, b), zip(c, d)"))
    assert not strict.covers(Mutation("f", old, "zip(a, c, strict=True), zip(c, d, strict=True)"))
    assert not strict.covers(Mutation("f", "f(a)", "f(b)"))
    assert Reasons({}, (strict,)).explain(Mutation("g", "zip(a, strict=True)", "zip(a)"))


def test_every_listed_survivor_has_a_reason():
    known = listed()
    assert known.single
    assert all(reason.strip() for reason in (*known.single.values(), *(kind.reason for kind in known.kinds)))


def test_the_figures_tell_apart_what_has_a_reason_and_what_was_not_tried():
    mutants = [Mutant(f"m.x_a__mutmut_{number}", Mutation("m.a", "old", str(number)), "") for number in range(4)]
    said = dict(
        zip((mutant.name for mutant in mutants), ("survived", "survived", "killed", "not checked"), strict=True)
    )
    known = Reasons({mutants[0].mutation: "does the same"})
    assert summary("m", mutants, said, known) == "m: 4 mutants: 1 with a reason, 1 survived, 1 killed, 1 not checked"
    assert summary("n", mutants, said, known) == "n: 0 mutants"


def test_the_last_verdict_holds_and_a_torn_line_is_none(tmp_path):
    path = tmp_path / "verdicts.jsonl"
    rows = ('{"digest": "d1", "status": "survived", "by": ""}', '{"digest": "d1", "status": "killed", "by": "t"}')
    path.write_text("\n".join((*rows, '{"digest": "d2", "sta')))
    assert verdicts(path) == {"d1": {"digest": "d1", "status": "killed", "by": "t"}}
    assert verdicts(tmp_path / "none") == {}


def test_a_mutant_meets_the_tests_of_its_function_quick_ones_that_killed_before_first():
    name, function = "m.sums.x_add__mutmut_1", "m.sums.x_add"
    reached = {
        "tests/test_a.py::slow": Reach(3.0, frozenset({function})),
        "tests/test_a.py::quick": Reach(0.1, frozenset({function})),
        "tests/test_a.py::other": Reach(0.0, frozenset({"m.sums.x_sub"})),
        "tests/test_sums.py::own": Reach(0.3, frozenset({function})),
    }
    own, quick, slow = "tests/test_sums.py::own", "tests/test_a.py::quick", "tests/test_a.py::slow"
    assert chosen(name, reached, {}, 10.0) == [own, quick, slow]
    assert chosen(name, reached, {(function, slow): 50}, 10.0) == [slow, own, quick]
    assert chosen(name, reached, {}, 1.0) == [own, quick], "what takes longer than the budget is left out"
    assert chosen("m.sums.x_new__mutmut_1", reached, {}, 0.0) == ["tests/test_a.py::other"], "one is tried anyway"
    assert chosen("n.x_f__mutmut_1", reached, {}, 10.0) == []


def test_forks_give_back_results_and_tell_ends_and_time_from_each_other():
    found: dict[str, object] = {}
    forks = Forks(2)

    def keep(name: str):
        return lambda result: found.__setitem__(name, result)

    forks.add(lambda: "x" * 1_000_000, 60.0, keep("long"))
    forks.add(lambda: os.kill(os.getpid(), signal.SIGKILL), 60.0, keep("killed"))
    forks.add(lambda: time.sleep(600), 0.5, keep("endless"))
    forks.wait()
    assert found == {"long": "x" * 1_000_000, "killed": ENDED, "endless": TIME_UP}


FAR = """
def far(a):
    return a > 2
"""
PROBE = """
from properties.ways import far

def test_far():
    assert far(3) and not far(1)
"""
REASON = """
[[survivor]]
function = "properties.ways.far"
old = "return a > 2"
new = "return a >= 2"
reason = "only for the test"
"""


@pytest.fixture
def project(tmp_path) -> Path:
    """A project of one function with one test, which notices some of its mutants, and the tool."""
    here = Path(__file__).parents[2]
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    for name in SELECTION:
        if name.endswith(".py"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        else:
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
    shutil.copytree(here / "tests" / "quality", tmp_path / "tests" / "quality")
    shutil.copy(here / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "pyproject.toml").write_text('[tool.mutmut]\nsource_paths = ["properties/"]\n')
    (tmp_path / "properties" / "ways.py").write_text(FAR)
    (tmp_path / "tests" / "runtime_assert" / "test_ways.py").write_text(PROBE)
    (tmp_path / "tests" / "quality" / "survivors.toml").write_text("")
    return tmp_path


def tried(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.quality.mutation", *(options or ("properties.ways",))]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_survivor_is_told_until_a_test_kills_it_or_a_reason_stands_for_it(project):
    first = tried(project)
    assert first.returncode == 1, first.stdout + first.stderr
    assert "survived: properties.ways.far: 'return a > 2' -> 'return a >= 2'" in first.stdout
    assert "properties.ways: 2 mutants: 1 survived, 1 killed" in first.stdout
    (project / "tests" / "quality" / "survivors.toml").write_text(REASON)
    excused = tried(project)
    assert excused.returncode == 0, excused.stdout
    assert "1 with a reason" in excused.stdout
    (project / "tests" / "quality" / "survivors.toml").write_text("")
    (project / "tests" / "runtime_assert" / "test_ways.py").write_text(PROBE + "    assert not far(2)\n")
    killed = tried(project)
    assert killed.returncode == 0, killed.stdout
    (project / "tests" / "quality" / "survivors.toml").write_text(REASON)
    stale = tried(project)
    assert stale.returncode == 1
    assert "listed, but killed or gone: properties.ways.far" in stale.stdout


def test_a_test_that_fails_without_a_mutant_is_told_and_nothing_is_tried(project):
    (project / "tests" / "runtime_assert" / "test_ways.py").write_text(PROBE + "    assert far(0)\n")
    done = tried(project)
    assert done.returncode == 3
    assert "fails without a mutant" in done.stdout
    assert "not checked" in done.stderr


def test_a_name_that_is_no_module_is_one_line_and_status_2(project):
    done = tried(project, "properties.nothing")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(
        "properties.nothing is no module of this project, such as properties.solver.normal"
    )
