"""Graphs that nobody sets out to write: the pass does its work on them or says what is wrong, and never crashes."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from typing import Any, cast

import pytest
import sympy
import torch
from torch import fx
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import CallMethodKey, DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts as torchs_pass
from torch.utils._pytree import SequenceKey

from runtime_assert import InsertionReport, UnplaceableObligation, insert_deferred_runtime_asserts, insert_with_report
from tests.runtime_assert.graphs import ASSERT, GraphBuilder, accepts, asserts, aten, capture, conditions, snapshot

A, X = torch.randn(4), torch.tensor([3, 2, 1])


def checked(a: torch.Tensor, x: torch.Tensor) -> Any:
    u, v = x[0].item(), x[1].item()
    torch._check(u + v <= a.shape[0] + 2)
    torch._check(v >= 1)
    torch._check(u != 7)
    return a + u * v


def traced() -> tuple[fx.GraphModule, ShapeEnv]:
    return capture(checked, (A, X), ((0,), ()))


def run(gm: fx.GraphModule, env: ShapeEnv, **options: Any) -> InsertionReport:
    """The pass, with what must hold for any graph: a legal graph, an untouched ShapeEnv, nothing new next time."""
    before = snapshot(env)
    report = insert_with_report(gm, env, options.pop("name", "odd"), **options)
    assert snapshot(env) == before
    gm.graph.lint()
    text = str(gm.graph)
    insert_with_report(gm, env, "again", **options)
    assert str(gm.graph) == text
    assert snapshot(env) == before
    return report


@pytest.mark.parametrize("name", ["", "a name\nof two lines", "<eval_with_key>", "%s {} \\ \x00", "é" * 500])
@pytest.mark.parametrize("export", [False, True])
def test_any_name_will_do(name: str, export: bool) -> None:
    gm, env = traced()
    assert run(gm, env, name=name, export=export, strict=True).name == name
    assert len(asserts(gm)) == 3


def test_a_graph_of_placeholders_alone_is_checked() -> None:
    made = GraphBuilder()
    size = made.size(8)
    made.tensor("a", size)
    value = made.unbacked()
    made.scalar("u", value).meta["unbacked_bindings"] = {sympy.Symbol("u0", integer=True): ()}
    torch._check(value * 2 <= size)
    gm = made.finish()
    run(gm, made.env, strict=True)
    (check,) = asserts(gm)
    assert check.next.op == "output"
    assert accepts(gm, torch.randn(8), 4)
    assert not accepts(gm, torch.randn(8), 5)


@pytest.mark.parametrize("missing", ["bindings", "value", "everything"])
def test_missing_metadata_is_said_and_not_passed_over(missing: str, caplog: pytest.LogCaptureFixture) -> None:
    gm, env = traced()
    for node in gm.graph.nodes:
        if "unbacked_bindings" in node.meta and missing in ("bindings", "everything"):
            del node.meta["unbacked_bindings"]
        if node.op != "placeholder" and missing in ("value", "everything"):
            node.meta.pop("val", None)
    before = str(gm.graph)
    if missing == "value":
        run(gm, env, strict=True)
        assert len(asserts(gm)) == 3
        return
    with pytest.raises(UnplaceableObligation, match="u0"):
        insert_with_report(gm, env, "odd", strict=True)
    assert str(gm.graph) == before
    insert_deferred_runtime_asserts(gm, env, "odd")
    assert "no assert for" in caplog.text


def test_inputs_without_any_metadata_leave_what_is_over_them_unplaced() -> None:
    gm, env = traced()
    for node in gm.graph.nodes:
        if node.op == "placeholder":
            node.meta.clear()
    report = run(gm, env)
    assert [row.reason for row in report.unplaceable] != []
    assert len(report.emitted) == 2


def test_a_graph_without_metadata_or_obligations_stays_as_it_is() -> None:
    gm = fx.symbolic_trace(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU()))
    before = str(gm.graph)
    assert len(run(gm, ShapeEnv()).rows) == 0
    assert str(gm.graph) == before


def test_nested_modules_are_left_alone() -> None:
    """A GraphModule that is called, and one that is merely held: their nodes are their own pass's business."""
    inner, env = traced()
    graph = fx.Graph()
    a, x = graph.placeholder("a"), graph.placeholder("x")
    a.meta["val"], x.meta["val"] = (n.meta["val"] for n in inner.graph.nodes if n.op == "placeholder")
    called = graph.call_module("inner", (a, x))
    called.meta["val"] = list(inner.graph.nodes)[-1].args[0].meta["val"]
    graph.output(called)
    outer = fx.GraphModule(torch.nn.ModuleDict({"inner": inner, "held": torch.nn.Identity()}), graph)
    before = str(inner.graph)
    report = run(outer, env)
    assert str(inner.graph) == before
    assert not report.emitted
    assert {row.outcome for row in report.rows} <= {"elsewhere", "trivial"}
    run(inner, env, strict=True)
    outer.recompile()
    inner.recompile()
    assert torch.equal(outer(A, X), A + 6)
    with pytest.raises(RuntimeError, match="failed"):
        outer(A, torch.tensor([7, 1, 1]))


