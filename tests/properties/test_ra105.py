"""RA105 on passes that lose or change a check of the user's."""

from __future__ import annotations

import operator

import pytest
import torch

from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import VACUOUS_EQUALITY, check, item, program
from tests.properties.verdicts import verdict_of

ASSERT = torch.ops.aten._assert_scalar.default
IMPLIED = program((), [item(6), check("gt", "u0", 3), check("gt", "u0", 1), check("ne", "u0", 9)])


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA105", prog, frontend, subject)


def without(literal):
    """The reference pass, without the asserts that compare with ``literal``."""

    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        for node in gm.graph.find_nodes(op="call_function", target=ASSERT):
            if literal in node.args[0].args:
                gm.graph.erase_node(node)

    return subject


@pytest.mark.parametrize("literal", [3, 9])
def test_a_check_that_is_gone_is_refuted_with_an_input_that_breaks_it(literal):
    found = verdict(IMPLIED, "compile", without(literal))
    assert (str(found), found.stage) == ("REFUTED(dropped)", "pass")
    assert found.witness is not None
    assert found.witness.eager.by == "check"


def test_a_check_that_a_tighter_one_implies_must_stay_too():
    assert str(verdict(IMPLIED, "compile", without(1))) == "REFUTED(dropped)"


def test_a_check_in_other_words_is_kept():
    def reworded(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        for node in gm.graph.find_nodes(op="call_function", target=operator.gt):
            node.target, node.args = operator.ge, (node.args[0], node.args[1] + 1)

    assert str(verdict(IMPLIED, "compile", reworded)) == "PROVED"


def test_torch_turns_the_users_own_equality_into_a_tautology():
    found = verdict(VACUOUS_EQUALITY, "compile", resolve("torch"))
    assert str(found) == "REFUTED(dropped)"
    assert found.witness is not None
    assert found.witness.eager.by == "check"
    assert found.witness.after.accepted


@pytest.mark.parametrize("frontend", ["compile", "export-strict", "make_fx", "shape_env"])
@pytest.mark.parametrize("subject", [reference, identity], ids=["reference", "identity"])
@pytest.mark.parametrize("prog", [IMPLIED, VACUOUS_EQUALITY], ids=["bounds", "equality"])
def test_who_leaves_the_checks_alone_is_proved(prog, subject, frontend):
    assert str(verdict(prog, frontend, subject)) == "PROVED"
