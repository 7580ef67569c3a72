"""What a pass does in branches and loops is judged there: seen from outside, where the body runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from sympy import Integer, Symbol
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.campaign.check import Checked, check_program
from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.case import Case
from properties.checks.placement import failing_node
from properties.registry import properties
from properties.subjects import identity, resolve
from properties.verdict import PROVED, Status
from strategies.program import Program
from strategies.terms import variables

ASSERT = torch.ops.aten._assert_scalar.default
CODES = ("RA101", "RA102", "RA104")


def program(*body: dict[str, Any]) -> Program:
    params = [{"shape": [f"d{axis}"], "dtype": "float32"} for axis in range(2)]
    return Program.from_json({"schema": 1, "dims": [4, 5], "params": params, "body": list(body)})


PROGRAMS = {
    "cond": program(
        {"op": "item", "value": 5},
        {"op": "cond", "pred": ["gt", "u0", 4], "then": 2, "otherwise": 2},
        {"op": "item", "value": 3},
        {"op": "check", "cond": ["le", "u1", "d0"]},
        {"op": "item", "value": 3},
        {"op": "check", "cond": ["lt", "u2", 7]},
    ),
    "nested": program(
        {"op": "item", "value": 5},
        {"op": "cond", "pred": ["gt", "u0", 4], "then": 2, "otherwise": 1},
        {"op": "item", "value": 3},
        {"op": "cond", "pred": ["gt", "u1", 2], "then": 2, "otherwise": 0},
        {"op": "item", "value": 8},
        {"op": "check", "cond": ["eq", "u2", ["mul", "d0", 2]]},
        {"op": "check", "cond": ["lt", "d0", 9]},
    ),
    "while_loop": program(
        {"op": "while_loop", "rounds": ["sub", "d0", 1], "length": 2},
        {"op": "item", "value": 3},
        {"op": "check", "cond": ["le", "u0", "d0"]},
    ),
    "map_rows": program(
        {"op": "map_rows", "tensor": "a0", "length": 2},
        {"op": "item", "value": 3},
        {"op": "check", "cond": ["le", "u0", "d1"]},
    ),
}


def checked(name: str, frontend: str, subject: Callable[..., Any]) -> Checked:
    found = check_program(PROGRAMS[name], frontend, {"subject": subject}, CODES)
    assert found.valid
    assert not found.refusal
    assert not found.faults
    return found


@pytest.mark.parametrize("frontend", ["make_fx", "compile"])
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_our_pass_guards_every_body(name: str, frontend: str) -> None:
    verdicts = checked(name, frontend, resolve("reference")).verdicts["subject"]
    assert {code: verdict.status for code, verdict in verdicts.items()} == dict.fromkeys(CODES, Status.PROVED)


@pytest.mark.parametrize("name", ["cond", "while_loop"])
def test_a_pass_that_does_nothing_guards_no_body(name: str) -> None:
    verdict = checked(name, "export-strict", identity).verdicts["subject"]["RA101"]
    assert (verdict.status, verdict.direction) == (Status.REFUTED, "missing")


def _asserts(module: fx.GraphModule) -> list[fx.Node]:
    return module.graph.find_nodes(op="call_function", target=ASSERT)


def _only_outside(gm: fx.GraphModule, shape_env: Any, name: str, export: bool = False) -> None:
    """Guards the outer graph and no body: what torch hands over as a body has another name."""
    if name != "reenter_make_fx":
        resolve("reference")(gm, shape_env, name, export=export)


def test_a_check_that_a_branch_loses_is_a_missing_assert_of_the_pass() -> None:
    verdicts = checked("cond", "export-strict", _only_outside).verdicts["subject"]
    assert (verdicts["RA101"].status, verdicts["RA101"].stage) == (Status.REFUTED, "pass")
    witness = verdicts["RA101"].witness
    assert witness is not None
    assert not witness.eager.accepted
    assert witness.after.accepted


def test_an_assert_in_a_body_rejects_as_an_assert() -> None:
    case = checked("while_loop", "make_fx", resolve("reference")).cases["subject"]
    assert case.run({"d0": 4, "d1": 5, "u0": 5}).after.by == "assert"
    # The loop is not entered, and so nothing is demanded.
    assert case.run({"d0": 1, "d1": 5, "u0": 5}).after.accepted


def test_an_ill_ordered_body_is_a_malformed_graph() -> None:
    def misplaced(gm: fx.GraphModule, env: ShapeEnv, name: str, export: bool = False) -> None:
        resolve("reference")(gm, env, name, export=export)
        if gm.graph.find_nodes(op="placeholder", sort=False) and not any(gm.children()):
            for node in gm.graph.find_nodes(op="call_function", target=ASSERT):
                next(iter(gm.graph.nodes)).prepend(node)

    found = check_program(PROGRAMS["cond"], "make_fx", {"misplaced": misplaced}, tuple(properties()))
    assert not found.faults
    verdict = found.verdicts["misplaced"]["RA202"]
    assert (str(verdict), verdict.detail.partition(":")[0]) == ("REFUTED(malformed)", "true_graph_0")
    assert found.verdicts["misplaced"]["RA101"].reason == "malformed graph"


def test_what_raises_in_a_body_raises_on_the_node_that_runs_the_body() -> None:
    case = checked("while_loop", "make_fx", resolve("reference")).cases["subject"]
    assert case.after is not None
    failed = failing_node(case.after, case.capture.arguments({"d0": 4, "d1": 5, "u0": 5}))
    assert failed is not None
    assert "while_loop" in str(list(case.after.graph.nodes)[failed].target)


FOUND_IN_A_BRANCH = program(
    {"op": "item", "value": 5},
    {"op": "cond", "pred": ["gt", "u0", 4], "then": 2, "otherwise": 0},
    {"op": "nonzero", "shape": ["d0"], "count": 3},
    {"op": "check", "cond": ["le", "u1", "d0"]},
)


def test_a_size_whose_binding_decompositions_lose_is_still_read_in_a_branch() -> None:
    found = check_program(FOUND_IN_A_BRANCH, "export+decompositions", {"subject": resolve("reference")}, CODES)
    assert not found.faults
    assert {str(verdict) for verdict in found.verdicts["subject"].values()} == {"PROVED"}


def test_a_map_over_a_flattened_vector_is_a_map_over_the_vector() -> None:
    mapped = program(
        {"op": "flatten", "tensor": "a0"},
        {"op": "map_rows", "tensor": "a0", "length": 1},
        {"op": "check", "cond": ["le", "d1", 9]},
    )
    # Tracing takes the vector for its flattened self.
    found = check_program(mapped, "export", {"subject": resolve("reference")}, CODES)
    assert not found.faults
    assert not found.facts or not found.facts.unread
    assert {str(verdict) for verdict in found.verdicts["subject"].values()} == {"PROVED"}


def test_every_subject_gets_the_bodies_as_they_were() -> None:
    first = checked("cond", "export-strict", resolve("reference"))
    case = first.cases["subject"]
    assert [body.path for body in case.capture.bodies] == ["true_graph_0", "false_graph_0"]
    for body in case.capture.bodies:
        assert not _asserts(case.capture.graph.get_submodule(body.path))  # type: ignore[arg-type]
        assert case.after is not None
        assert _asserts(case.after.get_submodule(body.path))  # type: ignore[arg-type]


@pytest.mark.skipif(not torch.__version__.startswith("2.13."), reason="a fault of torch 2.13; others have other faults")
def test_torch_replaces_an_item_by_itself_in_a_branch() -> None:
    verdict = checked("nested", "compile", resolve("torch")).verdicts["subject"]["RA101"]
    assert (verdict.status, verdict.direction, verdict.stage) == (Status.REFUTED, "missing", "pass")


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_frontend_without_bodies_says_so(name: str) -> None:
    refusal = check_program(PROGRAMS[name], "shape_env", {"subject": identity}, CODES).refusal
    first = next(part.op for part in PROGRAMS[name].body if part.op in ("cond", "while_loop", "map_rows"))
    assert refusal == f"shape_env has no {first}"


def raises_in_a_body(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    raise KeyError(name)


def forgets_in_a_body(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    """Drops the newest unbacked symbol's range, wherever it is run first."""
    if not any(node.target is torch.ops.higher_order.cond for node in gm.graph.nodes):
        shape_env.var_to_range.popitem()