def test_hundreds_of_symbols_are_all_checked() -> None:
    made = GraphBuilder()
    sizes = [made.size(5 + i % 7) for i in range(60)]
    inputs = [made.tensor(f"a{i}", size) for i, size in enumerate(sizes)]
    values = []
    for index in range(100):
        value = made.unbacked()
        made.call(aten.item.default, (inputs[index % 60],), value, **{f"u{index}": ()})
        torch._check(value <= sizes[index % 60] + index)
        torch._check(value != index)
        values.append(value)
    torch._check(cast("Any", torch.sym_sum(values)) <= 10_000)
    gm = made.finish(*inputs)
    for _ in range(2):
        insert_with_report(gm, made.env, "odd", strict=True, export=True)
        gm.graph.lint()
        assert len(asserts(gm)) == 201


def test_float_symbols_are_bounded_exactly() -> None:
    made = GraphBuilder()
    source, value = made.tensor("a", 1), made.env.create_unbacked_symfloat()
    node = made.graph.call_function(aten.item.default, (source,))
    node.meta.update(val=value, unbacked_bindings={value.node._expr: ()})
    torch._check(value <= 2.5)
    torch._check(cast("Any", value) * 2.0 >= 1.0)
    gm = made.finish(node)
    run(gm, made.env, strict=True)
    for number, good in ((0.5, True), (2.5, True), (2.5000001, False), (0.4999, False), (float("nan"), False)):
        assert accepts(gm, torch.tensor([number], dtype=torch.float64)) == good, number


def test_truth_values_that_the_graph_computes_are_symbols_like_others() -> None:
    def function(m: torch.Tensor, x: torch.Tensor) -> Any:
        flag, u = m.any().item(), x[0].item()
        torch._check((u == 0) | (u > 3))
        return flag, u

    gm, env = capture(function, (torch.tensor([True, False]), X), ((), ()))
    run(gm, env, strict=True)
    inputs = torch.tensor([False, False])
    assert accepts(gm, inputs, torch.tensor([0, 1, 1]))
    assert accepts(gm, inputs, torch.tensor([4, 1, 1]))
    assert not accepts(gm, inputs, torch.tensor([3, 1, 1]))


def test_strides_and_offsets_are_symbols_like_sizes() -> None:
    made = GraphBuilder()
    rows, stride, offset = made.size(4), made.size(6), made.size(2)
    node = made.graph.placeholder("a")
    with made.mode:
        base = torch.empty(1000)
        node.meta["val"] = base.as_strided((rows, 3), (stride, 1), offset)
    value = made.unbacked()
    item = made.call(aten.item.default, (node,), value, u0=())
    torch._check(value + stride <= rows + offset + 3)
    gm = made.finish(item)
    run(gm, made.env, strict=True, export=True)
    targets = {n.target for n in gm.graph.nodes}
    assert {aten.sym_size.int, aten.sym_stride.int, aten.sym_storage_offset.default} <= targets
    assert [n.target for n in gm.graph.nodes].index(ASSERT) > 0


@pytest.mark.parametrize("layout", ["coo", "csr", "nested"])
def test_inputs_that_are_no_plain_tensors_are_skipped_where_they_have_no_answer(layout: str) -> None:
    env = ShapeEnv()
    mode = FakeTensorMode(shape_env=env)
    dense = torch.eye(3)
    if layout == "nested":
        odd = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    else:
        odd = dense.to_sparse() if layout == "coo" else dense.to_sparse_csr()
    context = StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC], constraint_sizes=[None])
    fake = mode.from_tensor(A, symbolic_context=context, source=ConstantSource("a"))
    env.pending_fresh_unbacked_symbols.clear()
    gm = make_fx(checked, tracing_mode="fake")(fake, mode.from_tensor(X, static_shapes=True))
    first = next(iter(gm.graph.nodes))
    with gm.graph.inserting_before(first):
        extra = gm.graph.placeholder("odd")
    extra.meta["val"] = mode.from_tensor(odd, source=ConstantSource("odd"))
    run(gm, env, strict=True)
    gm.recompile()
    assert len(asserts(gm)) == 3
    assert torch.equal(gm(odd, A, X), A + 6)


