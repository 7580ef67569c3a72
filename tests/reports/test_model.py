"""The model: its figures are sums over rows of the log, and it says over which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reports.model import build
from reports.totals import OUTCOMES
from tests.reports.conftest import ENTRY, finding, log, shard, tally


def test_totals_are_sums_over_the_shards_of_a_subject():
    rows = log(shard(1, 1, torch=tally(proved=40, refuted={"missing": 8, "extra": 2}, asserts_emitted=211)))
    totals = build(rows, ()).subjects["torch"]
    assert (totals.programs, totals.proved, dict(totals.refuted)) == (200, 190, {"missing": 8, "extra": 2})
    assert (totals.asserts_emitted, totals.asserts_required) == (90 * 3 + 211, 360)


def test_the_outcomes_of_a_subject_add_up_to_its_programs():
    rows = log(shard(1, 1, torch=tally(proved=45, refuted={"late": 2}, not_captured={"a": 1, "b": 2})))
    totals = build(rows, ()).subjects["torch"]
    assert sum(totals.count(outcome) for outcome in OUTCOMES) == totals.programs


def test_a_cell_names_the_lines_of_the_log_that_it_was_computed_from():
    assert [cell.lines for cell in build(log(), ()).cells] == [(2, 3), (4,)]


def test_a_finding_names_its_line_and_counts_its_programs():
    row = finding()
    hits = [{"kind": "hits", "bucket": row["bucket"], "count": count} for count in (3, 4)]
    found = build(log(row, *hits), ()).findings[0]
    assert (found.line, found.hits) == (5, 7)


def test_a_subject_that_only_the_shards_know_is_counted_too():
    extra = shard(1, 1)
    extra["subjects"]["frontend"] = tally(proved=49, refuted={"missing": 1})
    assert build(log(extra), ()).subjects["frontend"].programs == 50


def test_new_findings_come_before_known_ones():
    known, new = finding(), finding(id="ffffffff", bucket="f", signature="RA101 missing lt(item)")
    assert [one.id for one in build(log(known, new), [ENTRY]).findings] == ["ffffffff", known["id"]]


def test_an_entry_that_was_not_met_is_reported_only_by_a_complete_run():
    assert build(log(), [ENTRY]).unseen == (ENTRY,)
    assert build(log(complete=False), [ENTRY]).unseen == ()


def test_an_entry_that_was_met_is_not_reported():
    assert build(log(finding()), [ENTRY]).unseen == ()


@pytest.mark.parametrize(
    ("shows", "failed", "reported"),
    [(True, [], False), (False, [], True), (False, ["worker: hang"], False), (None, [], False)],
    ids=["shows", "gone", "could not be run", "was not run"],
)
def test_an_entry_with_a_vector_is_judged_by_it_and_not_by_what_the_search_met(
    shows: bool | None, failed: list[str], reported: bool
):
    entry = replace(ENTRY, vector=Path("vectors/one.json"))
    row = {"kind": "vector", "vector": ENTRY.id, "shows": shows, "failed": failed}
    assert build(log(*[row] if shows is not None else []), [entry]).unseen == ((entry,) if reported else ())


def test_a_log_has_to_begin_with_its_run():
    with pytest.raises(ValueError, match="begin with a row of kind 'run'"):
        build(log()[1:], ())
