"""A right pass but for one thing: it forgets every assert that two values differ. Few kinds of findings, soon found."""

from __future__ import annotations

import operator

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from runtime_assert import insert_deferred_runtime_asserts as right


def insert(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    right(gm, shape_env, name, export)
    for node in gm.graph.find_nodes(op="call_function", target=torch.ops.aten._assert_scalar.default):
        condition = node.args[0]
        if isinstance(condition, fx.Node) and condition.target is operator.ne:
            gm.graph.erase_node(node)
