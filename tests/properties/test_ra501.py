"""RA501 on passes whose messages do not help."""

from __future__ import annotations

import pytest
import torch

from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import DROPPED_BOUND, VACUOUS_EQUALITY, check, item, program
from tests.properties.verdicts import FRONTENDS, verdict_of

ASSERT = torch.ops.aten._assert_scalar.default
BOUND = program((), [item(6), check("gt", "u0", 3)])


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA501", prog, frontend, subject)


def saying(text, stack_trace=None):
    """The reference pass, whose asserts say ``text`` and have a stack trace that ends with ``stack_trace``."""

    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        for node in gm.graph.find_nodes(op="call_function", target=ASSERT):
            node.update_arg(1, text)
            node.meta["stack_trace"] = stack_trace

    return subject


@pytest.mark.parametrize("text", ["", "  \n"])
@pytest.mark.parametrize("frontend", FRONTENDS)
def test_an_empty_message_is_refuted(frontend, text):
    found = verdict(BOUND, frontend, saying(text))
    assert (str(found), found.skeleton) == ("REFUTED(unhelpful)", "no message")


@pytest.mark.parametrize(
    "text", ["Runtime assertion failed", "Runtime assertion failed for expression True on node 'gt'"]
)
def test_a_message_that_names_no_condition_is_refuted(text):
    found = verdict(BOUND, "shape_env", saying(text))
    assert (str(found), found.skeleton) == ("REFUTED(unhelpful)", "no condition")


def test_a_place_is_no_condition():
    place = f"Runtime assertion failed (<program {BOUND.key()}>:3)"
    found = verdict(BOUND, "make_fx", saying(place))
    assert (str(found), found.skeleton) == ("REFUTED(unhelpful)", "no condition")


@pytest.mark.parametrize("frontend", ["make_fx", "compile"])
@pytest.mark.parametrize("line", [2, 4])
def test_a_line_other_than_that_of_the_check_is_refuted(frontend, line):
    trace = f'  File "<program {BOUND.key()}>", line {line}, in forward\n'
    found = verdict(BOUND, frontend, saying("u0 > 3", trace))
    assert (str(found), found.skeleton) == ("REFUTED(unhelpful)", "no line")


def test_the_line_of_another_program_does_not_count():
    found = verdict(BOUND, "make_fx", saying("u0 > 3 (<program 0123456789abcdef>:3)"))
    assert (str(found), found.skeleton) == ("REFUTED(unhelpful)", "no line")


@pytest.mark.parametrize("frontend", ["make_fx", "compile"])
@pytest.mark.parametrize(
    ("text", "trace"),
    [
        (f"u0 > 3 (<program {BOUND.key()}>:3)", None),
        ("u0 > 3", f'  File "<program {BOUND.key()}>", line 3, in forward\n'),
    ],
    ids=["message", "trace"],
)
def test_the_line_of_the_check_may_stand_in_the_message_or_in_the_trace(frontend, text, trace):
    assert str(verdict(BOUND, frontend, saying(text, trace))) == "PROVED"


@pytest.mark.parametrize("frontend", ["shape_env", "export"])
def test_a_line_that_nothing_recorded_is_not_demanded(frontend):
    assert str(verdict(BOUND, frontend, saying("u0 > 3"))) == "PROVED"


@pytest.mark.parametrize("frontend", ["make_fx", "compile"])
def test_torch_names_the_line_of_the_binding(frontend):
    found = verdict(BOUND, frontend, resolve("torch"))
    assert (str(found), found.skeleton) == ("REFUTED(unhelpful)", "no line")


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("subject", [reference, identity], ids=["reference", "identity"])
@pytest.mark.parametrize("prog", [BOUND, VACUOUS_EQUALITY, DROPPED_BOUND], ids=["bound", "equality", "minimum"])
def test_asserts_that_say_what_and_where_are_proved(prog, subject, frontend):
    assert str(verdict(prog, frontend, subject)) == "PROVED"


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize(
    "text",
    [
        "Runtime assertion failed: 0 == 1",
        "Runtime assertion failed for expression u0 > 4 on node 'gt'",
        "Runtime assertion failed: x0.item() >= 3 (checked at model.py:3)",
        "Runtime assertion failed: (x0.item() > 3) | (x0.item() < 0)",
        "too small: Ne(u0, 7)",
    ],
)
def test_a_condition_other_than_the_asserted_one_is_refuted(frontend, text):
    found = verdict(BOUND, frontend, saying(text, f'  File "<program {BOUND.key()}>", line 3, in forward\n'))
    assert (str(found), found.skeleton) == ("REFUTED(unhelpful)", "wrong condition")


@pytest.mark.parametrize(
    "text",
    [
        "u0 > 3",
        "Runtime assertion failed for expression 4 <= u0 on node 'ge'",
        "Runtime assertion failed: x0[2].item() - 1 >= 3 (checked at model.py:3)",
        "not (3 >= n)",
        "max(n, 3) != 3",
        "Piecewise((n, n > 0), (0, True)) > 3",
        "the size is wrong: it has to be larger",
        "Runtime assertion failed: ... > 3",
        "needs f(u0) > 4",
    ],
)
def test_the_asserted_condition_may_be_written_in_any_way(text):
    trace = f'  File "<program {BOUND.key()}>", line 3, in forward\n'
    assert str(verdict(BOUND, "make_fx", saying(text, trace))) == "PROVED"


def test_two_checks_that_tracing_made_one_condition_may_be_named_by_the_line_of_either():
    """Dynamo gives a number that is read twice one symbol: both checks are of u0, and one is written as one of u1."""
    twice = program((), [{"op": "item_twice", "value": 9, "form": "same"}, check("ne", "u1", 4), check("ne", "u0", 4)])
    assert str(verdict(twice, "compile+deferred", reference)) == "PROVED"
    elsewhere = saying("u0 != 4", f'  File "<program {twice.key()}>", line 2, in forward\n')
    assert str(verdict(twice, "compile+deferred", elsewhere)) == "REFUTED(unhelpful)"


def test_words_that_nobody_can_ever_read_are_not_judged():
    """torch asserts what always holds, and says "True" of it: a redundant assert (RA401), and no unhelpful one."""
    always = program((), [item(6), check("le", ["min", "u0", -1], -1)])
    assert str(verdict(always, "compile", resolve("torch"))) == "PROVED"
    sometimes = program((), [item(6), check("ge", ["min", "u0", 9], -1)])
    assert str(verdict(sometimes, "compile", resolve("torch"))) == "REFUTED(unhelpful)"


TRUTH = program((), [{"op": "item_truth", "value": 1}, {"op": "check", "cond": "u0"}])


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Runtime assertion failed: x0.item()", "PROVED"),
        ("Runtime assertion failed: u0", "PROVED"),
        ("Runtime assertion failed for expression True on node 'item'", "REFUTED(unhelpful)"),
        ("Runtime assertion failed: True", "REFUTED(unhelpful)"),
        ("Runtime assertion failed", "REFUTED(unhelpful)"),
    ],
)
def test_a_truth_value_by_itself_is_a_condition_where_it_is_named(text, status):
    trace = f'  File "<program {TRUTH.key()}>", line 3, in forward\n'
    assert str(verdict(TRUTH, "make_fx", saying(text, trace))) == status


def test_the_name_of_a_number_is_no_condition():
    found = verdict(BOUND, "make_fx", saying("Runtime assertion failed: u0"))
    assert (str(found), found.skeleton) == ("REFUTED(unhelpful)", "no condition")
