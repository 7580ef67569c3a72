"""RA401 on passes that assert the same twice."""

from __future__ import annotations

import operator

import pytest
import torch

from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import check, item, program
from tests.properties.verdicts import FRONTENDS, verdict_of

ASSERT = torch.ops.aten._assert_scalar.default
BOUND = program((), [item(6), check("gt", "u0", 3)])


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA401", prog, frontend, subject)


def also(relation, value):
    """The reference pass, and one more assert about the last node that an assert of its reads."""

    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        last = gm.graph.find_nodes(op="call_function", target=ASSERT)[-1]
        leaf = last.args[0].args[0]
        with gm.graph.inserting_after(last):
            bound = gm.graph.call_function(relation, (leaf, value))
        with gm.graph.inserting_after(bound):
            gm.graph.call_function(ASSERT, (bound, "once more"))

    return subject


@pytest.mark.parametrize(("relation", "value"), [(operator.gt, 3), (operator.ge, 4)])
def test_the_same_condition_in_other_words_is_a_duplicate(relation, value):
    found = verdict(BOUND, "make_fx", also(relation, value))
    assert (str(found), found.skeleton) == ("REFUTED(redundant)", "duplicate")
    assert found.witness is not None


@pytest.mark.parametrize("value", [0, 1])
def test_a_truth_value_and_a_comparison_of_its_number_are_one_condition(value):
    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        (last,) = gm.graph.find_nodes(op="call_function", target=ASSERT)
        truth = last.all_input_nodes[0] if value else last.all_input_nodes[0].all_input_nodes[0]
        with gm.graph.inserting_after(last):
            number = gm.graph.call_function(torch.sym_ite, (truth, 1, 0))
        with gm.graph.inserting_after(number):
            bound = gm.graph.call_function(operator.eq, (number, value))
        with gm.graph.inserting_after(bound):
            gm.graph.call_function(ASSERT, (bound, "once more"))

    condition = "u0" if value else ["not", "u0"]
    one = program((), [{"op": "item_truth", "value": value}, {"op": "check", "cond": condition}])
    found = verdict(one, "make_fx", subject)
    assert (str(found), found.skeleton) == ("REFUTED(redundant)", "duplicate")


def test_a_bound_beside_a_tighter_one_is_weaker():
    found = verdict(BOUND, "make_fx", also(operator.ge, 1))
    assert (str(found), found.skeleton) == ("REFUTED(redundant)", "weaker")


def test_a_bound_on_the_other_side_is_not_redundant():
    assert str(verdict(BOUND, "make_fx", also(operator.le, 9))) == "PROVED"


def tautology(gm, shape_env, name, export=False):
    reference(gm, shape_env, name, export=export)
    last = gm.graph.find_nodes(op="call_function", target=ASSERT)[-1]
    last.args[0].args = (last.args[0].args[0], last.args[0].args[0])
    last.args[0].target = operator.eq


def test_an_assert_that_holds_for_all_values_is_redundant():
    found = verdict(BOUND, "make_fx", tautology)
    assert (str(found), found.skeleton) == ("REFUTED(redundant)", "tautology")


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_torch_asserts_a_bound_and_the_range_that_it_became(frontend):
    assert str(verdict(BOUND, frontend, resolve("torch"))) == "REFUTED(redundant)"


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("subject", [reference, identity], ids=["reference", "identity"])
def test_one_assert_for_one_bound_is_proved(frontend, subject):
    assert str(verdict(BOUND, frontend, subject)) == "PROVED"


@pytest.mark.parametrize("frontend", ["compile", "export-strict"])
def test_a_check_that_the_user_wrote_twice_is_not_redundant(frontend):
    twice = program((9,), [item(6), check("gt", "u0", 3), check("gt", "u0", 3), check("gt", "u0", 1)])
    assert str(verdict(twice, frontend, reference)) == "PROVED"


def test_two_names_of_one_input_size_are_one_value():
    size = ["lt", ["mul", ["sub", "d0", 3], 4], 25]
    assert str(verdict(program((9,), [check(*size), check(*size)]), "compile", reference)) == "PROVED"


@pytest.mark.parametrize(
    "source",
    [
        {"op": "unique", "length": ["d0"]},
        {"op": "unique_counts", "length": ["d0"]},
        {"op": "nonzero", "shape": ["d0"]},
    ],
)
@pytest.mark.parametrize("frontend", ["make_fx", "compile"])
def test_a_check_of_how_many_elements_a_source_yields_is_the_users_own(frontend, source):
    """In Dynamo's graph it stands beside the check of the length, and says the same."""
    numel = {"op": "check_query", "tensor": "t0", "query": "numel", "dim": 0, "comparison": "ge", "other": 5}
    body = [{**source, "count": 5}, check("ge", "u0", 5), numel]
    assert str(verdict_of("RA401", program((5,), body), frontend, resolve("reference"))) == "PROVED"
