"""The table of operators: which nodes apply one, and of which kind the result is."""

from __future__ import annotations

import operator
from typing import Any

import pytest
import torch
from torch import fx

from runtime_assert.operators import FLOAT_FUNCTIONS, READ, WRITTEN, Kind, kind_of, operator_of, result_kind
from runtime_assert.values import Value, ValueTable


def leaf(kind: Kind) -> Value:
    return ValueTable(-1).opaque(fx.Graph().placeholder("x"), -1, kind)


@pytest.mark.parametrize("target", READ, ids=lambda target: getattr(target, "__name__", str(target)))
def test_a_call_of_a_function_of_the_table_applies_its_operator(target: Any) -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    assert operator_of(graph.create_node("call_function", target, (x, x))) == READ[target]


def test_rounding_is_also_read_as_a_method() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    assert operator_of(graph.call_method("__round__", (x,))) == "round"
    assert operator_of(graph.call_method("sum", (x,))) is None


def test_only_what_is_called_applies_an_operator() -> None:
    graph = fx.Graph()
    x = graph.create_node("placeholder", "__round__", name="x")
    assert operator_of(x) is None
    assert operator_of(graph.create_node("get_attr", "__round__")) is None
    assert operator_of(graph.call_function(torch.ops.aten.neg.default, (x,))) is None
    assert operator_of(graph.output(x)) is None


@pytest.mark.parametrize(
    ("argument", "kind"),
    [(True, "bool"), (1, "int"), (1.0, "float"), ("words", "other"), (None, "other"), ((1, 2), "other")],
)
def test_a_constant_has_the_kind_of_its_type(argument: Any, kind: Kind) -> None:
    assert kind_of(argument) == kind


@pytest.mark.parametrize("kind", ["int", "float", "bool", "other"])
def test_a_value_says_its_kind_itself(kind: Kind) -> None:
    assert kind_of(leaf(kind)) == kind


SAMPLES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "neg": ((2,), (2.5,)),
    "abs": ((-2,), (2.5,)),
    "not": ((True,),),
    "float": ((2,), (2.5,)),
    "trunc": ((2.5,),),
    "floor": ((2.5,),),
    "ceil": ((2.5,),),
    "round": ((2.5,), (2.5, 1)),
    "ite": ((True, 2, 3), (False, 2.0, 3.0), (True, False, True)),
    "lshift": ((2, 1),),
    "rshift": ((2, 1),),
    "and": ((6, 3), (True, False)),
    "or": ((6, 3), (True, False)),
    "xor": ((6, 3), (True, False)),
    "min": ((2, 3), (2.0, 3.0)),
    "max": ((2, 3), (2.0, 3.0)),
    "sum": ((1, 2, 3), (1.0, 2.0), (1, 2.5)),
}
OF_TWO = ((7, 2), (7.5, 2.0), (7, 2.5), (7.5, 2))
COMPUTED = [op for op in WRITTEN if op not in ("size", "stride", "storage_offset", "getitem", "getattr")]


@pytest.mark.parametrize("op", COMPUTED)
def test_the_kind_of_a_result_is_the_one_that_python_gives_it(op: str) -> None:
    target = WRITTEN[op][0]
    for args in ((0.5,),) if op in FLOAT_FUNCTIONS else SAMPLES.get(op, OF_TWO):
        result = target(args) if op == "sum" else target(*args)
        assert result_kind(op, args) == type(result).__name__, args


@pytest.mark.parametrize("op", ["size", "stride", "storage_offset"])
def test_what_a_tensor_is_asked_for_is_an_integer(op: str) -> None:
    assert result_kind(op, (leaf("other"), 0)) == "int"


@pytest.mark.parametrize("op", ["getitem", "getattr", "method:numel"])
def test_a_part_of_a_value_and_a_method_may_yield_anything(op: str) -> None:
    for args in ((leaf("int"),), (1,), (leaf("other"), "shape")):
        assert result_kind(op, args) == "other"


def test_of_operands_that_are_no_numbers_nothing_is_said() -> None:
    assert result_kind("add", (leaf("bool"), 1)) == "other"
    assert result_kind("mul", (leaf("other"), leaf("float"))) == "other"
    assert result_kind("and", (leaf("bool"), leaf("int"))) == "other"
    assert result_kind("ite", (leaf("bool"), leaf("int"), 1.5)) == "other"


def test_the_condition_does_not_decide_the_kind_of_a_choice() -> None:
    assert result_kind("ite", (leaf("bool"), leaf("int"), 1)) == "int"
    assert result_kind("ite", (leaf("bool"), leaf("bool"), True)) == "bool"
    assert result_kind("ite", (leaf("other"), leaf("float"), 1.0)) == "float"


def test_a_power_of_integers_is_read_as_an_integer() -> None:
    """As torch has it: a negative exponent has no value there."""
    assert result_kind("pow", (leaf("int"), 2)) == "int"
    assert result_kind("pow", (2, leaf("float"))) == "float"
    assert operator_of(fx.Graph().call_function(operator.pow, (2, 2))) == "pow"