@pytest.mark.parametrize("name", ["cond", "nested"])
def test_a_pass_that_raises_in_a_body_has_not_changed_the_shape_env(name: str) -> None:
    """The ShapeEnv of a body knows less than the one of the whole graph, and no pass is to blame for that."""
    facts = facts_of(capture(PROGRAMS[name], "make_fx"))
    assert properties()["RA305"].check(Case(facts, "raising", raises_in_a_body)) == PROVED


def test_a_change_of_the_shape_env_made_in_a_body_is_refuted() -> None:
    facts = facts_of(capture(PROGRAMS["cond"], "make_fx"))
    verdict = properties()["RA305"].check(Case(facts, "forgetful", forgets_in_a_body))
    assert str(verdict) == "REFUTED(impure)"
    assert "var_to_range" in verdict.detail


def test_a_size_that_a_branch_lost_the_binding_of_is_still_checked_against_what_replaced_it() -> None:
    """run_decompositions keeps no binding of a ``nonzero`` in a branch, and the ShapeEnv knows it as the input's."""
    prog = program(
        {"op": "item", "value": 5},
        {"op": "cond", "pred": ["gt", "u0", 4], "then": 2, "otherwise": 0},
        {"op": "nonzero", "shape": ["d0"], "count": 4},
        {"op": "check", "cond": ["eq", "d0", "u1"]},
    )
    found = check_program(prog, "export+decompositions", {"reference": resolve("reference")}, CODES)
    assert not found.faults
    assert {str(verdict) for verdict in found.verdicts["reference"].values()} == {"PROVED"}


