"""The frontends: what each of them captures, and how its variants differ from it."""

from __future__ import annotations

from typing import Any

import pytest

from properties.campaign.check import check_program
from properties.campaign.plan import AUDIT_FRONTENDS
from properties.campaign.plan import FRONTENDS as NAMES
from properties.capture.facts import facts_of
from properties.capture.frontends import FRONTENDS, capture
from properties.capture.interception import reach
from properties.capture.leaves import named_leaf
from properties.errors import NotCaptured, ToolError
from properties.solver import solve
from properties.subjects import resolve
from strategies.program import Program
from strategies.terms import Const, Var, apply, variables
from tests.properties.programs import check, item, program


def with_scalars(scalars: list[Any], body: list[Any]) -> Program:
    """A Program with one tensor and inputs that are numbers."""
    return Program.from_json(program((4,), []).to_json() | {"scalars": scalars, "body": body})


SIZE_CHECK = program((8,), [item(3), check("ge", "d0", 5), check("le", "u0", 7)])
DEFERRED = [name for name, row in FRONTENDS.items() if row.deferred]


def demands_of_sizes(frontend: str) -> list[str]:
    """The obligations of :data:`SIZE_CHECK` that are about its dim alone."""
    facts = facts_of(capture(SIZE_CHECK, frontend))
    (dim,) = variables(facts.leaf_of["d0"])
    return [item.text for item in facts.obligations if variables(item.term) == {dim}]


def test_a_plan_names_the_frontends_of_the_table():
    assert tuple(FRONTENDS) == NAMES
    assert AUDIT_FRONTENDS == ("shape_env", "make_fx", "export")


UNNAMED = [name for name in FRONTENDS if "named" not in name]
"""Those that take a condition on an input's size for what it is; named dims have to meet it by their ranges."""


@pytest.mark.parametrize("frontend", UNNAMED)
def test_a_capture_knows_its_frontend_and_the_leaves_of_its_program(frontend):
    captured = capture(SIZE_CHECK, frontend)
    assert captured.frontend == frontend
    assert set(facts_of(captured).leaf_of) == {"d0", "u0"}


@pytest.mark.parametrize("frontend", [name for name in DEFERRED if name in UNNAMED])
def test_a_check_of_an_input_size_is_an_obligation_where_asserts_are_preferred(frontend):
    assert demands_of_sizes(frontend)


@pytest.mark.parametrize("frontend", ["shape_env", "make_fx", "export"])
def test_a_check_of_an_input_size_is_a_guard_otherwise(frontend):
    assert not demands_of_sizes(frontend)


@pytest.mark.parametrize(
    ("frontend", "checked"), [("make_fx+deferred", False), ("export+deferred", False), ("make_fx", True)]
)
def test_a_refined_range_is_assumed_only_where_a_guard_says_so(frontend, checked):
    """What a deferred check makes of a range nothing but that check makes sure of."""
    facts = facts_of(capture(SIZE_CHECK, frontend))
    leaf = facts.leaf_of["d0"]
    assert isinstance(leaf, Var)
    bounds = {term.args[1] for term in facts.assumptions if getattr(term, "op", "") == "ge" and leaf in term.args}  # type: ignore[union-attr]
    assert (Const(5) in bounds) == checked


@pytest.mark.parametrize("frontend", ["shape_env", "make_fx", "export", "export-strict", "compile"])
def test_a_range_that_checks_of_items_make_is_no_assumption(frontend):
    """``u0 <= 0`` and ``u0 == d0 - 3`` narrow the size to at most 3: an assert of the first says something new."""
    facts = facts_of(
        capture(program((3,), [item(0), check("le", "u0", 0), check("eq", "u0", ["sub", "d0", 3])]), frontend)
    )
    assert solve((*facts.assumptions, apply("ge", facts.leaf_of["d0"], 5))).status == "sat"


def test_the_graph_behind_run_decompositions_has_the_asserts_of_the_first_call():
    facts = facts_of(capture(SIZE_CHECK, "export+decompositions"))
    existing = [item.term for item in facts.obligations if item.origin == "existing"]
    assert existing
    assert all(variables(term) <= {"u0"} for term in existing)


