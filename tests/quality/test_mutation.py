"""The reading of mutmut's results: survivors need a reason, and reasons need a survivor."""

from __future__ import annotations

import re

import pytest

from tests.quality import mutmut_tool
from tests.quality.mutation import Kind, Mutation, Reasons, check, function_of, judged, listed, mutation_of, summary
from tests.quality.mutmut_tool import MutmutFailed, Run, progress, statuses

DIFF = """--- properties/solver/normal.py
+++ properties/solver/normal.py
@@ -1,3 +1,3 @@
 def linear(term):
-    return totals, 0
+    return totals, 1
"""
NAME = "properties.solver.normal.x_linear__mutmut_3"
CHANGE = Mutation("properties.solver.normal.linear", "return totals, 0", "return totals, 1")


def test_the_name_of_a_mutant_tells_its_function():
    assert function_of(NAME) == "properties.solver.normal.linear"
    assert function_of("a.b.xǁKnownǁimplies__mutmut_12") == "a.b.Known.implies"


def test_a_mutant_is_known_by_the_lines_that_it_changes():
    assert mutation_of(NAME, DIFF) == CHANGE


def test_a_survivor_needs_a_reason_and_a_reason_a_survivor():
    known, nothing = Reasons({CHANGE: "does the same"}), Reasons({})
    alive = {NAME: "survived"}
    assert judged(alive, {NAME: CHANGE}, known) == []
    assert judged(alive, {NAME: CHANGE}, nothing) == [f"survived: {CHANGE} ({NAME})"]
    assert judged({NAME: "no tests"}, {NAME: CHANGE}, nothing) == [f"no tests: {CHANGE} ({NAME})"]
    killed = {NAME: "killed"}
    assert judged(killed, {}, known) == [f"listed, but killed or gone: {CHANGE}"]
    assert judged({**killed, "a.b.x_c__mutmut_1": "not checked"}, {}, known) == []
    other = Mutation("properties.read.graph.read", "", "")
    assert judged(killed, {}, Reasons({other: "of a module that did not run"})) == []


def test_a_kind_covers_a_change_at_one_place_and_no_other_change():
    strict = Kind(re.compile(r", strict=(True)"), (", strict=False", ""), "lengths that are the same")
    old = "zip(a, b, strict=True), zip(c, d, strict=True)"
    assert strict.covers(Mutation("f", old, "zip(a, b, strict=False), zip(c, d, strict=True)"))
    assert strict.covers(Mutation("f", old, "zip(a, b, strict=True), zip(c, d)"))
    assert not strict.covers(Mutation("f", old, "zip(a, b), zip(c, d)"))
    assert not strict.covers(Mutation("f", old, "zip(a, c, strict=True), zip(c, d, strict=True)"))
    assert not strict.covers(Mutation("f", "f(a)", "f(b)"))
    assert Reasons({}, (strict,)).explain(Mutation("g", "zip(a, strict=True)", "zip(a)"))


def test_the_results_of_other_modules_are_left_out():
    output = f"    {NAME}: survived\n    properties.solver.query.x_solve__mutmut_1: killed\n\n"
    assert statuses(output, ["properties.solver.normal"]) == {NAME: "survived"}


def test_every_listed_survivor_has_a_reason():
    known = listed()
    assert known.single
    assert all(reason.strip() for reason in (*known.single.values(), *(kind.reason for kind in known.kinds)))


def test_a_run_tells_its_phase_and_how_many_mutants_it_has_tried():
    assert progress("") == Run(False, "Starting", 0)
    log = "⠋ Generating mutants\n    done\n⠙ Running stats\n"
    assert progress(log) == Run(False, "Running stats", 0)
    log += "Running mutation testing\n    worker exit code 1\n⠙ 1/9\r    worker exit code 0\n"
    assert progress(log) == Run(False, "Running mutation testing", 2)


class Tool:
    """Stands for mutmut: it gives a verdict to so many of the mutants of each run, and then the time is up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, str], *runs: tuple[int, bool]) -> None:
        self.verdicts, self.runs, self.asked = dict(verdicts), list(runs), []
        monkeypatch.setattr(mutmut_tool, "results", lambda modules: dict(self.verdicts))
        monkeypatch.setattr(mutmut_tool, "diffs", lambda names: dict.fromkeys(names, DIFF))
        monkeypatch.setattr(mutmut_tool, "run", self.run)

    def run(self, names, jobs, seconds, tell) -> Run:
        self.asked.append(list(names))
        tried, finished = self.runs.pop(0)
        self.verdicts.update(dict.fromkeys(names[:tried], "killed"))
        return Run(finished, "Running mutation testing" if tried else "Running stats", tried)

    def check(self, known: Reasons) -> bool:
        return check(["m"], 60.0, 2, known, lambda text: None)


def test_a_run_goes_on_with_what_has_no_verdict_and_with_survivors_without_a_reason(monkeypatch):
    verdicts = {"m.x_a__mutmut_1": "killed", "m.x_a__mutmut_2": "survived", "m.x_a__mutmut_3": "not checked"}
    tool = Tool(monkeypatch, verdicts, (2, True))
    assert tool.check(Reasons({}))
    assert tool.asked == [["m.x_a__mutmut_3", "m.x_a__mutmut_2"]]
    tool = Tool(monkeypatch, verdicts, (1, True))
    tool.check(Reasons({Mutation("m.a", CHANGE.old, CHANGE.new): "does the same"}))
    assert tool.asked == [["m.x_a__mutmut_3"]]


def test_a_run_without_any_verdict_yet_asks_for_the_whole_module(monkeypatch):
    tool = Tool(monkeypatch, {}, (1, True))
    tool.check(Reasons({}))
    assert tool.asked == [["m.*"]]


def test_mutants_that_time_left_unchecked_are_told_and_ones_that_were_never_reached_are_a_failure(monkeypatch):
    verdicts = {f"m.x_a__mutmut_{number}": "not checked" for number in range(3)}
    tool = Tool(monkeypatch, verdicts, (1, False))
    assert not tool.check(Reasons({}))
    assert summary("m", tool.verdicts, ()) == "m: 3 mutants: 2 not checked, 1 killed"
    with pytest.raises(MutmutFailed, match="before a mutant was tried, at: Running stats"):
        Tool(monkeypatch, verdicts, (0, False)).check(Reasons({}))
    with pytest.raises(MutmutFailed, match="leaves 3 mutants alone"):
        Tool(monkeypatch, verdicts, (0, True)).check(Reasons({}))


def test_a_survivor_with_a_reason_is_told_apart_in_the_figures():
    found = {"m.x_a__mutmut_1": "survived", "m.x_a__mutmut_2": "survived", "n.x_a__mutmut_1": "killed"}
    assert summary("m", found, ["m.x_a__mutmut_1"]) == "m: 2 mutants: 1 with a reason, 1 survived"


def test_a_failing_run_of_mutmut_says_why(monkeypatch, tmp_path):
    """Its status, the phase, and what it printed: here it is python itself that knows no such module."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mutmut.py").write_text("print('Running stats'); print('no module named x'); raise SystemExit(1)")
    with pytest.raises(MutmutFailed, match=r"(?s)status 1 at: Running stats.*no module named x"):
        mutmut_tool.run(["m.*"], 1, 60.0, lambda text: None)


def test_a_run_whose_time_is_up_is_ended(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mutmut.py").write_text("import time\nprint('Running stats', flush=True)\ntime.sleep(600)")
    told: list[str] = []
    assert mutmut_tool.run(["m.*"], 1, 4.0, told.append) == Run(False, "Running stats", 0)
    assert any("Running stats" in text for text in told)
