"""What is written for each check: in which order, with whose words, and where it says that it comes from."""

from __future__ import annotations

import dataclasses
import operator
from functools import partial

import pytest
import sympy
import torch
from torch import fx
from torch._export.passes._node_metadata_hook import _node_metadata_hook
from torch.utils._pytree import SequenceKey

from runtime_assert import InsertionReport, insert_with_report
from runtime_assert._torch_api import raw_expr
from tests.runtime_assert.graphs import ASSERT, GraphBuilder, asserts, aten, conditions

WORDS = "too few experts"
TRACE = '  File "/home/me/model.py", line 7, in forward\n'


def items(made: GraphBuilder, *names: str) -> tuple[list[fx.Node], list[torch.SymInt]]:
    """Nodes that read integers from inputs of these names, and their traced values."""
    sources = [made.tensor(name, 1) for name in names]
    values = [made.unbacked() for _ in names]
    nodes = [
        made.call(aten._local_scalar_dense.default, (source,), value, **{str(value): ()})
        for source, value in zip(sources, values, strict=True)
    ]
    return nodes, values


def written(gm: fx.GraphModule, made: GraphBuilder) -> InsertionReport:
    report = insert_with_report(gm, made.env, "test", strict=True)
    gm.graph.lint()
    return report


def without_lines(made: GraphBuilder) -> None:
    """What the ShapeEnv recorded, without where: as under Dynamo, where a line is known of nodes only."""
    for recorded in made.env.deferred_runtime_asserts.values():
        recorded[:] = [dataclasses.replace(one, stack=None) for one in recorded]  # type: ignore[arg-type]


def test_bounds_of_single_values_stand_before_relations_between_several() -> None:
    """Tracing the graph again learns the ranges before it meets the relations."""
    made = GraphBuilder()
    (first, second), (u, v) = items(made, "a", "b")
    torch._check(u <= v)
    torch._check(v <= 9)
    gm = made.finish()
    written(gm, made)
    bound, order = conditions(gm)
    assert [bound, order] == [f"({second} <= 9)", f"({first} <= {second})"]


def test_what_is_shared_and_what_goes_is_counted_from_nothing() -> None:
    made = GraphBuilder()
    (item,), (u,) = items(made, "a")
    twice = [made.call(operator.mul, (item, 2), u * 2) for _ in range(3)]
    unused = made.call(ASSERT, (True, WORDS), None)
    gm = made.finish(*twice)
    report = written(gm, made)
    assert unused not in gm.graph.nodes
    assert (report.shared, report.removed) == (2, 3)
    again = written(gm, made)
    assert (again.shared, again.removed) == (0, 0)


def dropped_for_an_earlier_one() -> tuple[GraphBuilder, fx.GraphModule, fx.Node]:
    """A check of what has to be checked earlier: it depends on the second item only by its looks."""
    made = GraphBuilder()
    (item,), (u,) = items(made, "a")
    with made.mode:
        made.call(aten.zeros.default, ([item],), torch.empty(u))
    (other,), (v,) = items(made, "b")
    left, right = made.call(operator.add, (item, other), u + v), made.call(operator.add, (other, 6), v + 6)
    condition = made.call(operator.ne, (left, right), u + v != v + 6)
    module = torch.nn.Module()
    module.words = WORDS  # type: ignore[assignment]
    check = made.call(ASSERT, (condition, made.graph.get_attr("words")), None)
    torch._check(u + v != v + 6)
    made.graph.output(())
    return made, fx.GraphModule(module, made.graph), check


@pytest.mark.parametrize("line", [False, True])
def test_an_assert_has_the_words_of_the_check_that_went_for_it_and_its_line_where_none_was_recorded(line: bool) -> None:
    made, gm, check = dropped_for_an_earlier_one()
    check.meta["stack_trace"] = TRACE
    if not line:
        without_lines(made)
    written(gm, made)
    (found,) = [node for node in asserts(gm) if node.args[0].target is operator.ne]  # type: ignore[union-attr]
    assert found is not check
    assert str(found.args[1]).startswith(f"{WORDS}: a.item() != 6 (checked at ")
    assert str(found.args[1]).endswith("(checked at model.py:7)") is not line
    assert (found.meta["stack_trace"] == TRACE) is not line


