"""The stand-alone scripts tell a fault from none: each shows a seeded fault of the pass, and none in a right pass."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
import torch._dynamo.output_graph
import torch.fx.passes.runtime_assert

import runtime_assert
from properties.campaign.check import check_program
from properties.campaign.draw import draw, shard_seed
from properties.campaign.finding import finding_row
from properties.campaign.signature import signature_of
from properties.mutants import MUTANTS
from properties.subjects import Subject
from properties.verdict import Status
from reports.render.reproducer import script, why_no_script
from strategies import CONSTRUCTS, Param, Program, Var, apply

PASS = "insert_deferred_runtime_asserts"
# By the modules' names: ``torch._higher_order_ops.invoke_subgraph`` is an operator that hides its module.
SITES = tuple(
    import_module(name)
    for name in (
        "torch.fx.passes.runtime_assert",
        "torch._export.utils",
        "torch.export.exported_program",
        "torch._dynamo.output_graph",
        "torch._higher_order_ops.utils",
        "torch._higher_order_ops.invoke_subgraph",
    )
)
# One way for each kind of finding. Not ``shows-another-condition``: no torch writes its words.
FAULTS = (
    "drops-equalities",
    "upper-bounds-strict",
    "raises-on-two-asserts",
    "drops-all-in-branches",
    "drops-checks-of-else-branches",
    "asserts-at-the-end",
    "loses-the-last-check",
    "checks-compare-with-themselves",
    "returns-doubles",
    "writes-to-an-input",
    "asserts-before-the-inputs",
    "reorders-the-inputs",
    "asserts-a-text",
    "conditions-without-values",
    "values-of-another-kind",
    "new-nodes-without-traces",
    "loses-module-stacks",
    "forgets-bindings",
    "binds-at-another-path",
    "grows-on-every-run",
    "takes-earlier-asserts-for-its-own",
    "calls-a-function-no-file-knows",
    "messages-with-addresses",
    "forgets-ranges",
    "reorders-deferred-asserts",
    "counts-one-too-many",
    "asserts-twice",
    "asserts-looser-bounds-too",
    "restates-that-sizes-are-sizes",
    "restates-ranges-of-sizes",
    "empty-messages",
    "messages-without-a-condition",
    "asserts-without-a-place",
    "points-to-the-binding",
    "forgets-the-users-message",
    "differs-in-the-last-assert",
)


@pytest.fixture(scope="module")
def drawn() -> list[Program]:
    return draw(shard_seed(0, 0, 0), "nightly", 1200)


@pytest.fixture
def torch_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A script puts itself in the place of torch's pass: it expects a process of its own."""
    torch._dynamo.reset()
    for site in SITES:
        if hasattr(site, PASS):
            monkeypatch.setattr(site, PASS, getattr(site, PASS))
    settings = {
        name: getattr(torch._dynamo.config, name)
        for name in (
            "capture_scalar_outputs",
            "capture_dynamic_output_shape_ops",
            "prefer_deferred_runtime_asserts_over_guards",
        )
    }
    with torch._dynamo.config.patch(settings), torch.compiler.config.patch(dynamic_sources=""):  # type: ignore[attr-defined]
        yield monkeypatch
    torch._dynamo.reset()


def held(form: str) -> Program:
    """A program with an input of ``form``, and a check of one of its sizes."""
    sizes = tuple(map(Var, ("d0", "d1")))
    bound = CONSTRUCTS["check"].statement(cond=apply("le", "u0", "d1"))
    return Program((2, 5), (Param(sizes, form=form),), (CONSTRUCTS["item"].statement(value=4), bound))


def read_inside() -> Program:
    """A program that reads a size of a tensor inside of its input."""
    found = CONSTRUCTS["nonzero_wrapped"].statement(shape=(Var("d0"),), count=3)
    bound = CONSTRUCTS["check"].statement(cond=apply("le", apply("mul", "u0", 2), 7))
    return Program((5,), (Param((Var("d0"),)),), (found, bound))


HELD = {
    "coo through make_fx": (held("coo"), "make_fx"),
    "coo through export": (held("coo"), "export"),
    "jagged through compile": (held("jagged"), "compile"),
    "wrapped through make_fx": (held("wrapped"), "make_fx"),
    "wrapped through export": (held("wrapped"), "export"),
    "wrapped through compile": (held("wrapped"), "compile"),
    "read inside through make_fx": (read_inside(), "make_fx"),
    "read inside through compile": (read_inside(), "compile"),
}
"""Programs whose inputs are no plain tensors, each with a front end that traces it."""


def row_of(mutant: str, programs: list[Program], frontend: str = "") -> dict[str, Any]:
    """The first finding of a mutant through a front end that a script can go through, as one of torch's."""
    named = MUTANTS[mutant]
    frontend = frontend or named.frontend.replace("shape_env", "make_fx")
    # The shortest first: a finding has been shrunk by the time that its script is written.
    for program in sorted(filter(named.may_show_in, programs), key=lambda one: len(one.body)):
        checked = check_program(program, frontend, {mutant: named.subject}, (named.killed_by,), thorough=False)
        if checked.refusal or not checked.valid:
            continue
        verdict = checked.verdicts[mutant][named.killed_by]
        if verdict.status is Status.REFUTED and verdict.stage != "frontend":
            case = checked.cases[mutant]
            row = finding_row(case, named.killed_by, verdict, signature_of(case, named.killed_by, verdict), {}, {})
            return {**json.loads(json.dumps(row)), "subject": "torch"}
    pytest.fail(f"no program shows {mutant}")


def status(path: Path, subject: Subject, patch: pytest.MonkeyPatch) -> int:
    """How the script ends where torch has ``subject`` for its pass."""
    patch.setattr(torch.fx.passes.runtime_assert, PASS, subject)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(path), run_name="__main__")
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize("mutant", FAULTS)
def test_a_script_shows_the_fault_of_its_finding_and_none_in_a_right_pass(
    mutant: str, drawn: list[Program], tmp_path: Path, torch_as_it_was: pytest.MonkeyPatch, capsys: Any
):
    row = row_of(mutant, drawn)
    assert not why_no_script(row)
    path = tmp_path / "reproducer.py"
    path.write_text(script(row, torch.__version__))
    assert status(path, MUTANTS[mutant].subject, torch_as_it_was) == 1, capsys.readouterr().out
    assert "FAULT: " in capsys.readouterr().out
    assert status(path, runtime_assert.insert_deferred_runtime_asserts, torch_as_it_was) == 0, capsys.readouterr().out
    assert "the fault does not show" in capsys.readouterr().out


@pytest.mark.parametrize("name", HELD)
def test_a_script_makes_inputs_that_are_no_plain_tensors(
    name: str, tmp_path: Path, torch_as_it_was: pytest.MonkeyPatch, capsys: Any
):
    program, frontend = HELD[name]
    mutant = "drops-all"
    path = tmp_path / "reproducer.py"
    path.write_text(script(row_of(mutant, [program], frontend), torch.__version__))
    assert status(path, MUTANTS[mutant].subject, torch_as_it_was) == 1, capsys.readouterr().out
    assert status(path, runtime_assert.insert_deferred_runtime_asserts, torch_as_it_was) == 0, capsys.readouterr().out
