"""RA602 with the backend ``eager``: graphs are run with the guards of their inputs, also on what guards exclude."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.case import Case
from properties.checks.ra602 import check as ra602
from properties.execution.guarded import broken_guard, excluded
from properties.subjects import resolve
from properties.verdict import Status
from runtime_assert import insert_deferred_runtime_asserts as reference
from strategies.program import Program
from tests.properties.programs import VACUOUS_EQUALITY, check, item, program

GUARDED = program((3, 5), [item(4), check("le", "d0", "d1"), check("le", "u0", "d1")])
"""The first check becomes a guard of the inputs, the second an assert of the graph."""


def verdict_of(prog: Program, frontend: str, subject: Any = reference) -> Any:
    return ra602(Case(facts_of(capture(prog, frontend)), "subject", subject, backends=("eager",)))


@pytest.mark.parametrize("frontend", ["export", "compile", "export+deferred"])
def test_guards_and_asserts_together_reject_what_the_program_does(frontend: str) -> None:
    assert str(verdict_of(GUARDED, frontend)) == "PROVED"


def test_inputs_that_guards_exclude_are_among_those_asked_about() -> None:
    facts = facts_of(capture(GUARDED, "export"))
    asked = [probe for probe in excluded(facts) if not probe.eager.accepted]
    assert {(probe.values["d0"], probe.values["d1"]) for probe in asked} >= {(6, 5), (3, 1)}
    assert all(broken_guard(facts, probe.values) is not None for probe in asked)
    assert broken_guard(facts, {"d0": 3, "d1": 5, "u0": 9}) is None


def test_a_module_without_guards_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts sizes that the program refuses, and that no assert of the graph is about."""
    module = torch.export.ExportedProgram.module
    monkeypatch.setattr(torch.export.ExportedProgram, "module", lambda self: module(self, check_guards=False))
    verdict = verdict_of(GUARDED, "export")
    assert (verdict.status, verdict.direction, verdict.stage) == (Status.REFUTED, "missing", "backend")
    assert verdict.skeleton.startswith("eager module: guard")
    assert dict(verdict.witness.others)["eager module"].accepted


@pytest.mark.parametrize("frontend", ["export", "compile"])
def test_a_pass_that_drops_asserts_is_not_laid_at_the_door_of_the_guards(frontend: str) -> None:
    assert str(verdict_of(VACUOUS_EQUALITY, frontend, resolve("torch"))) == "PROVED"


def test_a_front_end_without_guards_of_its_own_has_no_such_form() -> None:
    assert str(verdict_of(GUARDED, "make_fx")) == "PROVED"
