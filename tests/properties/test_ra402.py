"""RA402 on passes that assert what the guards on the inputs ensure."""

from __future__ import annotations

import operator

import pytest
import torch

from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import VACUOUS_EQUALITY, check, item, program
from tests.properties.verdicts import FRONTENDS, verdict_of

ASSERT = torch.ops.aten._assert_scalar.default
GUARDED = program((7, 9), [item(6), check("le", "d0", 8), check("gt", "d1", "d0"), check("lt", "u0", "d1")])


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA402", prog, frontend, subject)


def also(relation, value=None):
    """The reference pass, and ``size of input 0 <relation> value`` (or the size of input 1)."""

    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        inputs = gm.graph.find_nodes(op="placeholder")
        with gm.graph.inserting_before(inputs[-1].next):
            size = gm.graph.call_function(torch.ops.aten.sym_size.int, (inputs[0], 0))
            other = gm.graph.call_function(torch.ops.aten.sym_size.int, (inputs[1], 0)) if value is None else value
            bound = gm.graph.call_function(relation, (size, other))
            gm.graph.call_function(ASSERT, (bound, "once more"))

    return subject


@pytest.mark.parametrize("frontend", ["export", "export-strict"])
@pytest.mark.parametrize(
    ("relation", "value", "why"),
    [
        (operator.le, 8, "one guard"),
        (operator.lt, 20, "one guard"),
        (operator.ge, 0, "one guard"),
        (operator.lt, None, "one guard"),
        (operator.ne, 30, "it follows"),
    ],
)
def test_what_the_guards_ensure_is_refuted_as_redundant(frontend, relation, value, why):
    found = verdict(GUARDED, frontend, also(relation, value))
    assert str(found) == "REFUTED(redundant)"
    assert why in found.detail


def test_what_the_guards_leave_open_is_not_redundant():
    assert str(verdict(GUARDED, "export", also(operator.ge, 5))) == "PROVED"


def test_where_nothing_checks_the_guards_nothing_is_redundant():
    assert str(verdict(GUARDED, "make_fx", also(operator.ge, 0))) == "PROVED"


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("subject", [reference, resolve("torch"), identity], ids=["reference", "torch", "identity"])
@pytest.mark.parametrize("prog", [GUARDED, VACUOUS_EQUALITY], ids=["guarded", "equality"])
def test_asserts_over_data_are_proved(prog, subject, frontend):
    assert str(verdict(prog, frontend, subject)) == "PROVED"
