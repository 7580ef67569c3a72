"""Inputs that are no plain tensors, end to end: which front ends trace them, and that the oracle decides all of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import runtime_assert
from properties.campaign.check import check_program
from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.errors import NotCaptured
from properties.execution.run import same_inputs, same_sharing
from properties.mutants import MUTANTS
from properties.registry import properties
from properties.subjects import resolve
from properties.verdict import PROVED, Outcome, Status
from strategies import Const, Param, Program, Var, apply, build_inputs, compile_program, example
from strategies.constructs import CONSTRUCTS
from strategies.statement import Statement

D0, D1, D2 = (Var(f"d{axis}") for axis in range(3))
ITEM = CONSTRUCTS["item"].statement(value=4)


def check(op: str, *sides: object) -> Statement:
    return CONSTRUCTS["check"].statement(cond=apply(op, *sides))  # type: ignore[arg-type]


def sizes_of(form: str) -> Program:
    """A program that compares an item with each size of its input."""
    checks = check("ge", "u0", "d0"), check("le", "u0", "d1"), check("le", apply("add", "u0", "d2"), 20)
    return Program((2, 7, 3), (Param((D0, D1, D2), form=form),), (ITEM, *checks))


def source(name: str, **value: object) -> Program:
    """A program that bounds what it reads of a tensor that is held by another."""
    return Program((5,), (Param((D0,)),), (CONSTRUCTS[name].statement(**value), check("le", apply("mul", "u0", 2), 9)))


PROGRAMS = {
    "coo": sizes_of("coo"),
    "jagged": sizes_of("jagged"),
    "wrapped": sizes_of("wrapped"),
    "item_wrapped": source("item_wrapped", value=3),
    "nonzero_wrapped": source("nonzero_wrapped", shape=(D0,), count=3),
}
TRACED = {
    "coo": ("make_fx", "make_fx+deferred", "export", "export-strict", "export+decompositions"),
    "jagged": ("compile", "compile+deferred"),
    "wrapped": ("make_fx", "export", "export-strict", "compile"),
    "item_wrapped": ("make_fx", "export", "export-strict", "compile"),
    "nonzero_wrapped": ("make_fx", "export", "export-strict", "compile"),
}
CASES = [(name, frontend) for name, frontends in TRACED.items() for frontend in ("shape_env", *frontends)]


@pytest.mark.parametrize(("name", "frontend"), CASES)
def test_a_right_pass_is_proved_right_and_one_that_drops_asserts_is_not(name: str, frontend: str) -> None:
    subjects = {"reference": resolve("reference"), "mutant": MUTANTS["drops-all"].subject}
    checked = check_program(PROGRAMS[name], frontend, subjects, tuple(properties()))
    assert not checked.refusal
    assert not checked.faults
    statuses = {code: verdict.status for code, verdict in checked.verdicts["reference"].items()}
    vacuous = {"RA602"} if frontend == "shape_env" else set()
    assert {code for code, status in statuses.items() if status is not Status.PROVED} == vacuous
    assert checked.verdicts["mutant"]["RA101"].direction == "missing"
    witness = checked.verdicts["mutant"]["RA101"].witness
    assert witness is not None
    assert (witness.eager.accepted, witness.after.accepted) == (False, True)


def test_a_constant_number_of_elements_of_all_rows_is_a_size_that_varies_for_dynamo() -> None:
    program = Program((2, 3), (Param((D0, Const(7), D1), form="jagged"),), (ITEM, check("ge", "u0", "d0")))
    checked = check_program(program, "compile", {"reference": resolve("reference")}, ("RA101", "RA102"))
    assert {verdict.status for verdict in checked.verdicts["reference"].values()} == {Status.PROVED}
    assert checked.facts is not None
    assert 7 in checked.facts.valuation(example(program)).values()


@pytest.mark.parametrize(
    ("name", "frontend", "reason"),
    [
        ("coo", "compile", "sparse"),
        ("jagged", "export", "become constants"),
        ("jagged", "export-strict", "become constants"),
        ("jagged", "make_fx", "no input shows"),
        ("wrapped", "export+decompositions", "taken apart"),
    ],
)
def test_what_torch_does_not_trace_is_refused_with_its_reason(name: str, frontend: str, reason: str) -> None:
    with pytest.raises(NotCaptured, match=reason):
        capture(PROGRAMS[name], frontend)


def test_a_size_that_a_guard_equates_with_one_that_an_input_shows_is_known() -> None:
    """torch has two symbols for a size of what holds a tensor, and its checks name the one that no input shows."""
    facts = facts_of(capture(PROGRAMS["wrapped"], "make_fx"))
    assert len(facts.equated) == 3
    assert not facts.unplaceable
    values = facts.valuation(example(PROGRAMS["wrapped"]))
    assert {values[name] for name in facts.equated} == {2, 3, 7}


def test_the_size_of_a_tensor_inside_is_bound_at_its_path_and_at_the_one_of_its_holder() -> None:
    facts = facts_of(capture(PROGRAMS["nonzero_wrapped"], "make_fx"))
    (paths,) = facts.bindings.sources.values()
    assert set(paths) == {("inner", "size", "0"), ("size", "0")}
    assert len(set(paths.values())) == 1


def test_the_size_of_a_tensor_inside_is_asked_of_its_holder() -> None:
    """``torch.export`` takes no ``getattr``; torch's own pass writes one, and export ends there."""
    checked = check_program(PROGRAMS["nonzero_wrapped"], "make_fx", {"reference": resolve("reference")}, ("RA101",))
    case = checked.cases["reference"]
    assert case.after is not None
    assert not case.after.graph.find_nodes(op="call_function", target=getattr)
    assert checked.verdicts["reference"]["RA101"] == PROVED
    forward = compile_program(PROGRAMS["nonzero_wrapped"])

    class Module(torch.nn.Module):
        def forward(self, *inputs: Any) -> Any:
            return forward(*inputs)

    inputs = tuple(build_inputs(PROGRAMS["nonzero_wrapped"], example(PROGRAMS["nonzero_wrapped"])))
    with runtime_assert.installed():
        exported = torch.export.export(Module(), inputs)
    assert exported.graph.find_nodes(op="call_function", target=torch.ops.aten._assert_scalar.default)