def test_a_torch_without_the_call_is_an_error_of_the_tool_and_no_refusal():
    with pytest.raises(ToolError, match=r"calls the pass at none of torch\.nowhere"):
        reach(lambda: None, ("torch.nowhere.insert_deferred_runtime_asserts",))


def test_a_trace_that_never_calls_the_pass_is_not_captured():
    with pytest.raises(NotCaptured, match="without a call of the pass"):
        reach(lambda: None, ("torch._export.utils.insert_deferred_runtime_asserts",))


BODY = [item(2), check("le", ["add", "u0", "n0"], 20), check("ge", ["add", "n0", "d0"], "n1")]
NUMBERS = with_scalars([{"value": 5, "before": 0}, {"value": -3, "before": 1}], BODY)
TRUTH_VALUE = with_scalars([{"value": True, "before": 0}], BODY[:1])


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_an_integer_input_is_a_leaf_of_its_own(frontend):
    facts = facts_of(capture(NUMBERS, frontend))
    first, second = facts.leaf_of["n0"], facts.leaf_of["n1"]
    assert isinstance(first, Var)
    assert isinstance(second, Var)
    assert any({first.name, "u0"} <= variables(obligation.term) for obligation in facts.obligations)
    assert facts.kinds[first.name] == "scalar"


@pytest.mark.parametrize("frontend", ["export", "export-strict", "compile"])
def test_an_input_of_which_torch_makes_a_constant_is_not_captured(frontend):
    with pytest.raises(NotCaptured, match="an input of type bool becomes a constant"):
        capture(TRUTH_VALUE, frontend)


@pytest.mark.parametrize("frontend", ["shape_env", "make_fx"])
def test_a_truth_value_is_a_leaf_where_a_symbol_can_stand_for_it(frontend):
    facts = facts_of(capture(TRUTH_VALUE, frontend))
    number = named_leaf(facts.leaf_of["n0"])
    assert number is not None
    assert facts.leaf_of["n0"] == apply("ne", number, 0)
    assert {apply("ge", number, 0), apply("le", number, 1)} <= set(facts.assumptions)
    assert facts.kinds[number.name] == "scalar_truth"


HIDDEN = Program.from_json(
    {
        "schema": 1,
        "dims": [4, 3],
        "params": [{"shape": ["d0"], "dtype": "float32"}, {"shape": ["d1"], "dtype": "float32", "unbacked": [0]}],
        "body": [
            item(7),
            check("ge", "d1", 3),
            check("eq", ["add", "d0", "d1"], "u0"),
            {"op": "zeros", "shape": ["u0"]},
        ],
    }
)


@pytest.mark.parametrize("frontend", ["shape_env", "make_fx", "compile", "make_fx+deferred", "compile+deferred"])
def test_a_check_of_an_unbacked_size_of_an_input_is_an_obligation(frontend):
    facts = facts_of(capture(HIDDEN, frontend))
    leaf = facts.leaf_of["d1"]
    assert isinstance(leaf, Var)
    assert leaf.name in facts.bindings.bound
    assert any(variables(obligation.term) == {leaf.name} for obligation in facts.obligations)
    assert not facts.unplaceable


@pytest.mark.parametrize("frontend", ["export", "export-strict", "export+decompositions"])
def test_an_unbacked_size_is_not_captured_where_torch_makes_a_constant_of_it(frontend):
    """torch.export 2.13 forgets the mark of ``mark_unbacked`` without a word and takes the example's size."""
    with pytest.raises(NotCaptured, match="an unbacked size of an input becomes a constant"):
        capture(HIDDEN, frontend)


@pytest.mark.parametrize("frontend", ["make_fx", "compile"])
def test_our_pass_checks_an_unbacked_size_of_an_input(frontend):
    """Public threads 151879 and pull 152231: inputs that are unbacked were never counted as defined."""
    checked = check_program(HIDDEN, frontend, {"reference": resolve("reference")}, ("RA101", "RA102", "RA103", "RA105"))
    assert not checked.faults
    assert {str(verdict) for verdict in checked.verdicts["reference"].values()} == {"PROVED"}


