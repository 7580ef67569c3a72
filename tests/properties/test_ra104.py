"""RA104: a branch's checks stay in the branch; shown on a graph with two branches, as ``cond`` has them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import fx
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties import Report, check
from properties.verdict import Status

ASSERT = torch.ops.aten._assert_scalar.default


def _captured() -> tuple[fx.GraphModule, ShapeEnv]:
    """``cond`` over a value that the graph reads; only the first branch demands that it is at least 3."""
    env = ShapeEnv()
    value = env.create_unbacked_symint()

    def branch(least: int | None) -> fx.GraphModule:
        graph = fx.Graph()
        item = graph.placeholder("u")
        item.meta["val"] = value
        if least is not None:
            graph.call_function(ASSERT, (graph.call_function(operator.ge, (item, least)), "enough"))
        graph.output((item,))
        return fx.GraphModule({}, graph)

    root = torch.nn.Module()
    root.first, root.second = branch(3), branch(None)
    graph = fx.Graph()
    source = graph.placeholder("x")
    with FakeTensorMode(shape_env=env) as mode:
        source.meta["val"] = mode.from_tensor(torch.tensor([4]), static_shapes=True)
    item = graph.call_function(torch.ops.aten._local_scalar_dense.default, (source,))
    item.meta.update(val=value, unbacked_bindings={value.node.expr: ()})
    condition = graph.call_function(operator.ge, (item, 0))
    first, second = graph.get_attr("first"), graph.get_attr("second")
    graph.output((graph.call_function(torch.ops.higher_order.cond, (condition, first, second, (item,))),))
    return fx.GraphModule(root, graph), env


def _checked(edit: Callable[[fx.GraphModule], None]) -> Report:
    def subject(gm: fx.GraphModule, shape_env: Any, name: str, export: bool = False) -> None:
        edit(gm)

    graph, env = _captured()
    report = check(graph, shape_env=env, subject=subject, property_codes=("RA104",))
    # What a subject does to its copy reaches no other.
    assert any(node.target is ASSERT for node in graph.first.graph.nodes)  # type: ignore[union-attr]
    return report


def test_a_pass_that_leaves_branches_alone_is_right():
    assert _checked(lambda gm: None).proved == ("RA104",)


def _drops(gm: fx.GraphModule) -> None:
    inner: Any = gm.first
    for node in inner.graph.find_nodes(op="call_function", target=ASSERT):
        inner.graph.erase_node(node)


def _lifts(gm: fx.GraphModule) -> None:
    (item,) = gm.graph.find_nodes(op="call_function", target=torch.ops.aten._local_scalar_dense.default)
    with gm.graph.inserting_after(item):
        bound = gm.graph.call_function(operator.ge, (item, 3))
    with gm.graph.inserting_after(bound):
        gm.graph.call_function(ASSERT, (bound, "lifted"))


def _weakens(gm: fx.GraphModule) -> None:
    inner: Any = gm.first
    for node in inner.graph.find_nodes(op="call_function", target=operator.ge):
        node.args = (node.args[0], 2)


@pytest.mark.parametrize(("edit", "kind"), [(_drops, "dropped"), (_lifts, "lifted"), (_weakens, "dropped")])
def test_a_check_that_leaves_its_branch_is_found(edit, kind):
    verdict = _checked(edit).verdicts["RA104"]
    assert (verdict.status, verdict.direction, verdict.skeleton) == (Status.REFUTED, "misplaced", kind)
