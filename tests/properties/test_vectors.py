"""The gate of stored cases: what still shows, what no longer does, and our own pass on all of them."""

from __future__ import annotations

from typing import Any

from properties.campaign.gates import Vector, vectors
from tests.properties.programs import VACUOUS_EQUALITY, item, program

KNOWN = Vector("known", VACUOUS_EQUALITY.to_json(), "torch", "make_fx", "RA101", "missing")
BROKEN = Vector("broken", {**program((), [item(1)]).to_json(), "schema": 99}, "torch", "make_fx", "RA101", "missing")


def gate(*cases: Vector, clean: tuple[str, ...] = ("reference",)) -> dict[str, Any]:
    *rows, last = vectors(cases, ("RA101",), clean, 1)
    assert [row["vector"] for row in rows] == [case.name for case in cases]
    return {**last, "shows": [row["shows"] for row in rows]}


def test_a_fault_that_shows_passes_and_our_pass_is_clean_on_it() -> None:
    found = gate(KNOWN)
    assert (found["outcome"], found["shows"], found["why"]) == ("passed", [True], "")


def test_a_fault_that_is_mended_is_told_and_fails_nothing() -> None:
    mended = Vector("mended", VACUOUS_EQUALITY.to_json(), "reference", "make_fx", "RA101", "missing")
    found = gate(mended)
    assert (found["outcome"], found["shows"], found["why"]) == ("passed", [False], "no longer reproduced: mended")


def test_a_pass_that_has_to_be_clean_fails_the_gate_by_its_finding() -> None:
    found = gate(KNOWN, clean=("torch",))
    assert (found["outcome"], found["failed"]) == ("failed", ["known: torch has RA101: REFUTED(missing)"])


def test_a_vector_that_cannot_be_run_fails_the_gate() -> None:
    found = gate(BROKEN)
    assert found["outcome"] == "failed"
    assert found["failed"][0].startswith("broken: ProgramError")


def test_without_vectors_the_gate_was_not_run() -> None:
    assert vectors((), ("RA101",), (), 1)[-1]["outcome"] == "not run"