@pytest.mark.parametrize("frontend", ["make_fx", "export", "export-strict", "compile"])
def test_an_operator_with_two_sizes_binds_both_leaves(frontend):
    body = [{"op": "custom_compress_both", "shape": ["d0"], "count": 2, "other": 3}, check("lt", "u0", "u1")]
    facts = facts_of(capture(program((4,), body), frontend))
    leaves = [facts.leaf_of["u0"], facts.leaf_of["u1"]]
    assert {leaf.name for leaf in leaves if isinstance(leaf, Var)} == set(facts.bindings.bound)
    assert facts.truth[0].args == tuple(leaves)  # type: ignore[union-attr]


@pytest.mark.parametrize("frontend", ["shape_env", "make_fx", "export", "compile"])
def test_an_assert_on_a_symbol_behind_a_divisor_is_read_back(frontend):
    """Public thread 124310 and pull 138136: the size that is bound is a multiple of the symbol."""
    body = [{"op": "custom_pairs", "shape": ["d0"], "count": 3}, check("le", "u0", 3), {"op": "zeros", "shape": ["u0"]}]
    checked = check_program(program((4,), body), frontend, {"reference": resolve("reference")}, ("RA101", "RA102"))
    assert not checked.faults
    assert {str(verdict) for verdict in checked.verdicts["reference"].values()} == {"PROVED"}


@pytest.mark.parametrize("frontend", ["export+named", "export+named+deferred"])
@pytest.mark.parametrize("derived", [["mul", "d0", 2], ["add", "d0", 1], ["sub", ["mul", "d0", 2], 1]])
def test_named_dims_are_shared_and_sizes_that_derive_from_them_are_known(frontend, derived):
    """``2*d``, ``d + 1`` and ``2*d - 1`` of ``torch.export.Dim``: the sizes of three inputs follow from one of them."""
    shapes = [["d0"], [derived], ["d0", 2]]
    document = {
        "schema": 1,
        "dims": [5],
        "params": [{"shape": shape, "dtype": "float32"} for shape in shapes],
        "body": [item(40), check("le", ["add", "d0", derived], "u0"), {"op": "zeros", "shape": ["u0"]}],
    }
    checked = check_program(
        Program.from_json(document), frontend, {"reference": resolve("reference")}, ("RA101", "RA102", "RA201")
    )
    assert (checked.refusal, checked.faults) == ("", [])
    assert checked.facts is not None
    assert {str(verdict) for verdict in checked.verdicts["reference"].values()} == {"PROVED"}
    sizes = {leaf.name for leaf in checked.facts.leaf_of.values() if isinstance(leaf, Var) and leaf.name[0] == "s"}
    assert len(sizes) == 1


@pytest.mark.parametrize("frontend", ["export+named", "export+named+deferred"])
def test_a_named_dim_that_does_not_meet_a_check_by_its_range_is_refused(frontend):
    with pytest.raises(NotCaptured, match="Constraints violated"):
        capture(SIZE_CHECK, frontend)


def test_the_elements_of_a_list_are_told_apart_where_one_of_them_is_not_read():
    """An element that a check fixes is a constant for what traces the program again, which reads it no more."""
    body = [
        {"op": "eye", "shape": ["n1", "n0"]},
        {"op": "tolist", "values": [0, 1, 0]},
        {"op": "narrow", "tensor": "t0", "dim": 0, "start": 0, "length": "u1"},
        check("ge", "u1", "n1"),
        check("ge", "u2", 0),
    ]
    facts = facts_of(
        capture(with_scalars([{"value": 0, "before": 1}, {"value": 1, "before": 1}], body), "export+decompositions")
    )
    assert {leaf: str(term.name) for leaf, term in facts.leaf_of.items() if isinstance(term, Var)}.items() >= {
        "u0": "u0",
        "u1": "u1 (not read)",
        "u2": "u2",
    }.items()