@pytest.mark.parametrize("own", [None, TRACE])
@pytest.mark.parametrize("recorded", [False, True])
def test_a_check_keeps_its_trace_and_has_the_recorded_one_where_it_has_none(own: str | None, recorded: bool) -> None:
    made = GraphBuilder()
    (item,), (u,) = items(made, "a")
    torch._check(u >= 3)
    check = made.call(ASSERT, (made.call(operator.ge, (item, 3), u >= 3), WORDS), None)
    if own is not None:
        check.meta["stack_trace"] = own
    if not recorded:
        without_lines(made)
    gm = made.finish()
    written(gm, made)
    assert asserts(gm) == [check]
    if own is None and recorded:
        assert "test_writing.py" in check.meta["stack_trace"]
    else:
        assert {key: text for key, text in check.meta.items() if key == "stack_trace"} == (
            {} if own is None else {"stack_trace": own}
        )


@pytest.mark.parametrize(("trace", "place"), [(None, ""), (TRACE, " (checked at model.py:7)")])
def test_a_check_whose_words_are_not_known_says_its_condition_and_its_line(trace: str | None, place: str) -> None:
    made = GraphBuilder()
    (item,), (u,) = items(made, "a")
    condition = made.call(operator.ge, (item, 3), u >= 3)
    module = torch.nn.Module()
    module.words = lambda: f"{u} experts"  # type: ignore[assignment]
    check = made.graph.call_function(torch._check, (condition, made.graph.get_attr("words")))
    if trace is not None:
        check.meta["stack_trace"] = trace
    made.graph.output(())
    gm = fx.GraphModule(module, made.graph)
    written(gm, made)
    (found,) = asserts(gm)
    assert found.args == (condition, f"Runtime assertion failed: a.item() >= 3{place}")


def test_what_a_check_needs_that_moves_says_that_it_comes_from_there() -> None:
    """The size of what is computed later is computed from that of the input."""
    made = GraphBuilder()
    x = made.tensor("x", made.size())
    (item,), (u,) = items(made, "a")
    with made.mode:
        zeros = made.call(aten.zeros.default, ([item],), torch.empty(u))
        double = made.call(aten.cat.default, ([x, x],), torch.cat([x.meta["val"], x.meta["val"]]))
    length = made.call(aten.sym_size.int, (double, 0), double.meta["val"].shape[0])
    condition = made.call(operator.le, (item, length), u <= length.meta["val"])
    check = made.call(ASSERT, (condition, WORDS), None)
    check.meta.update(stack_trace=TRACE, custom={"region": 1})
    gm = made.finish(zeros)
    before = set(gm.graph.nodes)
    (row,) = [row for row in written(gm, made) if row.source == "check"]
    assert row.outcome == "moved"
    order = list(gm.graph.nodes)
    assert order.index(check) < order.index(zeros)
    created = [node for node in order if node not in before and node.target in (aten.sym_size.int, operator.mul)]
    assert len(created) == 2
    for node in created:
        assert (node.meta["stack_trace"], node.meta["custom"]) == (TRACE, {"region": 1})


@pytest.mark.parametrize(("trace", "place"), [(None, ""), (TRACE, " (value made at model.py:7)")])
def test_an_assert_without_a_line_says_where_the_value_was_made(trace: str | None, place: str) -> None:
    made = GraphBuilder()
    u = made.unbacked()
    item = made.call(aten.sym_numel.default, (), u, u0=())
    torch._check(u >= 3)
    without_lines(made)
    if trace is not None:
        item.meta.update(stack_trace=trace, custom={"region": 1})
    gm = made.finish()
    assert {row.location for row in written(gm, made)} == {""}
    (check,) = asserts(gm)
    assert check.args[1] == f"Runtime assertion failed: {item} >= 3{place}"
    assert ("stack_trace" in check.meta, check.meta.get("stack_trace")) == (trace is not None, trace)


def test_an_assert_about_an_input_does_not_say_that_it_was_made_where_it_is_used() -> None:
    made = GraphBuilder()
    size = made.unbacked()
    made.tensor("x", size).meta["stack_trace"] = TRACE
    torch._check(size >= 3)
    without_lines(made)
    gm = made.finish()
    written(gm, made)
    (check,) = asserts(gm)
    assert check.args[1] == "Runtime assertion failed: x.shape[0] >= 3"


