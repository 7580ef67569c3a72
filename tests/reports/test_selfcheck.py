"""``runtime-assert selfcheck``: kills, survivors and mistakes, as a user sees them."""

from __future__ import annotations

import json

from reports.cli import run


def test_a_killed_mutant_is_reported_with_its_property_and_the_number_of_programs(capsys):
    assert run(["selfcheck", "--mutant", "drops-all", "--jobs", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (row,) = found["rows"]
    assert (row["killed"], row["property"], row["direction"]) == (True, "RA101", "missing")
    assert 1 <= row["programs"] <= 50
    assert found["median_programs"] == row["programs"]


def test_a_survivor_fails_the_run_and_is_named(capsys):
    # One program is not enough for a fault in what three leaves have in common.
    status = run(["selfcheck", "--mutant", "drops-what-has-three-leaves", "--jobs", "1", "--programs", "1"])
    assert status == 1
    assert "survived: drops-what-has-three-leaves" in capsys.readouterr().out


def test_an_unknown_mutant_is_a_mistake_of_the_user(capsys):
    assert run(["selfcheck", "--mutant", "nobody"]) == 2
    assert "mutant 'nobody' is unknown" in capsys.readouterr().err
