"""Exported programs on disk are read as data: what they say is checked, and nothing in them is executed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

import runtime_assert
from properties.errors import Unsupported, UsageError
from properties.targets import run_target
from properties.targets.saved import expression
from reports.render.targets import target_lines
from strategies.terms import Apply, Const, Var
from tests.properties.targets.code import lost_equality


def saved(path: Path) -> str:
    model, inputs = lost_equality()
    dynamic = {0: torch.export.Dim.DYNAMIC}  # type: ignore[attr-defined]
    torch.export.save(torch.export.export(model, inputs, dynamic_shapes=(dynamic, dynamic, None)), path)
    return str(path)


def result_of(path: str) -> dict[str, Any]:
    _, (row,) = run_target(path)
    assert row["not_known"]
    return row["subjects"]["file"]


def test_finds_in_the_file_that_a_value_is_taken_for_a_sum_that_no_assert_checks(tmp_path: Path) -> None:
    """torch's pass leaves ``u0 == u0``; the file's own metadata says that u0 is the sum of two sizes."""
    result = result_of(saved(tmp_path / "model.pt2"))
    assert "vacuous" in [item["state"] for item in result["asserts"]]
    (missing,) = result["unchecked"]
    assert {"a.shape[0]", "b.shape[0]"} <= set(missing["condition"].replace(" == ", " + ").split(" + "))
    assert result["verdicts"]["RA101"]["status"] == "UNDECIDED"


def test_finds_nothing_unchecked_in_a_file_that_was_exported_with_our_pass(tmp_path: Path) -> None:
    """The same model with the reference pass in torch's place."""
    with runtime_assert.installed():
        path = saved(tmp_path / "model.pt2")
    result = result_of(path)
    assert result["unchecked"] == []
    assert [item["state"] for item in result["asserts"]] == ["needed"]


def test_what_a_file_says_is_shown_and_no_file_that_it_names_is_opened(tmp_path: Path) -> None:
    """A file may name any place as the source of an assert: it is told, and not read."""
    _, (row,) = run_target(saved(tmp_path / "model.pt2"))
    shown = "\n".join(target_lines(row, (), "2.13.0"))
    assert "vacuous: it holds for all values" in shown
    assert "not checked by any assert" in shown
    assert all(item["source"] and not item["line"] for item in row["subjects"]["file"]["asserts"])


def test_runs_nothing_that_a_file_holds(tmp_path: Path) -> None:
    """An expression that is code, and pickles that would run some, are read past; what is no constraint is told."""
    path = Path(saved(tmp_path / "model.pt2"))
    trap = tmp_path / "trapped"
    code = f"__import__('pathlib').Path({str(trap)!r}).touch()"
    evil = tmp_path / "evil.pt2"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(evil, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.endswith("models/model.json"):
                document = json.loads(data)
                document["graph_module"]["graph"]["sym_int_values"]["item"] = {
                    "as_expr": {"expr_str": code, "hint": None}
                }
                data = json.dumps(document).encode()
            elif item.filename.endswith(".pt"):
                data = f"cpathlib\nPath\n(S{str(trap)!r}\ntR.".encode()
            new.writestr(item.filename, data)
    _, (row,) = run_target(str(evil))
    assert not trap.exists()
    assert any("not readable" in text for text in row["not_known"])


@pytest.mark.parametrize(
    "text", ["open('x')", "Symbol(open('x'))", "Add(", "s0 + 1", "Add()", "().__class__", "Pow(2, 3)"]
)
def test_an_expression_outside_of_the_table_is_refused(text: str) -> None:
    """Only symbols, integers and operators of the table are read."""
    with pytest.raises(Unsupported):
        expression(text)


def test_an_expression_of_the_table_is_read_exactly() -> None:
    """``srepr`` of a comparison of a sum with a negative number."""
    text = "GreaterThan(Add(Symbol('s0', integer=True), Mul(Integer(2), Symbol('u1'))), Integer(-3))"
    total = Apply("add", (Var("s0"), Apply("mul", (Const(2), Var("u1")))))
    assert expression(text) == Apply("ge", (total, Const(-3)))


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no such file"), (b"hello", "no exported program"), ({}, "an archive without one")],
)
def test_a_file_that_is_none_is_the_users_mistake(tmp_path: Path, content: Any, said: str) -> None:
    """Missing, not an archive, an archive of something else: one line each."""
    path = tmp_path / "model.pt2"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme", "nothing")
    with pytest.raises(UsageError, match=said):
        run_target(str(path))


@pytest.mark.parametrize("graph", [{}, {"graph": {"inputs": 3}}, {"graph": {"inputs": [{}], "nodes": []}}, []])
def test_a_graph_of_another_layout_is_the_users_mistake(tmp_path: Path, graph: Any) -> None:
    """JSON that is no graph ends in one line, not in a traceback."""
    path = tmp_path / "model.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/models/model.json", json.dumps({"graph_module": graph}))
    with pytest.raises(UsageError, match="not laid out"):
        run_target(str(path))