def test_a_check_of_a_constant_comes_from_nowhere_and_from_no_other_node() -> None:
    made = GraphBuilder()
    made.call(aten.sym_constrain_range.default, (5,), None).kwargs = {"min": 6}
    gm = made.finish()
    for node in gm.graph.nodes:
        node.meta.update(stack_trace=TRACE, custom={"region": 1})
    written(gm, made)
    (check,) = asserts(gm)
    assert check.args == (False, "Runtime assertion failed: False")
    assert "stack_trace" not in check.meta
    assert "custom" not in check.meta


@pytest.mark.parametrize("line", [False, True])
@pytest.mark.parametrize("told", ["custom", "nn_module_stack", None])
def test_new_nodes_come_from_the_line_of_the_check_and_the_module_of_the_value(line: bool, told: str | None) -> None:
    """Of several values: of the one that is made last."""
    made = GraphBuilder()
    _, (u, v) = items(made, "a", "b")
    torch._check(u * 2 != 6)
    torch._check(u * v != 6)
    if not line:
        without_lines(made)
    gm = made.finish()
    for node in gm.graph.nodes:
        node.meta["stack_trace"] = f'  File "of_{node}.py", line 1, in f\n'
        if told is not None:
            node.meta[told] = {node.name: node.name}
    before = set(gm.graph.nodes)
    written(gm, made)
    created = [node for node in gm.graph.nodes if node not in before]
    assert [node.target for node in created] == [operator.ne, ASSERT, operator.mul, operator.ne, ASSERT]
    sources = ["_local_scalar_dense"] * 2 + ["_local_scalar_dense_1"] * 3
    for node, source in zip(created, sources, strict=True):
        assert ("test_writing.py" if line else f"of_{source}.py") in node.meta["stack_trace"]
        assert {key: node.meta[key] for key in ("custom", "nn_module_stack") if key in node.meta} == (
            {} if told is None else {told: {source: source}}
        )


def test_under_export_new_nodes_have_the_trace_of_the_hook_where_no_other_is_known() -> None:
    made = GraphBuilder()
    _, (u,) = items(made, "a")
    torch._check(u >= 3)
    without_lines(made)
    gm = made.finish()
    gm._register_create_node_hook(partial(_node_metadata_hook, metadata={"stack_trace": "here"}))
    before = set(gm.graph.nodes)
    insert_with_report(gm, made.env, "test", export=True, strict=True)
    created = [node for node in gm.graph.nodes if node not in before]
    assert [node.meta["stack_trace"] for node in created] == ["here", "here"]
    assert ["torch_fn" in node.meta for node in created] == [True, True]


@pytest.mark.parametrize("there", [False, True])
def test_words_that_were_recorded_give_way_to_those_of_the_check(there: bool) -> None:
    """The check that the ShapeEnv rewrote: both stay, and either says the same."""
    made = GraphBuilder()
    (item, other), (u, v) = items(made, "a", "b")
    if there:
        left = made.call(operator.mul, (item, other), u * v)
        condition = made.call(operator.ge, (made.call(operator.add, (left, item), u * v + u), 3), u * v + u >= 3)
        made.call(ASSERT, (condition, WORDS), None)
    made.env.guard_or_defer_runtime_assert(raw_expr(u * v + u >= 3), "need two experts")
    gm = made.finish()
    written(gm, made)
    assert asserts(gm)
    for check in asserts(gm):
        assert str(check.args[1]).startswith(WORDS if there else "need two experts")


def test_an_assert_for_several_checks_names_up_to_three_lines_each_once() -> None:
    def place(*files: str) -> str:
        made = GraphBuilder()
        _, (u,) = items(made, "a")
        for factor, file in zip(range(len(files), 0, -1), files, strict=True):
            check = compile(f"check(u * {factor} < 1)", f"{file}.py", "exec")
            exec(check, {"check": torch._check, "u": u})
        gm = made.finish()
        written(gm, made)
        (check,) = asserts(gm)
        return str(check.args[1]).partition(" (checked at ")[2]

    assert place("a") == "a.py:1)"
    assert place("b", "a") == "b.py:1 and a.py:1)"
    assert place("b", "a", "b", "c") == "b.py:1 and a.py:1 and c.py:1)"
    assert place("a", "b", "c", "d") == "a.py:1 and b.py:1 and c.py:1)"