@pytest.mark.parametrize("export", [False, True])
def test_it_runs_after_torchs_own_pass_and_completes_its_work(export: bool) -> None:
    gm, env = traced()
    torchs_pass(gm, env, "torch", export=export)
    count = len(asserts(gm))
    run(gm, env, export=export)
    assert len(asserts(gm)) <= max(count, 3)
    for numbers, good in (([3, 2, 1], True), ([5, 2, 1], False), ([3, 0, 1], False), ([7, 1, 1], False)):
        assert accepts(gm, A, torch.tensor(numbers)) == good


@pytest.mark.parametrize("again", ["ours", "torch's"])
def test_a_processed_graph_can_be_retraced_and_processed_again(again: str) -> None:
    gm, env = traced()
    insert_with_report(gm, env, "first", strict=True, export=True)
    gm.recompile()
    second, fresh = capture(lambda a, x: gm(a, x), (A, X), ((0,), ()))
    process: Callable[..., Any] = insert_with_report if again == "ours" else torchs_pass
    process(second, fresh, "second", export=True)
    second.graph.lint()
    for numbers, good in (([3, 2, 1], True), ([5, 2, 1], False), ([3, 0, 1], False), ([7, 1, 1], False)):
        assert accepts(second, A, torch.tensor(numbers)) == good
    if again == "ours":
        assert len(asserts(second)) == 3


@pytest.mark.parametrize("form", ["positional", "keywords", "mixed", "constant", "other way round"])
def test_asserts_that_users_wrote_by_hand_are_read_in_every_form(form: str) -> None:
    gm, env = traced()
    item = next(n for n in gm.graph.nodes if n.target is aten._local_scalar_dense.default or "item" in n.name)
    with gm.graph.inserting_after(item):
        condition = gm.graph.call_function(operator.ne, (item, 7) if form != "other way round" else (7, item))
        condition.meta["val"] = item.meta["val"] != 7
    args: tuple[Any, ...] = {"keywords": (), "constant": (True, "mine")}.get(form, (condition, "mine"))
    kwargs: dict[str, Any] = {"self": condition, "assert_msg": "mine"} if form == "keywords" else {}
    if form == "mixed":
        args, kwargs = (condition,), {"assert_msg": "mine"}
    with gm.graph.inserting_after(condition):
        gm.graph.call_function(ASSERT, args, kwargs)
    run(gm, env, strict=True)
    assert len(asserts(gm)) == 3
    for numbers, good in (([3, 2, 1], True), ([7, 1, 1], False)):
        assert accepts(gm, A, torch.tensor(numbers)) == good


@pytest.mark.parametrize("keywords", [False, True])
def test_an_assert_behind_the_use_it_protects_is_moved_in_every_form(keywords: bool) -> None:
    made = GraphBuilder()
    source, value = made.tensor("a", 1), made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    used = made.call(torch.zeros, (item,), torch.empty(0))
    condition = made.call(operator.ge, (item, 3), value >= 3)
    given = {"self": condition, "assert_msg": "mine"} if keywords else {}
    made.graph.call_function(ASSERT, () if keywords else (condition, "mine"), given)
    gm = made.finish(used)
    report = run(gm, made.env, strict=True)
    assert [row.outcome for row in report.rows if row.source == "check"] == ["moved"]
    names = [node.target for node in gm.graph.nodes]
    assert names.index(ASSERT) < names.index(torch.zeros)


def test_a_check_that_can_never_hold_stays_and_always_fails() -> None:
    gm, env = traced()
    output = list(gm.graph.nodes)[-1]
    with gm.graph.inserting_before(output):
        gm.graph.call_function(ASSERT, (False, "never"))
    run(gm, env, strict=True)
    gm.recompile()
    with pytest.raises(RuntimeError, match="never"):
        gm(A, X)


def test_a_deep_copy_is_processed_without_touching_the_original() -> None:
    gm, env = traced()
    before = str(gm.graph)
    other = copy.deepcopy(gm)
    run(other, env, strict=True)
    assert str(gm.graph) == before
    assert len(asserts(other)) == 3


