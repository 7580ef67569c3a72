"""Public faults of the pass are found again by random search; ``make recall`` searches for all of them."""

from __future__ import annotations

import pytest

from properties.capture.table import FRONTENDS
from properties.mutants import MUTANTS
from properties.registry import properties
from tests.quality.recall import ROWS, programs_needed

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
    right = type(row)(row.thread, row.what, "reference", row.code, row.frontend, row.direction)
    assert programs_needed(right, 10) is None
