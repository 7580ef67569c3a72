"""RA601: two devices guard one Program alike; here the second device is the CPU once more, with a fault in it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from properties.campaign.check import check_program
from properties.capture.facts import Facts, facts_of
from properties.capture.frontends import capture
from properties.case import Case
from properties.checks import ra601
from properties.devices import why_not_run
from properties.verdict import Status
from runtime_assert import insert_deferred_runtime_asserts as reference
from strategies.document import parse_program
from tests.properties.programs import VACUOUS_EQUALITY, check, item, program

BOUND = program((5,), [item(7), check("gt", "u0", 3)])
ABSENT = bool(why_not_run("cuda"))


def two_cpus(monkeypatch: pytest.MonkeyPatch, twin_of: Any = lambda facts: facts) -> None:
    """Lets the CPU stand for the device that is not at hand; ``twin_of`` may put a fault into its capture."""
    monkeypatch.setattr(ra601, "why_not_run", lambda device: "")
    monkeypatch.setattr(
        ra601, "run_eager", lambda prog, values, device: facts_of(capture(prog, "make_fx")).capture.eager(values)
    )

    def traced_for(facts: Facts, device: str) -> Facts:
        return twin_of(facts_of(capture(facts.capture.program, facts.capture.frontend)))

    monkeypatch.setattr(Facts, "traced_for", traced_for)


def case_of(frontend: str = "make_fx", subject: Any = reference) -> Case:
    return Case(facts_of(capture(BOUND, frontend)), "subject", subject)


@pytest.mark.skipif(not ABSENT, reason="a CUDA device is at hand")
@pytest.mark.parametrize("frontend", ["shape_env", "make_fx", "export"])
def test_without_a_gpu_it_proves_the_asserts_equal_and_says_what_was_not_run(frontend: str) -> None:
    """PROVED speaks of the asserts; that nothing was executed stands beside it, with the reason."""
    verdict = check_program(VACUOUS_EQUALITY, frontend, {"reference": reference}, ("RA601",)).verdicts["reference"][
        "RA601"
    ]
    assert verdict.status is Status.PROVED
    assert verdict.not_run.startswith("no CUDA device")
    assert "not run: no CUDA device" in str(verdict)


@pytest.mark.skipif(not ABSENT, reason="a CUDA device is at hand")
@pytest.mark.parametrize("frontend", ["make_fx", "compile"])
def test_an_unbacked_dim_that_cannot_be_traced_without_the_device_is_not_compared(frontend: str) -> None:
    """Dynamo takes the dim of a fake tensor for a constant: asserts on it differ, and no pass is the reason."""
    hidden = {
        "schema": 1,
        "dims": [8],
        "params": [{"shape": ["d0"], "dtype": "float32", "unbacked": [0]}],
        "body": [item(5), check("le", "u0", "d0")],
    }
    checked = check_program(parse_program(hidden), frontend, {"reference": reference}, ("RA601",))
    verdict = checked.verdicts["reference"]["RA601"]
    assert verdict.status is Status.PROVED
    assert ("constants of the unbacked dims" in verdict.not_run) == (frontend == "compile")


@pytest.mark.skipif(not ABSENT, reason="a CUDA device is at hand")
def test_a_cell_for_an_absent_device_decides_only_what_needs_no_execution() -> None:
    """Nothing of what has to run there may come out as PROVED."""
    checked = check_program(BOUND, "make_fx", {"reference": reference}, ("RA101", "RA102", "RA601"), device="cuda")
    assert set(checked.verdicts["reference"]) == {"RA601"}
    assert checked.not_run == (why_not_run("cuda"),)


def test_two_devices_that_do_the_same_are_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every probe ran on both, so nothing is left to say."""
    two_cpus(monkeypatch)
    assert str(ra601.check(case_of())) == "PROVED"


def test_an_assert_that_one_device_lacks_is_refuted_by_an_executed_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """The input that breaks the check is rejected on one device and accepted on the other."""
    two_cpus(monkeypatch)
    calls = []

    def forgetful(gm: torch.fx.GraphModule, env: Any, name: str, export: bool = False) -> None:
        calls.append(name)
        if len(calls) == 1:
            reference(gm, env, name, export)

    verdict = ra601.check(case_of(subject=forgetful))
    assert (verdict.status, verdict.direction, verdict.stage) == (Status.REFUTED, "missing", "backend")
    assert verdict.witness is not None
    runs = dict(verdict.witness.others)
    assert runs["guarded graph on cpu"].by == "assert"
    assert runs["guarded graph on cuda"].accepted


def test_an_input_that_only_a_kernel_rejects_is_not_run_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index out of range has no assert; on CUDA it would take the context of the process with it."""
    two_cpus(monkeypatch)
    runs: list[Any] = []
    run_graph = ra601.run_graph

    def recorded(module: Any, captured: Any, values: Any) -> Any:
        outcome = run_graph(module, captured, values)
        runs.append(outcome)
        return outcome

    monkeypatch.setattr(ra601, "run_graph", recorded)
    body = [item(4), check("ge", "u0", 0), {"op": "gather", "tensor": "a0", "length": "u0"}]
    case = Case(facts_of(capture(program((5,), body), "make_fx")), "reference", reference)
    assert any(after.by == "operator" for _, after in case.probed)
    assert str(ra601.check(case)) == "PROVED"
    assert all(run.by != "operator" for run in runs)
    object.__setattr__(case.capture, "device", "cuda:0")
    del case.__dict__["probed"]
    monkeypatch.setattr("properties.case.run_graph", lambda module, captured, values: values)
    kept = [probe for probe, _ in case.probed]
    assert kept
    assert all(probe.eager.by != "operator" for probe in kept)


@pytest.mark.skipif(not ABSENT, reason="a CUDA device is at hand")
def test_a_difference_that_cannot_be_executed_is_not_a_finding() -> None:
    """No bug without a witness: two sets of asserts that differ are UNDECIDED where nothing can run."""
    calls = []

    def forgetful(gm: torch.fx.GraphModule, env: Any, name: str, export: bool = False) -> None:
        calls.append(name)
        if len(calls) == 1:
            reference(gm, env, name, export)

    verdict = ra601.check(case_of(subject=forgetful))
    assert (verdict.status, verdict.reason) == (Status.UNDECIDED, "the asserts differ, not executed")


@pytest.mark.skipif(not ABSENT, reason="a CUDA device is at hand")
def test_a_pass_that_raises_on_both_devices_agrees_and_one_that_raises_on_one_does_not() -> None:
    """That it raises at all is RA101's finding; here only the difference is one."""
    calls = []

    def raises(gm: torch.fx.GraphModule, env: Any, name: str, export: bool = False) -> None:
        raise KeyError("u0")

    def raises_later(gm: torch.fx.GraphModule, env: Any, name: str, export: bool = False) -> None:
        calls.append(name)
        if len(calls) > 1:
            raise KeyError("u0")
        reference(gm, env, name, export)

    assert ra601.check(case_of(subject=raises)).status is Status.PROVED
    verdict = ra601.check(case_of(subject=raises_later))
    assert (verdict.status, verdict.direction) == (Status.REFUTED, "crash")
    assert verdict.detail.startswith("cpu: a graph; cuda:0: KeyError")
