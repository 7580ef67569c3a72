"""Probes: for each requirement an input that breaks it alone and one at its edge, floats and integers alike."""

from __future__ import annotations

import math
from typing import Any

import pytest

from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.execution import probes as module
from properties.execution.goals import at_edge, beyond
from properties.mutants import MUTANTS
from properties.verdict import Status
from runtime_assert import insert_deferred_runtime_asserts as reference
from strategies import Program
from strategies.evaluate import holds
from strategies.terms import apply
from tests.properties.programs import check, item, program
from tests.properties.verdicts import verdict_of


def probes_of(prog: Program) -> list[module.Probe]:
    return list(facts_of(capture(prog, "shape_env")).probes.probes)


def test_each_check_has_an_input_at_its_edge_and_one_that_breaks_it_alone() -> None:
    """As in MC/DC: a violation satisfies every other requirement."""
    prog = program((4,), [item(7), check("gt", "u0", 3), check("le", "u0", ["add", "d0", 9])])
    facts = facts_of(capture(prog, "shape_env"))
    aims = {(probe.purpose, probe.aim) for probe in facts.probes.probes if probe.aim is not None}
    assert aims == {("violation", 0), ("edge", 0), ("violation", 1), ("edge", 1)}
    for probe in facts.probes.probes:
        if probe.purpose == "odd":
            continue
        broken = [index for index, term in enumerate(facts.truth) if not holds(term, probe.leaves)]
        assert broken == ([probe.aim] if probe.purpose == "violation" else [])


def test_a_relation_of_floats_between_two_leaves_has_both_inputs() -> None:
    """Roundings are computed where few values are possible, not reasoned about."""
    body = [
        item(4),
        check("ge", "u0", 0),
        check("float_eq", ["int_div", "u0", "d0"], ["float", "0.5"]),
        check("float_le", ["float_sqrt", ["to_float", "u0"]], ["float", "3.0"]),
    ]
    facts = facts_of(capture(program((8,), body), "shape_env"))
    found = facts.probes
    assert found.undecided == 0
    # The first check cannot be broken alone: a quotient of 0.5 of a size is positive.
    assert {(probe.purpose, probe.aim) for probe in found.probes if probe.aim is not None} >= {
        ("violation", 1),
        ("violation", 2),
        ("edge", 2),
    }
    assert any(probe.values["u0"] > 9 and probe.values["u0"] * 2 == probe.values["d0"] for probe in found.probes)
    assert any(probe.values["u0"] == 9 and probe.values["d0"] == 18 for probe in found.probes)


def test_a_comparison_of_a_double_is_probed_at_its_edge_and_at_the_next_double() -> None:
    body = [{"op": "item_float", "value": ["float", "1.0"]}, check("float_le", "u0", ["float", "2.5"])]
    values = {repr(probe.values["u0"]) for probe in probes_of(program((), body))}
    assert {"2.5", repr(math.nextafter(2.5, 9.0)), "nan", "inf", "-inf", "0.0", "-0.0"} <= values


def test_a_number_that_no_size_is_made_of_is_probed_at_the_ends_of_int64() -> None:
    free = probes_of(program((), [item(3), check("ge", "u0", 2)]))
    assert {2**63 - 1, -(2**63)} <= {probe.values["u0"] for probe in free}
    bound = probes_of(program((), [item(3), {"op": "zeros", "shape": ["u0"]}]))
    assert max(probe.values["u0"] for probe in bound) < 2**40


@pytest.mark.parametrize(
    ("condition", "edges", "breaks"),
    [
        (("lt", "u0", 7), {6}, {7}),
        (("le", "u0", 7), {7}, {8}),
        (("gt", "u0", 7), {8}, {7}),
        (("ge", "u0", 7), {7}, {6}),
        (("ne", "u0", 7), {6, 8}, {7}),
        (("eq", "u0", 7), set(), {6, 8}),
    ],
    ids=str,
)
def test_the_goals_of_a_comparison_are_next_to_each_other(
    condition: tuple[Any, ...], edges: set[int], breaks: set[int]
) -> None:
    term = apply(*condition)
    assert {value for value in range(20) if any(holds(edge, {"u0": value}) for edge in at_edge(term))} == edges
    assert {value for value in range(20) if any(holds(tight, {"u0": value}) for tight in beyond(term))} == breaks


def test_what_was_recorded_and_what_the_program_demands_are_told_apart_by_an_input() -> None:
    """torch divides ``u0 * u1 == u0`` by u0, and so rejects 0 and 5; no boundary of the program says so."""
    prog = program((), [item(3), item(1), check("eq", ["mul", "u0", "u1"], "u0")])
    facts = facts_of(capture(prog, "make_fx"))
    shown = [probe for probe in facts.probes.probes if probe.purpose == "recorded"]
    assert [probe.values["u0"] for probe in shown] == [0]
    assert all(probe.eager.accepted and probe.values["u1"] != 1 for probe in shown)


def test_candidates_for_a_float_are_its_neighbours_and_the_special_values() -> None:
    """A check of ``< 2.5`` is told from one of ``<= 2.5`` by no value but the bound and the doubles beside it."""
    found = module._around_float(1.0, {2.5})
    assert {2.5, math.nextafter(2.5, 0.0), math.nextafter(2.5, 9.0), math.inf, -math.inf} <= set(found)
    assert any(math.isnan(value) for value in found)
    assert {"0.0", "-0.0"} <= set(map(repr, found))


def test_lengths_that_only_a_branch_knows_are_no_odd_numbers() -> None:
    """Nothing of 2**63 - 1 elements can be built, and where the branch is not taken eager does not try."""
    branch = [{"op": "cond", "pred": ["le", "u0", 0], "then": 0, "otherwise": 1}]
    lengths = [{"op": "repeat_interleave", "length": ["d0"], "count": 0}]
    found = facts_of(capture(program((2,), [item(0), *branch, *lengths]), "make_fx")).probes
    assert found.probes
    assert all(abs(probe.values["u1"]) < 2**31 for probe in found.probes)
    assert any(abs(probe.values["u0"]) >= 2**63 - 1 for probe in found.probes)


def test_which_of_two_broken_checks_comes_first_is_no_fault() -> None:
    """For -2**63 eager stops at the first check, and the graph at the root that the second one asks for."""
    root = check("float_le", ["float_sqrt", ["to_float", "u0"]], ["float", "4.0"])
    both = program((), [item(9), item(5), check("le", "u1", "u0"), root])
    assert str(verdict_of("RA102", both, "make_fx", reference)) == "PROVED"


def test_an_input_that_the_front_end_leaves_out_is_judged_by_its_own_value() -> None:
    """Strict export replaces n0 by what it is equal to, and hands nothing to its input any more."""
    prog = Program.from_json(
        {
            "schema": 1,
            "dims": [8],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "scalars": [{"value": 3, "before": 1}],
            "body": [
                {"op": "item", "value": 6},
                {"op": "check", "cond": ["eq", "u0", ["mul", "n0", 2]]},
                {"op": "check", "cond": ["eq", "u0", ["sub", "d0", 2]]},
            ],
        }
    )
    facts = facts_of(capture(prog, "export-strict"))
    assert "n0" not in facts.leaf_of
    for probe in facts.probes.probes:
        assert all(holds(term, probe.leaves) for term in facts.truth) == probe.eager.accepted


def test_an_assert_over_a_size_that_only_its_operator_knows_is_no_disagreement() -> None:
    """A slice to a run-time value gets a size of its own, which no input gives a value: nothing was read as true."""
    body = [
        {"op": "item_sum", "shape": ["d0"], "count": 2},
        {"op": "slice", "tensor": "a0", "dim": 0, "start": 0, "stop": "u0", "step": 2},
        {"op": "check_query", "tensor": "t0", "query": "numel", "dim": 0, "comparison": "lt", "other": "u0"},
        check("le", "u0", 4),
    ]
    assert verdict_of("RA102", program((8,), body), "export", reference).status is Status.PROVED


def test_an_input_a_few_steps_from_the_example_is_found_where_the_solver_finds_none(monkeypatch) -> None:
    """Two items that an equation ties have to change together."""
    prog = program((4,), [item(49), item(4), check("eq", "u1", ["sub", "u0", 45]), check("lt", "u0", 50)])
    monkeypatch.setattr(module, "solve", lambda *args, **options: module.Answer("unknown", "none"))
    found = facts_of(capture(prog, "shape_env")).probes
    assert any(probe.values["u0"] == 50 and probe.values["u1"] == 5 for probe in found.probes)


def test_an_operator_with_a_constant_for_a_size_is_not_a_late_assert_of_the_pass():
    """The item comes behind the unfold, which fails on any other size than the example's, however the asserts stand."""
    body = [
        {"op": "unfold", "tensor": "a0", "dim": 0, "size": "d0", "step": 1},
        item(3),
        check("float_eq", ["int_div", "u0", "d0"], ["float", "1.0"]),
    ]
    found = verdict_of("RA102", program((3,), body), "export+deferred", reference)
    assert (str(found), found.stage) == ("REFUTED(late)", "frontend")
    # An operator that fails because the check before it comes too late is the fault of the pass.
    used = [item(3), check("ge", "u0", 0), {"op": "zeros", "shape": ["u0"]}]
    late = verdict_of("RA102", program((4,), used), "make_fx", MUTANTS["asserts-at-the-end"].subject)
    assert (str(late), late.stage) == ("REFUTED(late)", "pass")
