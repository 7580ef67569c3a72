"""Killed again and again, a run loses nothing and finds nothing twice; ``make soak`` does it with real workers."""

from __future__ import annotations

from tests.soak.kills import soak
from tests.soak.stand_in import KINDS

KILLS = 8
PROGRAMS = 4000


def test_a_run_that_is_killed_and_resumed_gives_the_report_of_one_that_was_not():
    outcome = soak(KILLS, seed=5, programs=PROGRAMS, module="tests.soak.stand_in")
    assert outcome.faults == ()
    assert outcome.kills == KILLS
    # Some came in the middle of the work: after the first unit, before the last.
    assert any(1 < records < PROGRAMS // 50 + KINDS for records in outcome.moments)
