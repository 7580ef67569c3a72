"""Public faults of the pass are found again by random search; ``make recall`` searches for all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from properties.campaign import gates, recall
from properties.campaign.pool import Lost
from properties.campaign.recall import ROWS, programs_needed
from properties.capture.table import FRONTENDS
from properties.mutants import MUTANTS
from properties.registry import properties
from tests.quality.recall import main, page

PROGRAMS = 40
QUICK = ("PR 121079", "151127", "PR 185588", "PR 133627", "PR 138136", "PR 125878")


@pytest.mark.parametrize("row", [row for row in ROWS if row.thread in QUICK], ids=lambda row: row.thread)
def test_a_public_fault_is_found_again_within_a_few_programs(row):
    needed = programs_needed(row, PROGRAMS)
    assert needed is not None, f"{row.thread} is not found within {PROGRAMS} programs"


def test_at_least_twenty_five_threads_are_searched_for_each_with_what_exists():
    assert len({row.thread for row in ROWS}) == len(ROWS) >= 25
    for row in ROWS:
        assert row.frontend in FRONTENDS
        assert row.code in properties()
        assert row.subject == "torch" or row.subject.removeprefix("mutant:") in MUTANTS


def test_a_pass_without_the_fault_is_not_taken_for_one_that_has_it():
    (row,) = (row for row in ROWS if row.thread == "PR 125878")
    assert programs_needed(replace(row, subject="reference"), 10) is None


def test_an_audit_searches_for_the_faults_of_its_properties_and_says_how_many_programs_each_needed():
    *rows, last = gates.recall(("RA204",), 1)
    assert [row["thread"] for row in rows] == ["PR 121079", "PR 138136"]
    assert all(row["found"] and 1 <= row["programs"] <= recall.PROGRAMS for row in rows)
    assert (last["part"], last["outcome"], last["count"]) == ("recall", "passed", 2)


def test_an_audit_without_a_property_that_shows_a_public_fault_has_not_searched_for_any():
    (last,) = gates.recall(("RA304",), 1)
    assert (last["outcome"], last["count"]) == ("not run", 0)


@pytest.mark.parametrize(
    ("subject", "torch", "needed", "outcome"),
    [
        ("mutant:drops-all", "2.13.0", None, "failed"),
        ("mutant:drops-all", "2.15.0", None, "failed"),
        ("torch", "2.13.0+cpu", None, "failed"),
        ("torch", "2.15.0", None, "passed"),
        ("torch", "2.15.0", Lost("worker died"), "failed"),
    ],
)
def test_only_torchs_own_fault_under_another_release_may_be_gone(monkeypatch, subject, torch, needed, outcome):
    row = replace(ROWS[0], thread="1", subject=subject)
    monkeypatch.setattr(recall, "ROWS", (row,))
    monkeypatch.setattr(recall, "environment", lambda: {"torch": torch})
    monkeypatch.setattr(recall, "search", lambda rows, programs, workers: [(row, needed) for row in rows])
    found, last = gates.recall((row.code,), 1)
    assert not found["found"]
    assert last["outcome"] == outcome
    assert "1" in (last["why"] or last["failed"][0])


def test_the_published_table_says_what_was_found_what_was_not_and_how_to_make_it_again():
    first, second, third = ROWS[:3]
    text = page([(first, 3), (second, None), (third, Lost("worker died"))], 200)
    lines = text.splitlines()
    assert "1 of 3 were found, each within 200 programs" in text
    assert "make recall ARGS=" in text
    assert [line.rsplit("| ", 1)[1] for line in lines[-3:]] == ["3 |", "- |", "lost |"]
    assert lines[-3].startswith(f"| {first.thread} | {first.what} | `{first.subject}`")


def test_a_thread_that_nothing_is_known_of_is_a_mistake_of_the_caller(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["151127", "0"])
    assert "no row is of 0; allowed: 113952" in capsys.readouterr().err


def test_only_the_named_threads_are_searched_for_and_a_fault_that_is_not_found_is_no_success(capsys, monkeypatch):
    needed = {"151127": 5, "119689": None}
    monkeypatch.setattr("tests.quality.recall.search", lambda rows, *_: [(row, needed[row.thread]) for row in rows])
    assert main(["151127"]) == 0
    assert main(["151127", "119689"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"1 of 2 found within {recall.PROGRAMS} programs each"
