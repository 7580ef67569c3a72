"""RA304 on passes whose result is another one on every run."""

from __future__ import annotations

import itertools

import pytest
import torch

from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import DROPPED_BOUND, VACUOUS_EQUALITY, check, item, program
from tests.properties.verdicts import FRONTENDS, verdict_of

ASSERT = torch.ops.aten._assert_scalar.default
TWO = program((), [item(6), check("gt", "u0", 3), check("ne", "u0", 9)])


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA304", prog, frontend, subject)


def alternating(act):
    """The reference pass; every second run does ``act`` too."""
    runs = itertools.count()

    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        if next(runs) % 2:
            act(gm, gm.graph.find_nodes(op="call_function", target=ASSERT))

    return subject


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda gm, asserts: gm.graph.erase_node(asserts[0]), "nodes"),
        (lambda gm, asserts: asserts[0].update_arg(1, "another message"), "nodes"),
        (lambda gm, asserts: asserts[-1].append(asserts[0]), "order"),
    ],
    ids=["node", "message", "order"],
)
def test_a_second_run_that_differs_is_refuted(act, kind):
    found = verdict(TWO, "make_fx", alternating(act))
    assert (str(found), found.skeleton) == ("REFUTED(nondeterministic)", kind)


def test_a_second_run_that_raises_is_refuted():
    def fail(gm, asserts):
        raise KeyError("second run")

    found = verdict(TWO, "make_fx", alternating(fail))
    assert str(found) == "REFUTED(nondeterministic)"
    assert "KeyError" in found.detail


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("subject", [reference, resolve("torch"), identity], ids=["reference", "torch", "identity"])
@pytest.mark.parametrize("prog", [TWO, VACUOUS_EQUALITY, DROPPED_BOUND], ids=["two", "equality", "minimum"])
def test_the_same_twice_is_proved(prog, subject, frontend):
    assert str(verdict(prog, frontend, subject)) == "PROVED"