def test_what_is_computed_twice_is_computed_where_it_was_first() -> None:
    made = GraphBuilder()
    (item,), (u,) = items(made, "a")
    with made.mode:
        zeros = made.call(aten.zeros.default, ([item],), torch.empty(u))
    first, unused, again = (made.call(operator.mul, (item, 2), u * 2) for _ in range(3))
    gm = made.finish(zeros, again)
    written(gm, made)
    order = list(gm.graph.nodes)
    assert order.index(first) == order.index(zeros) + 1
    assert again not in order
    assert unused in order, "what nothing used before is none of the pass's business"


def test_a_size_of_a_result_is_computed_from_those_of_inputs_and_says_that_it_comes_from_there() -> None:
    """Also if the input is asked for it later."""
    made = GraphBuilder()
    x = made.tensor("x", made.size())
    with made.mode:
        double = made.call(aten.cat.default, ([x, x],), torch.cat([x.meta["val"], x.meta["val"]]))
    length = made.call(aten.sym_size.int, (double, 0), double.meta["val"].shape[0])
    told = {"stack_trace": TRACE, "custom": {"region": 1}, "nn_module_stack": {"m": ("m", "M")}}
    length.meta.update(told)
    single = made.call(aten.sym_size.int, (x, 0), x.meta["val"].shape[0])
    again = made.call(aten.sym_size.int, (double, 0), double.meta["val"].shape[0])
    gm = made.finish(double, length, single, again)
    report = written(gm, made)
    assert (report.shared, report.removed) == (2, 2)
    (total,) = [node for node in gm.graph.nodes if node.target is operator.mul]
    assert total.args in ((2, single), (single, 2))
    assert {key: total.meta[key] for key in told} == told


def test_an_entry_that_stays_does_not_end_the_sharing() -> None:
    made = GraphBuilder()
    x, value = made.tensor("x", 8), made.unbacked()
    base = made.call(aten.unique_dim.default, (x, 0), (x.meta["val"], value), u0=(SequenceKey(1),))
    entry = made.call(operator.getitem, (base, 1), value)
    once, twice = (made.call(operator.mul, (entry, 2), value * 2) for _ in range(2))
    gm = made.finish(once, twice)
    written(gm, made)
    assert twice not in gm.graph.nodes
    assert entry in gm.graph.nodes


@pytest.mark.parametrize("bound", [False, True])
def test_what_only_a_check_needed_that_goes_goes_with_it(bound: bool) -> None:
    """Unless a symbol is bound there."""
    made = GraphBuilder()
    x = made.tensor("x", made.size())
    length = made.call(aten.sym_size.int, (x, 0), x.meta["val"].shape[0])
    if bound:
        length.meta["unbacked_bindings"] = {sympy.Symbol("u9", integer=True): ()}
    total = made.call(operator.add, (length, 1), length.meta["val"] + 1)
    condition = made.call(operator.ge, (total, total), True)
    words, others = made.graph.get_attr("words"), made.graph.get_attr("others")
    made.call(ASSERT, (True, others), None)
    made.call(ASSERT, (condition, words), None)
    module = torch.nn.Module()
    module.words = module.others = WORDS  # type: ignore[assignment]
    made.graph.output((words,))
    gm = fx.GraphModule(module, made.graph)
    report = written(gm, made)
    assert [node for node in gm.graph.nodes if node.op == "call_function"] == [length] * bound
    assert [node for node in gm.graph.nodes if node.op == "get_attr"] == [words]
    assert (report.shared, report.removed) == (0, 5 + (not bound))


def test_a_condition_is_told_as_it_was_checked_though_another_one_stands_for_it() -> None:
    made = GraphBuilder()
    _, (u,) = items(made, "a")
    torch._check(u * 2 < 1)
    torch._check(u < 1)
    gm = made.finish()
    rows = {(row.source, row.condition): row.outcome for row in written(gm, made)}
    assert rows == {
        ("range", "2 * a.item() < 1"): "merged",
        ("deferred", "2 * a.item() < 1"): "emitted",
        ("deferred", "a.item() < 1"): "merged",
    }


def test_what_follows_from_a_part_of_a_check_is_told_to_follow_from_the_assert_of_that_check() -> None:
    made = GraphBuilder()
    _, (u, v) = items(made, "a", "b")
    torch._check(u + v >= 5)
    torch._check((u >= 3) & (v >= 2))
    gm = made.finish()
    report = written(gm, made)
    (check,) = asserts(gm)
    assert [row.premises for row in report.having("implied")] == [(check.name,)]
