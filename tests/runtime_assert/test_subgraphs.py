"""A branch's checks stay in the branch, and a graph is not asked for what another graph computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import fx
from torch._higher_order_ops import while_loop
from torch._higher_order_ops.map import map as map_rows
from torch.export import Dim

import runtime_assert.insertion as insertion
from runtime_assert import (
    UnplaceableObligation,
    diagnose,
    insert_deferred_runtime_asserts,
    insert_with_report,
    installed,
)
from runtime_assert.insertion import is_branch
from tests.runtime_assert.graphs import GraphBuilder, asserts, aten, conditions


def bodies(gm: fx.GraphModule) -> dict[str, fx.GraphModule]:
    return {name: m for name, m in gm.named_modules() if m is not gm and isinstance(m, fx.GraphModule)}


class Cond(torch.nn.Module):
    def forward(self, a: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u >= 2)

        def true(a: torch.Tensor) -> torch.Tensor:
            count = (a * 2).nonzero().shape[0]
            torch._check(count >= 3)
            return a.sum() + count

        def false(a: torch.Tensor) -> torch.Tensor:
            return a.sum()

        return torch.cond(a.sum() > 0, true, false, (a,)) + u


GOOD = (torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([2]))
SHAPES = ({0: Dim.DYNAMIC}, None)


@pytest.mark.parametrize("strict", [False, True])
def test_a_check_in_a_cond_branch_binds_only_those_who_take_it(strict: bool) -> None:
    """Issue 165912: lifted to the top, the check would reject good inputs of the other branch."""
    with installed():
        program = torch.export.export(Cond(), GOOD, dynamic_shapes=SHAPES, strict=strict)
    top = [text for text in conditions(program.graph_module) if "3" in text]
    assert top == []
    found = [conditions(body) for body in bodies(program.graph_module).values()]
    assert sorted(len(texts) for texts in found if texts) == [1]
    run = program.module()
    assert run(*GOOD) == 16
    assert run(torch.tensor([-1.0, 0.0, 0.0]), torch.tensor([2])) == 1
    with pytest.raises(RuntimeError, match=r"nonzero\(\)\.shape\[0\] >= 3"):
        run(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([2]))
    with pytest.raises(RuntimeError, match=r"item\(\) >= 2"):
        run(GOOD[0], torch.tensor([1]))


def test_checks_in_loop_bodies_are_kept() -> None:
    """Issue 158366."""

    class Loop(torch.nn.Module):
        def forward(self, n: torch.Tensor, a: torch.Tensor) -> Any:
            def more(n: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
                return n > 0

            def step(n: torch.Tensor, a: torch.Tensor) -> Any:
                count = a.nonzero().shape[0]
                torch._check(count >= 2)
                return n - 1, a + count

            return while_loop(more, step, (n, a))

    args = (torch.tensor(2), torch.tensor([1.0, 2.0, 0.0]))
    with installed():
        program = torch.export.export(Loop(), args, dynamic_shapes=(None, {0: Dim.DYNAMIC}))
    run = program.module()
    assert run(*args)[0] == 0
    with pytest.raises(RuntimeError, match=r">= 2"):
        run(torch.tensor(2), torch.tensor([1.0, 0.0, 0.0]))


def test_the_enclosing_graphs_obligations_are_not_repeated_in_a_body() -> None:
    """An unbacked size that comes in through the inputs of a body is checked where it is made."""
    made = GraphBuilder()
    count = made.unbacked()
    torch._check(count >= 3)
    source = made.tensor("a", count)
    gm = made.finish(source)
    report = insert_with_report(gm, made.env, "reenter_make_fx", strict=True)
    assert asserts(gm) == []
    assert {row.outcome for row in report} == {"elsewhere"}
    report = insert_with_report(gm, made.env, "the whole graph", strict=True)
    assert conditions(gm) == ["(a.size(0) >= 3)"]


def test_the_name_that_torch_gives_tells_a_body() -> None:
    made = GraphBuilder()
    count = made.unbacked()
    torch._check(count >= 3)
    gm = made.finish(made.tensor("a", count))
    insert_deferred_runtime_asserts(gm, made.env, "reenter_make_fx")
    assert asserts(gm) == []


def test_what_a_body_makes_is_not_compared_there_with_what_only_the_enclosing_graph_knows() -> None:
    made = GraphBuilder()
    outside, inside = made.unbacked(), made.unbacked()
    gm = made.finish(made.call(aten.item.default, (made.tensor("a", 1),), inside, u1=()))
    torch._check(inside <= outside)
    (row,) = insert_with_report(gm, made.env, "reenter_make_fx", strict=True)
    assert (row.outcome, row.reason) == ("elsewhere", "no node of this graph computes u0")
    with pytest.raises(UnplaceableObligation, match="no node of this graph computes u0"):
        insert_with_report(gm, made.env, "the whole graph", strict=True)


def test_what_a_body_makes_is_not_asked_of_the_enclosing_graph() -> None:
    made = GraphBuilder()
    count = made.unbacked()
    torch._check(count >= 3)
    inner = GraphBuilder()
    inner.env, inner.mode = made.env, made.mode
    inner.call(aten.item.default, (inner.tensor("b", 1),), count, u0=())
    body = inner.finish()
    outer = made.tensor("a", 4)
    root = torch.nn.Module()
    root.body = body
    made.graph.call_module("body", (outer,))
    made.graph.output((outer,))
    gm = fx.GraphModule(root, made.graph)
    report = insert_with_report(gm, made.env, "top", strict=True)
    assert {row.outcome for row in report} == {"elsewhere"}
    assert "made in the body" in next(iter(report)).reason


@pytest.mark.parametrize(
    ("targets", "name", "expected"),
    [
        (["L_x_", "s0"], "frame", False),
        (["G_y_", "s0"], "frame", False),
        (["G_y_", "l_x_"], "frame", False),
        (["L_y_", "l_x_"], "frame", False),
        (["l_x_", "s0"], "frame", True),
        (["g_y_", "s0"], "frame", True),
        (["s0"], "frame", False),
        (["child", "child_1"], "__compiled_fn_1_ab", True),
        (["child", "child_1"], "frame", False),
        ([], "__compiled_fn_1_ab", False),
        (["a"], "reenter_make_fx", True),
        (["a"], "hoo_maybe_fake_tracing", True),
        (["a"], "invoke_subgraph_proxy_torch_dispatch_mode", True),
    ],
)
def test_bodies_are_told_from_whole_graphs(targets: list[str], name: str, expected: bool) -> None:
    graph = fx.Graph()
    nodes = [graph.placeholder(target) for target in targets]
    for node in nodes:
        node.meta["example_value"] = None
    assert is_branch(nodes, name) is expected


def test_only_inputs_that_dynamo_traced_tell_a_body_by_their_names() -> None:
    graph = fx.Graph()
    exported, weight = graph.placeholder("l_x_"), graph.get_attr("l_weight")
    exported.meta["val"] = weight.meta["example_value"] = None
    assert not is_branch([exported, weight], "frame")
    assert not is_branch([exported, weight], "__compiled_fn_1_ab")


def test_what_is_no_input_tells_nothing_of_a_body() -> None:
    graph = fx.Graph()
    untraced, weight = graph.placeholder("l_x_"), graph.get_attr("l_weight")
    weight.meta["example_value"] = None
    assert not is_branch([untraced, weight], "frame")


def test_an_input_that_an_argument_is_kept_for_is_one_of_the_whole_graph() -> None:
    graph = fx.Graph()
    nodes = [graph.placeholder("child"), graph.placeholder("child_1")]
    for node in nodes:
        node.meta["example_value"] = None
    nodes[1].meta["grapharg"] = None
    assert not is_branch(nodes, "__compiled_fn_1_ab")


def test_dynamo_names_the_inputs_of_bodies_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, bool]] = []
    original: Callable[..., Any] = insertion._insert

    def spy(gm: fx.GraphModule, env: Any, name: str, *rest: Any) -> Any:
        nodes = list(gm.graph.nodes)
        whole = any(n.op == "call_function" and "cond" in str(n.target) for n in nodes)
        seen.append((whole, is_branch(nodes, name)))
        return original(gm, env, name, *rest)

    monkeypatch.setattr(insertion, "_insert", spy)
    torch._dynamo.reset()
    config = torch._dynamo.config.patch(capture_scalar_outputs=True, capture_dynamic_output_shape_ops=True)
    with config, installed():
        torch.compile(Cond(), backend="eager", dynamic=True, fullgraph=True)(*GOOD)
    torch._dynamo.reset()
    assert {whole for whole, _ in seen} == {True, False}
    assert all(whole != branch for whole, branch in seen)


class Rows(torch.nn.Module):
    def forward(self, xs: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
        def body(x: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
            u = x[0].item()
            torch._check(u >= 2)
            return a + u

        return cast("Any", map_rows)(body, xs, a)


@pytest.mark.parametrize("strict", [False, True])
def test_a_check_in_the_body_of_a_map_holds_for_every_row(strict: bool) -> None:
    good, a = torch.tensor([[3, 1], [4, 1]]), torch.ones(3)
    with installed():
        program = torch.export.export(Rows(), (good, a), strict=strict)
    module = program.module()
    assert torch.equal(module(good, a), torch.stack([a + 3, a + 4]))
    bad = torch.tensor([[3, 1], [1, 1]])
    with pytest.raises(RuntimeError, match=r"item\(\) >= 2"):
        module(bad, a)
    found = diagnose(program, bad, a)
    assert found is not None
    assert found.subgraph == ("body_graph_0",)
    assert [value for _, value in found.values] == [1]


def test_a_score_mod_of_flex_attention_gets_no_asserts_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """Its inputs are called `child`, and it must stay a plain function: the outer graph checks what comes in."""
    from torch.nn.attention.flex_attention import flex_attention

    def program(q: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u >= 0)
        torch._check(u <= q.shape[2])

        def score(s: torch.Tensor, b: Any, h: Any, i: torch.Tensor, j: Any) -> torch.Tensor:
            return torch.where(i < u, s, -1e9)

        return flex_attention(q, q, q, score_mod=score)

    found: list[fx.GraphModule] = []

    def backend(gm: fx.GraphModule, _inputs: Any) -> Any:
        found.append(gm)
        return gm.forward

    torch._dynamo.reset()
    with torch._dynamo.config.patch(capture_scalar_outputs=True), installed():
        torch.compile(program, backend=backend, dynamic=True, fullgraph=True)(
            torch.randn(1, 1, 16, 8), torch.tensor([5])
        )
    torch._dynamo.reset()
    (gm,) = found
    assert len(asserts(gm)) == 2
    assert "score_mod_0" in bodies(gm)
    assert [asserts(body) for body in bodies(gm).values()] == [[] for _ in bodies(gm)]
    assert "no assert for" not in caplog.text


def test_a_region_that_is_compiled_once_checks_what_it_makes_itself(caplog: pytest.LogCaptureFixture) -> None:
    @torch.compiler.nested_compile_region
    def region(y: torch.Tensor) -> torch.Tensor:
        k = y.nonzero().shape[0]
        torch._check(k >= 1)
        return y.sum() + k

    def program(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        u = x.item()
        torch._check(u >= 2)
        first: Any = region(a)
        second: Any = region(a * 2)
        return first + second + u

    torch._dynamo.reset()
    config = torch._dynamo.config.patch(capture_scalar_outputs=True, capture_dynamic_output_shape_ops=True)
    with config, installed():
        run = torch.compile(program, backend="aot_eager", fullgraph=True)
        assert run(torch.ones(3), torch.tensor([2])) == 17
        with pytest.raises(RuntimeError, match=r"nonzero\(\)\.shape\[0\] >= 1"):
            run(torch.zeros(3), torch.tensor([2]))
        with pytest.raises(RuntimeError, match=r"item\(\) >= 2"):
            run(torch.ones(3), torch.tensor([1]))
    torch._dynamo.reset()
    assert "no assert for" not in caplog.text


def test_a_check_in_the_body_of_a_scan_holds_at_every_step() -> None:
    from torch._higher_order_ops.scan import scan

    class Scan(torch.nn.Module):
        def forward(self, a: torch.Tensor, x: torch.Tensor) -> Any:
            u = x.item()
            torch._check(u >= 2)

            def step(carry: torch.Tensor, row: torch.Tensor) -> Any:
                k = row.nonzero().shape[0]
                torch._check(k >= 1)
                return carry + k, row * 2

            return cast("Any", scan)(step, torch.tensor(0), a, dim=0)[0] + u

    with installed():
        run = torch.export.export(Scan(), (torch.ones(3, 2), torch.tensor([2]))).module()
    assert run(torch.ones(3, 2), torch.tensor([2])) == 8
    with pytest.raises(RuntimeError, match=r"nonzero\(\)\.shape\[0\] >= 1"):
        run(torch.tensor([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]), torch.tensor([2]))
    with pytest.raises(RuntimeError, match=r"item\(\) >= 2"):
        run(torch.ones(3, 2), torch.tensor([1]))


def test_a_loop_whose_count_is_an_output_of_dynamos_graph_is_exported():
    # Non-strict export has Dynamo trace the loop by itself: the number that the loop gives back is an output there.
    class Loop(torch.nn.Module):
        def forward(self, a, y):
            def again(i, total):
                return i < a.shape[0] - 1

            def body(i, total):
                v = y.item()
                torch._check(v <= a.shape[0])
                return i + 1, total + v

            return while_loop(again, body, (0, torch.zeros(())))[1]

    with installed():
        exported = torch.export.export(
            Loop(), (torch.ones(4), torch.tensor([3])), dynamic_shapes=({0: Dim.DYNAMIC}, {})
        )
    run = exported.graph_module
    assert run(torch.ones(5), torch.tensor([5]))[0] == 20
    with pytest.raises(RuntimeError, match="Runtime assertion failed"):
        run(torch.ones(4), torch.tensor([5]))
