"""The measure of coverage: what it calls a branch, what it holds against the target, and what it says of reasons."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks/coverage_of_pass.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_of_pass", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def part(tool: ModuleType, reached: int, missing: int):
    found = [tool.Branch("pass.py", f"if {number}:", "return") for number in range(reached + missing)]
    done = frozenset(found[:reached])
    return tool.Part(frozenset(found), dict.fromkeys(tool.KINDS, done)), found[reached:]


def test_jumps_of_the_same_text_are_told_apart_by_their_place(tool: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "pass.py"
    path.write_text("if a:\n    b()\nif a:\n    b()\n", encoding="utf-8")
    named = tool.names_of(path, [(3, 4), (1, 2), (1, -1)])
    assert {branch.place: jump for branch, jump in named.items() if branch.to == "b()"} == {1: (1, 2), 2: (3, 4)}
    assert [branch.to for branch, jump in named.items() if jump == (1, -1)] == ["exit"]


def test_what_is_proved_unreachable_does_not_count_and_another_reason_does(tool: ModuleType) -> None:
    measured, missing = part(tool, 96, 4)
    proved = dict.fromkeys(missing, "unreachable: nothing makes it")
    assert tool.report({"the pass": measured}, proved)
    assert not tool.report({"the pass": measured}, {**proved, **dict.fromkeys(missing[:3], "seldom")})


def test_a_branch_without_a_reason_is_not_passed_over(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    measured, missing = part(tool, 999, 1)
    assert not tool.report({"the pass": measured}, {})
    assert f"{missing[0]}   [unexplained]" in capsys.readouterr().out


def test_a_reason_for_a_branch_that_was_reached_is_stale(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    measured, _ = part(tool, 5, 0)
    reached = min(measured.reached())
    assert not tool.report({"the pass": measured}, {reached: "seldom"})
    assert str(reached) in capsys.readouterr().out


def test_every_reason_is_of_a_branch_of_its_own(tool: ModuleType) -> None:
    rows = tool.tomllib.loads(tool.REVIEWED.read_text(encoding="utf-8"))["branch"]
    assert len({(row["file"], row["line"], row["to"], row.get("place", 1)) for row in rows}) == len(rows)
    assert all(row["reason"] for row in rows)


def test_every_test_that_a_reason_names_is_there(tool: ModuleType) -> None:
    root = SCRIPT.parents[1]
    named = [
        (root / file, test)
        for row in tool.tomllib.loads(tool.REVIEWED.read_text(encoding="utf-8"))["branch"]
        for file, test in re.findall(r"(tests/\S+\.py)(?:: (test_\w+))?", row["reason"])
    ]
    assert named
    for file, test in named:
        assert f"def {test}" in file.read_text(encoding="utf-8"), (file, test)


def test_what_graphs_of_one_kind_reach_is_told_apart_from_what_the_others_add(
    tool: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (tool.Branch("pass.py", text, "exit") for text in ("if a:", "if b:"))
    reached = dict(zip(tool.KINDS, map(frozenset, ([first], [second], [])), strict=True))
    assert tool.report({"the pass": tool.Part(frozenset([first, second]), reached)}, {})
    lines = [line.split(": ")[0].split() for line in capsys.readouterr().out.splitlines()]
    assert [line[-1] for line in lines[1:4]] == ["1", "2", "2"]


def test_a_file_that_did_not_run_counts_with_all_its_branches(tool: ModuleType, tmp_path: Path) -> None:
    paths = [tmp_path / "ran.py", tmp_path / "slept.py"]
    for path in paths:
        path.write_text("def f(a):\n    if a:\n        return 1\n    return 2\n", encoding="utf-8")
    space: dict[str, Any] = {}
    exec(compile(paths[0].read_text(encoding="utf-8"), str(paths[0]), "exec"), space)
    measures = tool.Measures.of(paths)
    tool.measured(measures.by_kind[tool.TRACED], space["f"], 1)
    part = measures.part(paths)
    assert {(branch.file, branch.to) for branch in part.reached()} == {("ran.py", "return 1")}
    assert len(part.every) == 4


def test_what_graphs_as_traced_do_not_reach_is_told_whatever_the_others_add(
    tool: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (tool.Branch("pass.py", text, "exit") for text in ("if a:", "if b:"))
    reached = dict(zip(tool.KINDS, map(frozenset, ([first], [second], [])), strict=True))
    tool.print_untraced({"the pass": tool.Part(frozenset([first, second]), reached)})
    assert capsys.readouterr().out.splitlines() == [
        "the pass: 2 branches, 1 reached by graphs as traced, not reached:",
        "    pass.py: if b:  ->  exit",
    ]