def test_a_check_of_a_branch_that_is_asserted_in_other_words_is_not_gone() -> None:
    """torch's pass writes ``u1 - 2`` as ``-2 + u1``, here inside of an operator that no normal form opens."""
    condition = ["le", ["ite", ["le", "u1", 0], "u1", ["sub", "u1", 2]], 0]
    prog = program(
        {"op": "item", "value": 0},
        {"op": "cond", "pred": ["le", "u0", 0], "then": 0, "otherwise": 2},
        {"op": "item", "value": 0},
        {"op": "check", "cond": condition},
    )
    found = check_program(prog, "make_fx", {"torch": resolve("torch")}, ("RA104",))
    assert not found.faults
    assert found.verdicts["torch"]["RA104"] == PROVED


def test_an_item_that_is_handed_to_a_branch_under_a_new_name_is_the_same_item() -> None:
    """Strict export traces again: u0 is bound as another symbol then, and the branch's input has that one's name."""
    prog = program(
        {"op": "item", "value": 1},
        {"op": "check", "cond": ["eq", ["sub", "d0", 3], "u0"]},
        {"op": "check", "cond": ["ge", "u0", 1]},
        {"op": "cond", "pred": ["eq", ["sub", "d1", 4], "u0"], "then": 3, "otherwise": 1},
        {"op": "check_error", "cond": ["le", "u0", 1], "function": "not_implemented"},
        {"op": "item", "value": 1},
        {"op": "check", "cond": ["eq", ["sub", "d0", 3], "u1"]},
        {"op": "item_int32", "value": -1},
    )
    found = check_program(prog, "export-strict+deferred", {"reference": resolve("reference")}, CODES)
    facts = found.facts
    assert not found.faults
    assert facts is not None
    assert facts.inside
    assert {name for item in facts.inside for name in variables(item.term) if name.startswith("u")} == {"u0"}
    assert found.verdicts["reference"]["RA101"] == PROVED
    # What the branch checks of its own item is gone before any pass runs.
    assert found.verdicts["reference"]["RA102"].stage == "frontend"


def test_what_a_reader_of_the_capture_taught_the_shape_env_is_not_the_subjects_doing() -> None:
    """Asking a SymInt for its value shortens replacements: the capture's own readers did, before the first subject."""
    facts = facts_of(capture(program({"op": "item", "value": 3}, {"op": "check", "cond": ["ge", "u0", 2]}), "make_fx"))
    facts.capture.shape_env.replacements[Symbol("s99", integer=True)] = Integer(24)
    assert properties()["RA305"].check(Case(facts, "reference", resolve("reference"))) == PROVED