def test_a_second_run_finds_the_size_of_a_tensor_inside_that_the_first_has_read() -> None:
    """Read through an attribute it was asserted twice beside another source; found in an audit."""
    body = (
        CONSTRUCTS["nonzero_wrapped"].statement(shape=(D0,), count=0),
        CONSTRUCTS["mask_index"].statement(shape=(D0,), count=0),
        check("le", apply("add", "u0", "u1", "d0"), 2),
    )
    checked = check_program(
        Program((2,), (Param((D0,)),), body), "make_fx", {"reference": resolve("reference")}, ("RA301",)
    )
    assert checked.verdicts["reference"]["RA301"] == PROVED


def accepted(*inputs: object) -> Outcome:
    return Outcome("accepted", inputs=inputs)


@pytest.mark.parametrize("name", ["coo", "jagged", "wrapped"])
def test_runs_agree_on_such_an_input_only_if_its_elements_do(name: str) -> None:
    program = PROGRAMS[name]
    first, second = (build_inputs(program, example(program))[0] for _ in range(2))
    larger = build_inputs(program, {**example(program), "d1": 8})[0]
    assert same_inputs(accepted(first), accepted(second))
    assert not same_inputs(accepted(first), accepted(larger))
    if name != "coo":
        doubled = second * 2
        assert not same_inputs(accepted(first), accepted(doubled))


def test_what_is_held_shares_memory_with_what_holds_it() -> None:
    held = build_inputs(PROGRAMS["wrapped"], example(PROGRAMS["wrapped"]))[0]
    alone = torch.clone(held.inner)
    assert same_sharing(accepted(held, held.inner), accepted(held, held.inner))
    assert not same_sharing(accepted(held, held.inner), accepted(held, alone))
