"""The operators that the pass can read from a graph and write into one: one row each."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import fx

Kind = Literal["int", "float", "bool", "other"]

_aten = torch.ops.aten

# Functions of floats, under the names that torch gives them behind `_sym_`; the installed torch decides which.
FLOAT_FUNCTIONS = tuple(
    name
    for name in ("sqrt", "cos", "cosh", "sin", "sinh", "tan", "tanh", "asin", "acos", "atan", "log2")
    if hasattr(torch, f"_sym_{name}")
)
# name → target that is written, kind of the result ("same": int if all operands are ints, else float).
WRITTEN: dict[str, tuple[Callable[..., Any], str]] = {
    "add": (operator.add, "same"),
    "sub": (operator.sub, "same"),
    "mul": (operator.mul, "same"),
    "neg": (operator.neg, "same"),
    "floordiv": (operator.floordiv, "same"),
    "mod": (operator.mod, "same"),
    "pow": (operator.pow, "same"),
    "abs": (operator.abs, "same"),
    "truediv": (operator.truediv, "float"),
    "and": (operator.and_, "bitwise"),
    "or": (operator.or_, "bitwise"),
    "xor": (operator.xor, "bitwise"),
    "lshift": (operator.lshift, "int"),
    "rshift": (operator.rshift, "int"),
    "eq": (operator.eq, "bool"),
    "ne": (operator.ne, "bool"),
    "lt": (operator.lt, "bool"),
    "le": (operator.le, "bool"),
    "gt": (operator.gt, "bool"),
    "ge": (operator.ge, "bool"),
    "min": (torch.sym_min, "same"),
    "max": (torch.sym_max, "same"),
    "sum": (torch.sym_sum, "same"),
    "not": (torch.sym_not, "bool"),
    "ite": (torch.sym_ite, "branches"),
    "float": (torch.sym_float, "float"),
    "trunc": (math.trunc, "int"),
    "floor": (math.floor, "int"),
    "ceil": (math.ceil, "int"),
    "round": (round, "rounded"),
    "size": (_aten.sym_size.int, "int"),
    "stride": (_aten.sym_stride.int, "int"),
    "storage_offset": (_aten.sym_storage_offset.default, "int"),
    "getitem": (operator.getitem, "other"),
    "getattr": (getattr, "other"),
    **{name: (getattr(torch, f"_sym_{name}"), "float") for name in FLOAT_FUNCTIONS},
}
# What asks for a value, or for a part of one, and computes none.
_ASKING = frozenset({"size", "stride", "storage_offset", "getitem", "getattr"})

# By what is called; some spellings are read and never written.
READ: dict[Any, str] = {
    **{target: name for name, (target, _) in WRITTEN.items() if name not in _ASKING},
    operator.iadd: "add",
    operator.isub: "sub",
    operator.imul: "mul",
    operator.ifloordiv: "floordiv",
    operator.imod: "mod",
    operator.not_: "not",
    abs: "abs",
    pow: "pow",
    torch.sym_int: "trunc",
}

# Methods of scalars that Dynamo leaves in a graph.
READ_METHODS = {"__round__": "round"}


def operator_of(node: fx.Node) -> str | None:
    """The operator that a node applies, None if it is none of the table's."""
    if node.op == "call_function":
        return READ.get(node.target)
    return READ_METHODS.get(str(node.target)) if node.op == "call_method" else None


COMMUTATIVE = frozenset({"add", "mul", "eq", "ne", "min", "max", "and", "or", "xor"})
MIRRORED = {"gt": "lt", "ge": "le"}
COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})


_PLAIN_KINDS: dict[str, Kind] = {"int": "int", "float": "float", "bool": "bool"}


_CONSTANT_KINDS: dict[type, Kind] = {bool: "bool", int: "int", float: "float"}


def kind_of(argument: Any) -> Kind:
    """The kind of a Python constant or of a value."""
    return _CONSTANT_KINDS.get(type(argument)) or getattr(argument, "kind", "other")


def result_kind(op: str, args: Sequence[Any]) -> Kind:
    """The kind of what an operator yields for these operands."""
    if op not in WRITTEN:
        return "other"
    rule = WRITTEN[op][1]
    if rule in _PLAIN_KINDS:
        return _PLAIN_KINDS[rule]
    if rule == "rounded":
        return "int" if len(args) == 1 else "float"
    found: set[Kind] = {kind_of(a) for a in (args[1:] if rule == "branches" else args)}
    if rule == "same":
        return "int" if found == {"int"} else "float" if found <= {"int", "float"} else "other"
    # The operands of a bitwise operator, or the values of a choice.
    return found.pop() if rule in ("bitwise", "branches") and len(found) == 1 else "other"


# What an operator yields for two integers.
OF_INTEGERS: dict[str, Kind] = {op: result_kind(op, (1, 1)) for op, row in WRITTEN.items() if row[1] != "branches"}
