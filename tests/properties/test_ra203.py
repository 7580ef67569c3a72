"""RA203 on passes that leave nodes without metadata, with a wrong one, or take it from others."""

from __future__ import annotations

import pytest
import torch

from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import DROPPED_BOUND, VACUOUS_EQUALITY, check, item, program
from tests.properties.verdicts import FRONTENDS, verdict_of

ASSERT = torch.ops.aten._assert_scalar.default
BOUND = program((5,), [item(6), check("gt", "u0", 3), check("lt", "u0", ["add", "d0", 9])])


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA203", prog, frontend, subject)


def edited(change):
    """The reference pass, and then ``change`` on every condition that it asserts."""

    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        for node in gm.graph.find_nodes(op="call_function", target=ASSERT):
            change(node.args[0])

    return subject


def test_a_new_node_without_an_example_value_is_refuted():
    found = verdict(BOUND, "make_fx", edited(lambda node: node.meta.pop("val")))
    assert (str(found), found.skeleton) == ("REFUTED(metadata)", "no val")


def test_a_value_under_the_key_of_another_kind_of_graph_is_no_value():
    found = verdict(BOUND, "make_fx", edited(lambda node: node.meta.update(example_value=node.meta.pop("val"))))
    assert (str(found), found.skeleton) == ("REFUTED(metadata)", "no val")


@pytest.mark.parametrize("value", [1, 1.0, False, torch.ones(())], ids=["int", "float", "false", "tensor"])
def test_a_value_that_the_node_does_not_yield_is_refuted(value):
    found = verdict(BOUND, "make_fx", edited(lambda node: node.meta.update(val=value)))
    assert (str(found), found.skeleton) == ("REFUTED(metadata)", "wrong val")


def test_a_symbolic_value_that_disagrees_on_the_example_is_refuted():
    found = verdict(BOUND, "make_fx", edited(lambda node: node.meta.update(val=node.args[0].meta["val"] > 99)))
    assert (str(found), found.skeleton) == ("REFUTED(metadata)", "wrong val")


@pytest.mark.parametrize("key", ["stack_trace", "nn_module_stack"])
def test_a_new_node_behind_a_traced_one_needs_a_trace(key):
    found = verdict(BOUND, "export", edited(lambda node: node.meta.pop(key)))
    assert (str(found), found.skeleton) == ("REFUTED(metadata)", f"no {key}")


def test_a_new_node_of_an_annotated_region_carries_its_note():
    """Dynamo keeps what ``torch.fx.traceback.annotate`` says of a region; what the pass adds in there says it too."""
    noted = program((5,), [{"op": "annotate", "length": 2}, item(6), {"op": "zeros", "shape": ["u0"]}])
    found = verdict(noted, "compile", edited(lambda node: node.meta.pop("custom", None)))
    assert (str(found), found.skeleton) == ("REFUTED(metadata)", "no custom")
    for subject in (reference, resolve("torch")):
        assert str(verdict(noted, "compile", subject)) == "PROVED"


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_metadata_that_an_old_node_loses_is_refuted(frontend):
    def forgetful(gm, shape_env, name, export=False):
        next(node for node in gm.graph.nodes if node.op.startswith("call")).meta.clear()

    found = verdict(BOUND, frontend, forgetful)
    assert str(found) == "REFUTED(metadata)"
    assert found.skeleton.startswith("lost ")


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("subject", [reference, resolve("torch"), identity], ids=["reference", "torch", "identity"])
@pytest.mark.parametrize("prog", [BOUND, VACUOUS_EQUALITY, DROPPED_BOUND], ids=["bound", "equality", "minimum"])
def test_complete_metadata_is_proved(prog, subject, frontend):
    assert str(verdict(prog, frontend, subject)) == "PROVED"
