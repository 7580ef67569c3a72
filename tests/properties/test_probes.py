"""Probes: for each requirement an input that breaks it alone and one at its edge, floats and integers alike."""

from __future__ import annotations

import math
from typing import Any

import pytest

from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.execution import probes as module
from strategies import Program
from strategies.evaluate import holds
from tests.properties.programs import check, item, program


def probes_of(prog: Program) -> list[module.Probe]:
    return list(facts_of(capture(prog, "shape_env")).probes.probes)


def test_each_check_has_an_input_at_its_edge_and_one_that_breaks_it_alone() -> None:
    """As in MC/DC: a violation satisfies every other requirement."""
    prog = program((4,), [item(7), check("gt", "u0", 3), check("le", "u0", ["add", "d0", 9])])
    facts = facts_of(capture(prog, "shape_env"))
    aims = {(probe.purpose, probe.aim) for probe in facts.probes.probes if probe.aim is not None}
    assert aims == {("violation", 0), ("edge", 0), ("violation", 1), ("edge", 1)}
    for probe in facts.probes.probes:
        broken = [index for index, term in enumerate(facts.truth) if not holds(term, probe.leaves)]
        assert broken == ([probe.aim] if probe.purpose == "violation" else [])


def test_a_relation_of_floats_between_two_leaves_needs_no_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """z3 took three times three seconds for it; small integers are tried first."""
    body = [
        item(4),
        check("ge", "u0", 0),
        check("float_eq", ["int_div", "u0", "d0"], ["float", "0.5"]),
        check("float_le", ["float_sqrt", ["to_float", "u0"]], ["float", "3.0"]),
    ]
    asked: list[tuple[Any, ...]] = []
    solve = module.solve
    monkeypatch.setattr(module, "solve", lambda *args, **kwargs: asked.append(args) or solve(*args, **kwargs))
    found = probes_of(program((8,), body))
    assert {"violation", "edge"} <= {probe.purpose for probe in found}
    assert any(probe.values["u0"] > 9 and probe.values["u0"] * 2 == probe.values["d0"] for probe in found)
    assert any(probe.values["u0"] == 9 and probe.values["d0"] == 18 for probe in found)
    # Only what no value reaches is left for the solver, which alone can prove that.
    assert not any("float_sqrt" in str(broken) for _, *broken in asked)


def test_candidates_for_a_float_are_its_neighbours_and_the_special_values() -> None:
    """A check of ``< 2.5`` is told from one of ``<= 2.5`` by no value but the bound and the doubles beside it."""
    found = module._around_float(1.0, {2.5})
    assert {2.5, math.nextafter(2.5, 0.0), math.nextafter(2.5, 9.0), math.inf, -math.inf} <= set(found)
    assert any(math.isnan(value) for value in found)
    assert {"0.0", "-0.0"} <= set(map(repr, found))
