"""RA502 on passes that forget what the user wrote."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import fx
from torch.fx._lazy_graph_module import _LazyGraphModule

from properties.checks.ra502 import recorded_messages
from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from strategies.program import Program
from tests.properties.programs import check, item, program
from tests.properties.verdicts import FRONTENDS, verdict_of

ASSERT = torch.ops.aten._assert_scalar.default


def said(message, *condition, function="check"):
    return {"op": "check_message", "cond": list(condition), "function": function, "message": message}


SPOKEN = program((9,), [item(16), said("quoted", "gt", "u0", 3), said("percent", "lt", "d0", "u0", function="value")])


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA502", prog, frontend, subject)


def edited(change):
    """The reference pass, and then ``change`` on its asserts."""

    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        change(gm.graph.find_nodes(op="call_function", target=ASSERT))

    return subject


def forget(asserts):
    for node in asserts:
        node.update_arg(1, "0 == 1")


def swap(asserts):
    first, second = (node.args[1] for node in asserts)
    asserts[0].update_arg(1, second)
    asserts[1].update_arg(1, first)


def embed(asserts):
    for node in asserts:
        node.update_arg(1, f"Runtime assertion failed: {node.args[1]} (line 3)")


@pytest.mark.parametrize("change", [forget, swap])
def test_a_message_that_is_gone_or_another_one_is_refuted(change):
    found = verdict(SPOKEN, "compile", edited(change))
    assert (str(found), found.stage) == ("REFUTED(unhelpful)", "pass")
    assert found.witness is not None
    assert (found.witness.eager.by, found.witness.after.by) == ("check", "assert")
    assert found.witness.eager.text not in found.witness.after.text


def test_more_words_around_the_message_do_no_harm():
    assert str(verdict(SPOKEN, "compile", edited(embed))) == "PROVED"


def test_torch_lets_the_range_speak_before_the_check():
    found = verdict(SPOKEN, "compile", resolve("torch"))
    assert str(found) == "REFUTED(unhelpful)"
    assert "u0 >= 4" in found.detail


def test_of_several_checks_that_an_input_breaks_any_may_speak():
    prog = program((), [item(6), said("plain", "gt", "u0", 3), said("quoted", "gt", "u0", 1)])
    assert str(verdict(prog, "compile", edited(lambda asserts: asserts[1].append(asserts[0])))) == "PROVED"


def test_a_check_without_words_needs_none():
    prog = program((), [item(6), check("gt", "u0", 3), said("quoted", "ne", "u0", 9)])
    assert str(verdict(prog, "compile", reference)) == "PROVED"


@pytest.mark.parametrize("frontend", ["shape_env", "make_fx", "export"])
def test_a_message_that_tracing_threw_away_is_not_demanded(frontend):
    assert str(verdict(SPOKEN, frontend, edited(forget))) == "PROVED"


@pytest.mark.parametrize("frontend", [name for name in FRONTENDS if name != "export-strict"])
@pytest.mark.parametrize("subject", [reference, identity], ids=["reference", "identity"])
def test_who_passes_the_message_on_is_proved(subject, frontend):
    assert str(verdict(SPOKEN, frontend, subject)) == "PROVED"


def test_messages_are_read_in_every_form():
    graph = fx.Graph()
    flag = graph.placeholder("flag")
    graph.call_function(ASSERT, (flag, "a text"))
    by_place: Any = (flag, lambda: "a function")
    by_keyword: Any = {"message": lambda: "a keyword"}
    graph.call_function(torch._check, by_place)
    graph.call_function(torch._check, (flag,), by_keyword)
    graph.call_function(torch._check, (flag, graph.get_attr("words")))
    graph.call_function(torch._check, (flag,))
    graph.output(())
    root = torch.nn.Module()
    root.words = lambda: "an attribute"  # type: ignore[assignment]
    assert set(recorded_messages(_LazyGraphModule(root, graph))) == {
        "a text",
        "a function",
        "a keyword",
        "an attribute",
    }


def test_what_tracing_derived_from_a_later_check_may_fail_first():
    """The item is replaced by the size and one, so that its bound becomes one of the size, known from the start."""
    hidden = {"shape": ["d0"], "dtype": "float32", "unbacked": [0]}
    spoken = {"op": "check_assert", "cond": ["eq", ["add", "d0", 1], "u0"], "form": "scalar"}
    body = [item(4), spoken, check("gt", "u0", 3)]
    prog = Program.from_json({"schema": 1, "dims": [3], "params": [hidden], "body": body})
    assert verdict(prog, "make_fx", reference).status.name == "PROVED"


def test_of_two_checks_with_the_same_words_one_may_have_left_none():
    """Strict export keeps nothing of an ``assert`` on a size, and the other check's words are no proof that it did."""
    prog = Program.from_json(
        {
            "schema": 1,
            "dims": [2],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "check_assert", "cond": ["le", "d0", 2], "form": "message"},
                {"op": "item", "value": 0},
                {"op": "check_assert", "cond": ["le", "u0", 0], "form": "scalar"},
            ],
        }
    )
    assert str(verdict(prog, "export-strict+deferred", reference)) == "PROVED"
