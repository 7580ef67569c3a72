"""No construct is all-red: whatever a Program can say, some frontend captures it rightly."""

from __future__ import annotations

from functools import lru_cache

import pytest

from properties.campaign.check import Checked, check_program
from properties.campaign.draw import draw, shard_seed
from properties.campaign.support import CAPTURED, SupportCounter, joined, never_captured, parts_of
from properties.capture.frontends import FRONTENDS, capture
from properties.errors import NotCaptured
from strategies import Param, Program, Scalar, Var, apply
from strategies.constructs import CONSTRUCTS
from strategies.generate.asked import UNBACKED_DIM, not_asked, of_form
from strategies.input_forms import COO, JAGGED
from tests.properties.programs import check, item, program

PROGRAMS = 1000
"""Programs of the nightly profile, for seed 0, within which each construct must be captured."""


def test_every_construct_occurs_and_none_is_all_red():
    missing = set(CONSTRUCTS)
    support = {frontend: SupportCounter() for frontend in ("make_fx", "export")}
    for candidate in draw(shard_seed(0, 0, 0), "nightly", PROGRAMS):
        if not missing & {statement.op for statement in candidate.body}:
            continue
        for frontend, counter in support.items():
            checked = check_program(candidate, frontend, {}, (), thorough=False)
            assert not checked.faults
            if checked.valid:
                counter.add(candidate, checked)
            if checked.facts is not None:
                missing -= {statement.op for statement in candidate.body}
                break
        if not missing:
            break
    assert missing == set()
    rows = [{"frontend": frontend, "support": counter.to_json()} for frontend, counter in support.items()]
    assert set(CONSTRUCTS) <= set(joined(rows))
    assert not set(CONSTRUCTS) & set(never_captured(joined(rows)))


def test_a_refused_program_counts_for_each_of_its_parts_with_the_reason():
    counter = SupportCounter()
    both = program((), [item(4), check("gt", "u0", 3)])
    counter.add(both, Checked(refusal="ValueError: n"))
    refused = {"refused: ValueError: n": 1}
    assert counter.to_json() == {"check": refused, "item": refused, "operator gt": refused}


def test_a_construct_that_one_frontend_refuses_is_not_all_red_if_another_captures_it():
    rows = [
        {"frontend": "shape_env", "support": {"item": {"refused: X": 3}, "ones": {"refused: X": 1}}},
        {"frontend": "export", "support": {"item": {CAPTURED: 1}, "ones": {"refused: Y": 1}}},
        {"frontend": "export"},
    ]
    assert joined(rows)["item"] == {"export": {CAPTURED: 1}, "shape_env": {"refused: X": 3}}
    assert never_captured(joined(rows)) == ("ones",)


@lru_cache(maxsize=1)
def many():
    """Programs that were drawn for no frontend."""
    return draw(shard_seed(1, 0, 0), "nightly", 500)


BOUND = CONSTRUCTS["check"].statement(cond=apply("le", "u0", "d0"))
READ = (CONSTRUCTS["item"].statement(value=4),)
INPUTS = {
    "input float": Program((), (), READ, (Scalar(0.5),)),
    "input bool": Program((), (), READ, (Scalar(True),)),
    of_form(COO): Program((4,), (Param((Var("d0"),), form=COO),), (*READ, BOUND)),
    of_form(JAGGED): Program((4, 6), (Param((Var("d0"), Var("d1")), form=JAGGED),), READ),
    UNBACKED_DIM: Program((4,), (Param((Var("d0"),), unbacked=(0,)),), READ),
}
KEPT_OUT = [(frontend, name) for frontend in FRONTENDS if "+" not in frontend for name in not_asked(frontend)]


@pytest.mark.parametrize(("frontend", "name"), KEPT_OUT)
def test_what_a_frontend_is_not_asked_for_it_refuses(frontend, name):
    asked = INPUTS.get(name) or next(one for one in many() if name in parts_of(one))
    assert name in parts_of(asked)
    with pytest.raises(NotCaptured):
        capture(asked, frontend)


@pytest.mark.parametrize("frontend", [name for name in FRONTENDS if not_asked(name)])
def test_no_drawn_program_holds_what_its_frontend_refuses(frontend):
    drawn = draw(shard_seed(2, 0, 0), "nightly", 60, frontend)
    assert len(drawn) == 60
    assert not set().union(*map(parts_of, drawn)) & not_asked(frontend).keys()
    assert drawn == draw(shard_seed(2, 0, 0), "nightly", 60, frontend)


def test_the_support_map_says_what_was_not_asked():
    counter = SupportCounter(None, "shape_env")
    counter.add(program((), [item(4)]), Checked(refusal="X"))
    again = SupportCounter(counter.to_json(), "shape_env")
    again.add(program((), [item(4)]), Checked(refusal="X"))
    reason = CONSTRUCTS["cond"].refused_by["shape_env"]
    assert again.to_json()["cond"] == {f"not asked: {reason}": 2}
    assert again.to_json()["item"] == {"refused: X": 2}
