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


def test_a_row_of_an_assert_prints_where_it_stands_and_where_the_check_was_written() -> None:
    row = Row("deferred", "u >= 3", "emitted", "_assert_scalar", location="model.py:7")
    assert str(row) == "deferred    u >= 3 (model.py:7) — emitted at _assert_scalar"
    assert str(Row("check", "u >= 3", "trivial")) == "check       u >= 3 — trivial"


def test_a_report_prints_how_much_there_is_and_then_its_rows() -> None:
    rows = (Row("range", "u >= 0", "emitted", "a"), Row("check", "u >= 3", "trivial"))
    said = str(InsertionReport("named", rows))
    assert said == f"named: 2 obligations, 1 asserts emitted\n  {rows[0]}\n  {rows[1]}"


def test_a_second_run_says_that_everything_is_there() -> None:
    gm, env = capture(program, (torch.tensor([7, 5]),), ((),))
    insert_with_report(gm, env, "first")
    again = insert_with_report(gm, env, "second")
    assert {row.outcome for row in again} <= {"present", "merged", "implied"}


def several(a: torch.Tensor, x: torch.Tensor) -> Any:
    u, v = x[0].item(), x[1].item()
    torch._check(u >= 3)
    torch._check(u >= v)
    torch._check(v >= 4)
    n = torch.cat([a, a]).shape[0]
    m = torch.cat([a, a]).shape[0]
    torch._check(v <= n)
    return u + 1, u + 1, n, m


def traced() -> tuple[Any, Any]:
    return capture(several, (torch.ones(8), torch.tensor([7, 5])), ((0,), ()))


def test_every_row_says_what_became_of_its_obligation() -> None:
    """Also of one that was merged with another that follows from others: no assert says the same as it."""
    gm, env = traced()
    report = insert_with_report(gm, env, "named", strict=True)
    least, order, most = (node.name for node in asserts(gm))
    u, v = "x.select(0, 0).item()", "x.select(0, 1).item()"
    line = several.__code__.co_firstlineno
    bounds = "it follows from bounds"
    assert list(report) == [
        Row("range", f"{u} >= 3", "implied", None, (order, least), bounds),
        Row("range", f"{v} >= 4", "merged", least, (), "the same condition"),
        Row("deferred", f"{u} >= 3", "implied", None, (order, least), bounds),
        Row("deferred", f"{v} <= {u}", "emitted", order, location=f"test_report.py:{line + 3}"),
        Row("deferred", f"{v} >= 4", "emitted", least, location=f"test_report.py:{line + 4}"),
        Row("deferred", f"{v} <= 2 * a.shape[0]", "emitted", most, location=f"test_report.py:{line + 7}"),
    ]
    # Of two sums and of two sizes one is left, which is computed; the other size, of an intermediate, is as well.
    assert (report.shared, report.removed) == (3, 3)
    again = insert_with_report(gm, env, "named", strict=True)
    assert (again.shared, again.removed) == (0, 0)
    assert [(row.condition, row.outcome, row.node) for row in again if row.source == "check"] == [
        (f"{v} >= 4", "present", least),
        (f"{v} <= {u}", "present", order),
        (f"{v} <= 2 * a.shape[0]", "present", most),
    ]


def test_what_has_no_place_is_told_as_the_shape_env_wrote_it() -> None:
    gm, env = traced()
    for node in gm.graph.nodes:
        node.meta.pop("unbacked_bindings", None)
    for branch, outcome in ((False, "unplaceable"), (True, "elsewhere")):
        rows = list(insert_with_report(gm, env, "named", branch=branch))
        assert [row.condition for row in rows][:3] == ["3 <= u0", "u1 <= u0", "4 <= u1"]
        assert {(row.outcome, row.node, row.premises) for row in rows} == {(outcome, None, ())}
        assert all(row.reason for row in rows)