def test_a_condition_nested_five_hundred_deep_is_no_matter() -> None:
    made = GraphBuilder()
    source, value = made.tensor("a", 1), made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    node = item
    for index in range(500):
        # sympy itself would not survive the true value
        one = made.call(operator.add, (node, 1), value + index)
        node = made.call(torch.sym_max, (one, index), value + index)
    condition = made.call(operator.le, (node, 10**6), True)
    made.graph.call_function(ASSERT, (condition, "deep"))
    gm = made.finish(node)
    run(gm, made.env, strict=True)
    assert len(asserts(gm)) == 1


def test_graphs_that_share_a_shape_env_each_get_what_they_compute() -> None:
    one, other = GraphBuilder(), GraphBuilder()
    other.env, other.mode = one.env, one.mode
    modules = []
    for made, name in ((one, "u0"), (other, "u1")):
        source, value = made.tensor("a", 1), made.unbacked()
        item = made.call(aten.item.default, (source,), value, **{name: ()})
        torch._check(value >= 3)
        modules.append(made.finish(item))
    for gm in (*modules, *modules):
        insert_deferred_runtime_asserts(gm, one.env, "shared")
        assert conditions(gm) == ["(item >= 3)"]


def test_a_frozen_shape_env_is_read_and_left_alone() -> None:
    made = GraphBuilder()
    source, value = made.tensor("a", made.size()), made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    torch._check(2 * value <= source.meta["val"].shape[0])
    gm = made.finish(item)
    made.env.freeze()
    made.env.freeze_runtime_asserts()
    before = snapshot(made.env)
    insert_with_report(gm, made.env, "test", strict=True)
    assert before == snapshot(made.env)
    assert conditions(gm) == ["((2 * item) <= a.size(0))"]


@pytest.mark.parametrize("outputs", ["none", "dict", "no output node"])
def test_outputs_and_inputs_of_any_kind_are_passed_by(outputs: str) -> None:
    """No placeholders, plain inputs without symbols, `*args`: nothing of it is a source of symbols."""
    made = GraphBuilder()
    for name, value in (("none", None), ("text", "words"), ("number", 1.5), ("listed", [1]), ("thing", object())):
        made.scalar(name, value)
    source, value = made.tensor("a", 1), made.unbacked()
    made.graph.placeholder("*rest")
    item = made.call(aten.item.default, (source,), value, u0=())
    torch._check(value >= 3)
    if outputs == "none":
        made.graph.output(None)
    elif outputs == "dict":
        made.graph.output({"item": item, "nothing": None})
    gm = fx.GraphModule(torch.nn.Module(), made.graph)
    insert_with_report(gm, made.env, "test", strict=True)
    gm.graph.lint()
    assert conditions(gm) == ["(item >= 3)"]


def test_a_graph_without_inputs_checks_what_it_reads_from_its_attributes() -> None:
    made = GraphBuilder()
    module = torch.nn.Module()
    module.register_buffer("held", torch.tensor([3]))
    held = made.graph.get_attr("held")
    held.meta["val"] = made.mode.from_tensor(torch.tensor([3]))
    value = made.unbacked()
    item = made.call(aten.item.default, (held,), value, u0=())
    torch._check(value >= 3)
    made.graph.output({"item": item})
    gm = fx.GraphModule(module, made.graph)
    insert_with_report(gm, made.env, "test", strict=True)
    assert accepts(gm)
    gm.held = torch.tensor([2])
    assert not accepts(gm)


SIZES: dict[str, Callable[[fx.Graph, fx.Node], fx.Node]] = {
    "size()": lambda graph, tensor: graph.call_method("size", (tensor,)),
    "shape": lambda graph, tensor: graph.call_function(getattr, (tensor, "shape")),
}


@pytest.mark.parametrize("form", SIZES)
def test_a_size_that_is_brought_to_its_check_brings_the_query_that_it_is_an_entry_of(form: str) -> None:
    made = GraphBuilder()
    x = made.tensor("x", 8)
    value = made.unbacked()
    with made.mode:
        rows = torch.empty(value, 1, dtype=torch.int64)
    found = made.call(aten.nonzero.default, (x,), rows, u0=(CallMethodKey("size"), SequenceKey(0)))
    made.call(aten.relu.default, (found,), rows)
    shape = SIZES[form](made.graph, found)
    shape.meta["val"] = rows.shape
    entry = made.call(operator.getitem, (shape, 0), value)
    torch._check(value >= 3)
    gm = made.finish(entry)
    run(gm, made.env, strict=True)
    assert [node.name for node in gm.graph.nodes][2:4] == [shape.name, entry.name]
    assert accepts(gm, torch.ones(8))
    assert not accepts(gm, torch.zeros(8))
