"""RA103 on passes that leave an assert behind the operator that it should protect."""

from __future__ import annotations

import pytest
import torch

from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.case import Case
from properties.registry import properties
from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import check, item, program
from tests.properties.verdicts import verdict_of

ASSERT = torch.ops.aten._assert_scalar.default
SIZE_OF_DATA = program((), [item(4), check("gt", "u0", 2), {"op": "zeros", "shape": ["u0"]}])
TENSOR_FRONTENDS = ("make_fx", "export", "export-strict", "compile")


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA103", prog, frontend, subject)


def behind_everything(gm, shape_env, name, export=False):
    """The reference pass, with every assert moved to the end of the graph."""
    reference(gm, shape_env, name, export=export)
    output = list(gm.graph.nodes)[-1]
    for node in gm.graph.find_nodes(op="call_function", target=ASSERT):
        output.prepend(node)


@pytest.mark.parametrize("frontend", TENSOR_FRONTENDS)
def test_an_assert_behind_the_operator_that_it_protects_is_refuted_as_late(frontend):
    found = verdict(SIZE_OF_DATA, frontend, behind_everything)
    assert (str(found), found.stage) == ("REFUTED(late)", "pass")
    assert found.witness is not None
    assert (found.witness.eager.by, found.witness.after.by) == ("check", "operator")
    assert dict(found.witness.values)["u0"] < 0


@pytest.mark.parametrize("frontend", TENSOR_FRONTENDS)
@pytest.mark.parametrize("subject", ["reference", "torch"])
def test_an_assert_in_front_of_the_operator_is_proved(frontend, subject):
    assert str(verdict(SIZE_OF_DATA, frontend, resolve(subject))) == "PROVED"


def test_an_assert_whose_value_comes_behind_the_operator_is_not_late():
    prog = program(
        (),
        [
            item(4),
            check("ge", "u0", 0),
            {"op": "zeros", "shape": ["u0"]},
            item(3),
            check("lt", ["add", "u0", "u1"], 9),
        ],
    )
    assert str(verdict(prog, "make_fx", reference)) == "PROVED"


def test_an_assert_that_is_moved_behind_an_operator_that_cannot_fail_shows_no_difference():
    prog = program((5,), [item(4), {"op": "zeros", "shape": ["d0"]}, check("gt", "u0", 2)])
    assert str(verdict(prog, "make_fx", behind_everything)) == "PROVED"


def test_a_missing_assert_is_not_late():
    assert str(verdict(SIZE_OF_DATA, "make_fx", identity)) == "PROVED"


def test_nothing_is_searched_for_where_every_assert_stands_at_once():
    facts = facts_of(capture(SIZE_OF_DATA, "make_fx"))
    assert str(properties()["RA103"].check(Case(facts, "reference", reference))) == "PROVED"
    assert "probes" not in vars(facts)


@pytest.mark.parametrize("frontend", ["compile", "compile+deferred"])
def test_a_check_that_is_an_operator_of_the_graph_is_no_operator_that_fails_too_early(frontend):
    """torch.sym_constrain_range stays in Dynamo's graph, and rejects there what it rejects eagerly."""
    first = {"op": "check_range", "leaf": "u0", "least": 0, "most": 2, "function": "constrain"}
    prog = program((), [item(0), first, check("le", "u0", 0)])
    assert str(verdict(prog, frontend, resolve("torch"))) == "PROVED"


def test_a_part_of_an_assert_that_could_have_stood_before_an_operator_is_late_behind_it():
    """The whole has to wait for another value; what the operator needs of the part does not."""
    both = {"op": "check_assert", "cond": ["and", ["gt", "u0", 2], ["lt", "u1", 8]], "form": "scalar"}
    prog = program((), [item(4), check("gt", "u0", 2), {"op": "zeros", "shape": ["u0"]}, item(3), both])

    def only_the_last(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        for node in gm.graph.find_nodes(op="call_function", target=ASSERT)[:-1]:
            gm.graph.erase_node(node)

    found = verdict(prog, "make_fx", only_the_last)
    assert (str(found), found.stage) == ("REFUTED(late)", "pass")
    assert str(verdict(prog, "make_fx", reference)) == "PROVED"
