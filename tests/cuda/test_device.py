"""On a CUDA device: real tensors, real synchronisation, and a context that a kernel can take away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from properties.backends import BACKENDS
from properties.campaign.check import check_program
from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.case import Case
from properties.checks.ra403 import check as ra403
from properties.devices import context_lost, why_not_run
from properties.execution.run import run_eager, run_graph
from properties.registry import properties
from properties.subjects import resolve
from properties.verdict import Status
from runtime_assert import insert_deferred_runtime_asserts as reference
from strategies import build_inputs, example
from tests.properties.programs import VACUOUS_EQUALITY, check, item, program
from tests.strategies.drawing import draw_programs

pytestmark = pytest.mark.cuda

BOUND = program(
    (5,), [item(7), check("gt", "u0", 3), check("lt", "u0", ["add", "d0", 9]), {"op": "zeros", "shape": ["u0"]}]
)
FRONTENDS = ("shape_env", "make_fx", "export", "compile")


def test_the_device_can_run() -> None:
    """These tests run only where it can, and nothing says otherwise there."""
    assert why_not_run("cuda") == ""
    assert not context_lost()


def test_inputs_are_on_the_device() -> None:
    """Unbacked values are read from CUDA tensors, so that reading one synchronises for real."""
    tensors = build_inputs(BOUND, example(BOUND), "cuda:0")
    assert {str(tensor.device) for tensor in tensors} == {"cuda:0"}


def test_results_come_back_with_the_strides_that_they_had() -> None:
    """They are compared on the CPU, and a run must not look different for having been copied."""
    on_cpu, on_cuda = run_eager(BOUND, example(BOUND)), run_eager(BOUND, example(BOUND), "cuda:0")
    assert on_cpu.accepted
    assert on_cuda.accepted
    for one, other in zip(on_cpu.results, on_cuda.results, strict=True):
        assert one.device == other.device
        assert one.stride() == other.stride()
        assert torch.equal(one, other)


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_the_guarded_graph_rejects_on_the_device_by_the_same_assert(frontend: str) -> None:
    """Type and text of the error are those of the CPU."""
    bad = {**example(BOUND), "u0": 3}
    runs = []
    for device in ("cpu", "cuda"):
        case = Case(facts_of(capture(BOUND, frontend, device)), "reference", reference)
        assert case.after is not None
        runs.append(run_graph(case.after, case.capture, bad))
    assert [run.by for run in runs] == ["assert", "assert"]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_generated_programs_agree_on_both_devices(frontend: str) -> None:
    """RA601 with execution: nothing is left as not run."""
    for prog in draw_programs(15, start=7):
        checked = check_program(prog, frontend, {"reference": reference}, ("RA601", "RA403"))
        assert not checked.faults
        if checked.refusal:
            continue
        for code, verdict in checked.verdicts["reference"].items():
            assert (code, str(verdict)) == (code, "PROVED")


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_every_property_is_proved_on_the_device(frontend: str) -> None:
    """A cell of a campaign for CUDA asks all of them there."""
    codes = tuple(code for code, row in properties().items() if not row.share)
    checked = check_program(BOUND, frontend, {"reference": reference}, codes, device="cuda")
    assert not checked.faults
    assert not checked.not_run
    assert {str(verdict) for verdict in checked.verdicts["reference"].values()} == {"PROVED"}


def test_torchs_vacuous_equality_is_refuted_on_the_device() -> None:
    """The fault does not depend on the device; its witness ran there."""
    checked = check_program(VACUOUS_EQUALITY, "export", {"torch": resolve("torch")}, ("RA101",), device="cuda")
    assert checked.verdicts["torch"]["RA101"].status is Status.REFUTED


def test_the_asserts_synchronise_no_oftener() -> None:
    """Counted by torch's own warnings while both graphs run."""
    assert str(ra403(Case(facts_of(capture(BOUND, "make_fx", "cuda")), "reference", reference))) == "PROVED"


@pytest.mark.compiler
@pytest.mark.parametrize("frontend", ["make_fx", "export", "compile"])
def test_backends_agree_on_the_device(frontend: str) -> None:
    """Triton in the place of C++."""
    checked = check_program(BOUND, frontend, {"reference": reference}, ("RA602",), device="cuda", backends=BACKENDS)
    assert not checked.faults
    assert checked.verdicts["reference"]["RA602"].status is Status.PROVED


def test_a_kernel_that_fails_is_told_from_a_rejection() -> None:
    """In a process of its own: the context is gone afterwards, for every later call."""
    code = """
import torch
from properties.devices import context_lost, poisons
tensor = torch.arange(3, device="cuda")
try:
    tensor[torch.tensor([7], device="cuda")]
    torch.cuda.synchronize()
except RuntimeError as error:
    assert poisons(error), error
else:
    raise SystemExit("no kernel failed")
assert context_lost()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr
