"""Programs on which the reference pass, or what was said of it, was once wrong: none of them shows a fault now."""

from __future__ import annotations

import pytest

from properties.campaign.check import check_program
from properties.registry import properties
from properties.subjects import resolve
from properties.verdict import Status
from strategies.program import Program

PROGRAMS = {
    "a moved assert of the user's own keeps its words": {
        "schema": 1,
        "dims": [2],
        "params": [{"shape": ["d0"], "dtype": "float32"}],
        "body": [
            {"op": "repeat_interleave_of", "length": ["d0"], "count": 0},
            {"op": "check_assert", "cond": ["le", "u0", 0], "form": "scalar"},
        ],
    },
    "an equality does not hide the message of a check beside it": {
        "schema": 1,
        "dims": [],
        "params": [],
        "body": [
            {"op": "item", "value": 0},
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "check_assert", "cond": ["le", "u0", 0], "form": "scalar"},
        ],
    },
}


@pytest.mark.parametrize("frontend", ["shape_env", "make_fx", "export"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_reference_pass_shows_no_fault_on(name, frontend):
    """Every property that is asked of each program is PROVED, and none is left open."""
    codes = [code for code, one in properties().items() if not one.share]
    checked = check_program(
        Program.from_json(PROGRAMS[name]), frontend, {"reference": resolve("reference")}, codes, thorough=True
    )
    assert not checked.faults
    assert {verdict.status for verdict in checked.verdicts["reference"].values()} == {Status.PROVED}
