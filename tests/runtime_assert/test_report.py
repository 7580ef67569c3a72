"""The report says for every obligation what became of it."""

from __future__ import annotations

from typing import Any

import torch

from runtime_assert import InsertionReport, Row, insert_with_report
from tests.runtime_assert.graphs import asserts, capture

X = torch.tensor([7, 2])


def program(x: torch.Tensor) -> Any:
    u, v = x[0].item(), x[1].item()
    torch._check(u >= 3)
    torch._check(u >= v)
    torch._check(v >= 4)
    return u


def made() -> tuple[InsertionReport, Any]:
    gm, env = capture(program, (torch.tensor([7, 5]),), ((),))
    return insert_with_report(gm, env, "named"), gm


def test_emitted_rows_name_the_assert_and_the_line_of_the_check() -> None:
    report, gm = made()
    assert sorted(row.node or "" for row in report.emitted) == sorted(node.name for node in asserts(gm))
    line = program.__code__.co_firstlineno
    assert {row.location for row in report.emitted} <= {f"test_report.py:{line + n}" for n in (2, 3, 4)}


def test_implied_rows_name_their_premises() -> None:
    report, gm = made()
    names = {node.name for node in asserts(gm)}
    implied = report.having("implied")
    assert implied
    for row in implied:
        assert row.node is None
        assert row.premises
        assert set(row.premises) <= names


def test_the_report_prints_one_line_for_each_row() -> None:
    report, _ = made()
    lines = str(report).splitlines()
    assert lines[0].startswith("named: ")
    assert len(lines) == len(report.rows) + 1
    assert all("—" in line for line in lines[1:])


def test_a_row_prints_what_it_knows_and_nothing_else() -> None:
    row = Row("range", "u >= 0", "implied", None, ("a", "b"), "it follows from bounds")
    assert str(row) == "range       u >= 0 — implied by a, b: it follows from bounds"


def test_a_second_run_says_that_everything_is_there() -> None:
    gm, env = capture(program, (torch.tensor([7, 5]),), ((),))
    insert_with_report(gm, env, "first")
    again = insert_with_report(gm, env, "second")
    assert {row.outcome for row in again} <= {"present", "merged", "implied"}
