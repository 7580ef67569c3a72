"""What is told of an assert that fails, on graphs made by hand: values, names, bodies, inputs."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import fx

from runtime_assert import Diagnosis, diagnose, explaining
from tests.runtime_assert.graphs import ASSERT, aten

higher = torch.ops.higher_order


def module(build: Callable[[fx.Graph], Any], **parts: fx.GraphModule) -> fx.GraphModule:
    """The module of a graph that `build` fills and yields the output of; `parts` are its attributes."""
    root, graph = torch.nn.Module(), fx.Graph()
    for name, part in parts.items():
        root.add_module(name, part)
    graph.output(build(graph))
    return fx.GraphModule(root, graph)


def demand(graph: fx.Graph, condition: Any, words: str = "words") -> fx.Node:
    return graph.call_function(ASSERT, (condition, words))


def at_least(bound: int, added: int = 0, operands: int = 1) -> fx.GraphModule:
    """A body that wants its first input to be so much, and yields that and `added`."""

    def build(graph: fx.Graph) -> Any:
        first, *_ = (graph.placeholder(name) for name in ("p", "q")[:operands])
        demand(graph, graph.call_function(operator.ge, (first, bound)), f"at least {bound}")
        return (graph.call_function(operator.add, (first, added)),)

    return module(build)


def told(program: fx.GraphModule, *args: Any) -> tuple[str, dict[str, Any], tuple[str, ...]] | None:
    found = diagnose(program, *args)
    return None if found is None else (found.message, dict(found.values), found.subgraph)


@pytest.mark.parametrize("named", [True, False])
def test_a_diagnosis_prints_what_its_message_does_not_say(named: bool) -> None:
    said = "x >= 3 (checked at model.py:7)" if named else "words"
    found = Diagnosis(said, "x >= 3", (("x", 1), ("y", 2)), "model.py:7", None, "check", ("outer", "inner"))
    rest = "" if named else "\n  condition: x >= 3"
    place = "" if named else "\n  at: model.py:7"
    assert str(found) == f"{said}{rest}\n  found: x = 1, y = 2{place}\n  in: outer / inner"
    assert str(Diagnosis(said, "x >= 3", (), "", None, "check")) == f"{said}{rest}"


def test_of_an_assert_everything_is_told_that_the_graph_knows() -> None:
    def build(graph: fx.Graph) -> Any:
        x, y = graph.placeholder("x"), graph.placeholder("y")
        total = graph.call_function(torch.sym_sum, ([x, y, x],))
        double = graph.call_function(operator.mul, (2, total))
        check = demand(graph, graph.call_function(operator.le, (double, y)))
        check.meta["stack_trace"] = '  File "/home/me/model.py", line 7, in forward\n'
        return (x,)

    found = diagnose(module(build), 4, 5)
    assert found is not None
    assert found == Diagnosis(
        "words",
        "2 * (x + y + x) <= y",
        (("x", 4), ("y", 5)),
        "model.py:7",
        '  File "/home/me/model.py", line 7, in forward\n',
        "_assert_scalar_default",
    )
    assert diagnose(module(build), -4, 0) is None


def test_sizes_and_other_numbers_of_tensors_are_named_by_their_tensor() -> None:
    def build(graph: fx.Graph) -> Any:
        a = graph.placeholder("a")
        size = graph.call_function(aten.sym_size.int, (a, 0))
        stride = graph.call_function(aten.sym_stride.int, (a, 0))
        offset = graph.call_function(aten.sym_storage_offset.default, (a,))
        count = graph.call_function(aten.sym_numel.default, (a,))
        length = graph.call_method("size", (a, 1))
        parts = [size, stride, offset, count, length]
        total = parts[0]
        for part in parts[1:]:
            total = graph.call_function(operator.add, (total, part))
        demand(graph, graph.call_function(operator.le, (total, 3)))
        return (a,)

    found = diagnose(module(build), torch.ones(4, 6)[1:, 2:])
    assert found is not None
    assert list(found.values)[:3] == [("a.shape[0]", 3), ("a.stride(0)", 6), ("a.storage_offset()", 8)]
    assert [value for _, value in found.values] == [3, 6, 8, 12, 4]
    assert found.condition.startswith("(((a.shape[0] + a.stride(0)) + a.storage_offset()) + ")


@pytest.mark.parametrize("condition", [False, 0])
def test_a_constant_that_does_not_hold_has_no_values(condition: Any) -> None:
    def build(graph: fx.Graph) -> Any:
        graph.call_function(torch._check, (condition,))
        return ()

    found = diagnose(module(build))
    assert found is not None
    assert (found.message, found.condition) == (f"Runtime assertion failed: {condition}", str(condition))
    assert (found.values, found.location, found.stack_trace) == ((), "", None)


def test_a_value_that_is_no_number_is_not_told() -> None:
    def build(graph: fx.Graph) -> Any:
        x, y = graph.placeholder("x"), graph.placeholder("y")
        demand(graph, graph.call_function(operator.ge, (x, y)))
        return ()

    found = diagnose(module(build), torch.tensor(1), 3)
    assert found is not None
    assert found.values == (("y", 3),)


def test_a_shared_part_of_a_condition_is_told_once_and_a_deep_one_is_read() -> None:
    def build(graph: fx.Graph) -> Any:
        x = y = graph.placeholder("x")
        for _ in range(3000):
            y = graph.call_function(operator.add, (y, 1))
        both = graph.call_function(operator.mul, (y, y))
        demand(graph, graph.call_function(operator.lt, (both, x)))
        return ()

    assert [node.name for node in _leaves(module(build))] == ["x"]


def _leaves(program: fx.GraphModule) -> list[fx.Node]:
    from runtime_assert.diagnosis import _leaves as leaves

    (check,) = [node for node in program.graph.nodes if node.target is ASSERT]
    return leaves(check.args[0])  # type: ignore[arg-type]


# Bodies.


@pytest.mark.parametrize(
    ("predicate", "x", "expected"),
    [
        (True, 2, ("at least 3", {"p": 2}, ("yes",))),
        (False, 6, ("at least 7", {"p": 6}, ("no",))),
        (True, 4, ("outside", {"cond[0]": 14}, ())),
        (False, 8, None),
    ],
)
def test_a_branch_is_run_if_it_is_taken(predicate: bool, x: int, expected: Any) -> None:
    def build(graph: fx.Graph) -> Any:
        flag, p = graph.placeholder("flag"), graph.placeholder("p")
        bodies = (graph.get_attr("yes"), graph.get_attr("no"))
        result = graph.call_function(higher.cond, (flag, *bodies, (p,)))
        value = graph.call_function(operator.getitem, (result, 0))
        demand(graph, graph.call_function(operator.ne, (value, 14)), "outside")
        return (value,)

    found = told(module(build, yes=at_least(3, 10), no=at_least(7, 20)), predicate, x)
    if expected is not None and expected[0] == "outside":
        assert found is not None
        assert (found[0], list(found[1].values()), found[2]) == ("outside", [14], ())
    else:
        assert found == expected


def test_a_branch_may_need_no_operands() -> None:
    def build(graph: fx.Graph) -> Any:
        flag = graph.placeholder("flag")
        graph.call_function(higher.cond, (flag, graph.get_attr("yes"), graph.get_attr("no")))
        return ()

    fails = module(lambda graph: demand(graph, False, "never") and ())
    passes = module(lambda graph: ())
    assert told(module(build, yes=fails, no=passes), True) == ("never", {}, ("yes",))
    assert told(module(build, yes=fails, no=passes), False) is None


CALLS: dict[str, Callable[[fx.Node, fx.Node, fx.Node], tuple[Any, tuple[Any, ...], dict[str, Any]]]] = {
    "invoke_subgraph": lambda body, x, y: (higher.invoke_subgraph, (body, "name", x, y), {}),
    "wrap": lambda body, x, y: (higher.wrap, (body, x, y), {}),
    "checkpoint": lambda body, x, y: (higher.tag_activation_checkpoint, (body, x, y), {"use_reentrant": False}),
    "no_grad": lambda body, x, y: (higher.wrap_with_set_grad_enabled, (False, body, x, y), {}),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_body_that_is_called_is_run_with_its_operands_and_yields_its_result(name: str) -> None:
    def build(graph: fx.Graph) -> Any:
        x, y = graph.placeholder("x"), graph.placeholder("y")
        target, args, kwargs = CALLS[name](graph.get_attr("body"), x, y)
        result = graph.call_function(target, args, kwargs)
        value = graph.call_function(operator.getitem, (result, 0))
        demand(graph, graph.call_function(operator.eq, (value, y)), "outside")
        return (value,)

    program = module(build, body=at_least(3, 10, operands=2))
    assert told(program, 2, 0) == ("at least 3", {"p": 2}, ("body",))
    assert told(program, 4, 14) is None
    found = told(program, 4, 15)
    assert found is not None
    assert (found[0], sorted(found[1].values()), found[2]) == ("outside", [14, 15], ())


def test_a_body_that_comes_in_as_an_input_is_named_by_its_call() -> None:
    def build(graph: fx.Graph) -> Any:
        body, x = graph.placeholder("body"), graph.placeholder("x")
        return graph.call_function(higher.wrap, (body, x))

    assert told(module(build), at_least(3), 2) == ("at least 3", {"p": 2}, ("wrap",))


def test_an_input_that_is_called_like_an_operator_is_none() -> None:
    def build(graph: fx.Graph) -> Any:
        x = graph.placeholder("cond")
        demand(graph, graph.call_function(operator.ge, (x, 3)))
        return (graph.call_method("wrap", (x,)),)

    class Wrapped(int):
        def wrap(self) -> int:
            return self

    assert told(module(build), 2) == ("words", {"cond": 2}, ())
    assert diagnose(module(build), Wrapped(4)) is None


def test_bodies_in_bodies_are_named_from_the_outside_in() -> None:
    def call(graph: fx.Graph) -> Any:
        x = graph.placeholder("x")
        return graph.call_function(higher.wrap, (graph.get_attr("body"), x))

    program = module(call, body=module(call, body=at_least(3)))
    assert told(program, 2) == ("at least 3", {"p": 2}, ("body", "body"))


@pytest.mark.parametrize(("start", "limit", "fails"), [(0, 3, None), (0, 5, 3), (4, 3, None), (3, 5, 3)])
@pytest.mark.parametrize("listed", [True, False])
def test_a_loop_is_run_as_long_as_its_condition_holds(start: int, limit: int, fails: Any, listed: bool) -> None:
    def condition(graph: fx.Graph) -> Any:
        step, _, last = (graph.placeholder(name) for name in ("step", "seen", "last"))
        less = graph.call_function(operator.lt, (step, last))
        return (less,) if listed else less

    def step(graph: fx.Graph) -> Any:
        step, seen, _ = (graph.placeholder(name) for name in ("step", "seen", "last"))
        demand(graph, graph.call_function(operator.lt, (step, 3)), "below three")
        return tuple(graph.call_function(operator.add, (value, 1)) for value in (step, seen))

    def build(graph: fx.Graph) -> Any:
        start, last = graph.placeholder("start"), graph.placeholder("last")
        bodies = (graph.get_attr("condition"), graph.get_attr("step"))
        result = graph.call_function(higher.while_loop, (*bodies, (start, start), (last,)))
        one, other = (graph.call_function(operator.getitem, (result, n)) for n in (0, 1))
        demand(graph, graph.call_function(operator.eq, (one, other)), "together")
        demand(graph, graph.call_function(operator.ge, (one, last)), "at the end")
        return (one,)

    found = told(module(build, condition=module(condition), step=module(step)), start, limit)
    assert found == (None if fails is None else ("below three", {"step": fails}, ("step",)))


@pytest.mark.parametrize(("rows", "fails"), [([4, 5, 6], None), ([4, 1, 0], 1)])
def test_a_map_is_run_row_by_row(rows: list[int], fails: Any) -> None:
    def row(graph: fx.Graph) -> Any:
        value, added = graph.placeholder("value"), graph.placeholder("added")
        number = graph.call_function(aten.item.default, (value,))
        demand(graph, graph.call_function(operator.ge, (number, 3)), "row")
        total = graph.call_function(operator.add, (value, added))
        return (total, value)

    def build(graph: fx.Graph) -> Any:
        rows, added = graph.placeholder("rows"), graph.placeholder("added")
        result = graph.call_function(higher.map_impl, (graph.get_attr("row"), (rows,), (added,)))
        total = graph.call_function(operator.getitem, (result, 0))
        same = graph.call_function(torch.equal, (total, graph.call_function(operator.add, (rows, added))))
        demand(graph, same, "all rows")
        return (total,)

    found = told(module(build, row=module(row)), torch.tensor(rows), 10)
    assert found == (None if fails is None else ("row", {"value.item()": fails}, ("row",)))


@pytest.mark.parametrize(("rows", "total", "fails"), [([1, 2, 3], 16, None), ([1, 2, 3], 15, 16), ([1, 9, 0], 0, 20)])
def test_a_scan_is_run_step_by_step_with_what_it_carries(rows: list[int], total: int, fails: Any) -> None:
    def step(graph: fx.Graph) -> Any:
        carried, row, _ = (graph.placeholder(name) for name in ("carried", "row", "other"))
        following = graph.call_function(operator.add, (carried, row))
        number = graph.call_function(aten.item.default, (following,))
        demand(graph, graph.call_function(operator.le, (number, 19)), "step")
        return (following, following, row)

    def build(graph: fx.Graph) -> Any:
        rows, wanted = graph.placeholder("rows"), graph.placeholder("wanted")
        start = graph.call_function(torch.tensor, (10,))
        result = graph.call_function(higher.scan, (graph.get_attr("step"), (start,), (rows,), (wanted,)))
        carried, steps, kept = (graph.call_function(operator.getitem, (result, n)) for n in (0, 1, 2))
        demand(graph, graph.call_function(torch.equal, (kept, rows)), "rows")
        last = graph.call_function(operator.getitem, (steps, -1))
        demand(graph, graph.call_function(torch.equal, (last, carried)), "last")
        number = graph.call_function(aten.item.default, (carried,))
        demand(graph, graph.call_function(operator.eq, (number, wanted)), "total")
        return (carried,)

    found = diagnose(module(build, step=module(step)), torch.tensor(rows), total)
    if fails is None:
        assert found is None
    else:
        assert found is not None
        assert [value for _, value in found.values][:1] == [fails]
        assert (found.message, found.subgraph) == (("step", ("step",)) if fails == 20 else ("total", ()))


# Inputs and backends.


def test_inputs_are_given_in_order_or_by_name() -> None:
    gm = fx.symbolic_trace(lambda a, b, c: a + b * c)
    assert diagnose(gm, 1, c=2, b=3) is None
    with pytest.raises(TypeError, match=r"^the graph takes no input d, e; it takes b, c$"):
        diagnose(gm, 1, e=2, d=3)
    with pytest.raises(TypeError, match=r"^the graph takes 3 inputs \(a, b, c\), 2 were given$"):
        diagnose(gm, 1, c=2)
    with pytest.raises(TypeError, match=r"^diagnose\(\) takes a GraphModule or an ExportedProgram, not int$"):
        diagnose(3)


def test_inputs_by_name_reach_the_input_of_that_name() -> None:
    def build(graph: fx.Graph) -> Any:
        _, b, c = (graph.placeholder(name) for name in "abc")
        demand(graph, graph.call_function(operator.le, (b, c)))
        return ()

    assert diagnose(module(build), 0, c=2, b=1) is None
    found = diagnose(module(build), 0, c=1, b=2)
    assert found is not None
    assert found.values == (("b", 2), ("c", 1))


def test_a_backend_may_change_its_graph_and_what_it_raises_is_told_with_the_values() -> None:
    def build(graph: fx.Graph) -> Any:
        x = graph.placeholder("x")
        demand(graph, graph.call_function(operator.ge, (x, 3)))
        return (x,)

    fault = RuntimeError("compiled")

    def backend(gm: fx.GraphModule, inputs: list[Any]) -> Callable[..., Any]:
        assert inputs == [5]
        for node in reversed(gm.graph.nodes):
            gm.graph.erase_node(node)

        def run(x: int) -> int:
            if x < 9:
                raise fault
            return x

        return run

    run = explaining(backend)(module(build), [5])
    assert run(9) == 9
    with pytest.raises(RuntimeError, match=r"^words\n  condition: x >= 3\n  found: x = 1$") as caught:
        run(1)
    assert caught.value.__cause__ is fault
    with pytest.raises(RuntimeError) as again:
        run(4)
    assert again.value is fault


def test_an_input_that_is_a_list_is_given_by_name_as_it_is() -> None:
    def build(graph: fx.Graph) -> Any:
        graph.placeholder("a")
        xs = graph.placeholder("xs")
        first, second = (graph.call_function(operator.getitem, (xs, index)) for index in range(2))
        demand(graph, graph.call_function(operator.le, (first, second)))
        return ()

    assert diagnose(module(build), 0, xs=[1, 2]) is None
    found = diagnose(module(build), 0, xs=[2, 1])
    assert found is not None
    assert [value for _, value in found.values] == [2, 1]


def test_inputs_within_inputs_are_given_as_the_program_takes_them() -> None:
    class Nested(torch.nn.Module):
        def forward(self, pair: list[torch.Tensor], *, more: dict[str, torch.Tensor], last: torch.Tensor) -> Any:
            u, v, w = pair[0].item(), more["n"].item(), last.item()
            torch._check(u <= v)
            torch._check(v <= w)
            return pair[1] + u

    def numbers(*values: int) -> list[torch.Tensor]:
        return [torch.tensor(value) for value in values]

    def asked(u: int, v: int, w: int) -> Any:
        program: Any = exported
        (first, n, last), other = numbers(u, v, w), torch.ones(2)
        return diagnose(program, [first, other], last=last, more={"n": n})

    one, two, three = numbers(1, 2, 3)
    exported = torch.export.export(Nested(), ([one, torch.ones(2)],), {"more": {"n": two}, "last": three})
    assert asked(4, 5, 6) is None
    assert {6, 5} <= {value for _, value in asked(6, 5, 7).values}
    assert {6, 5} <= {value for _, value in asked(4, 6, 5).values}
    with pytest.raises(TypeError, match=r"it takes more, last$"):
        diagnose(exported, [one, torch.ones(2)], less=two)


def test_what_a_branch_takes_may_be_given_by_name() -> None:
    def build(graph: fx.Graph) -> Any:
        flag, p = graph.placeholder("flag"), graph.placeholder("p")
        bodies = (graph.get_attr("yes"), graph.get_attr("no"))
        return graph.call_function(higher.cond, (flag, *bodies), {"operands": (p,)})

    gm = module(build, yes=at_least(3), no=at_least(7))
    assert told(gm, True, 2) == ("at least 3", {"p": 2}, ("yes",))
    assert told(gm, False, 7) is None


def test_every_value_of_a_condition_is_told_behind_one_that_comes_twice() -> None:
    def build(graph: fx.Graph) -> Any:
        x, y, z = (graph.placeholder(name) for name in "xyz")
        first, second = (graph.call_function(operator.lt, (x, other)) for other in (y, z))
        demand(graph, graph.call_function(torch.sym_not, (graph.call_function(operator.or_, (first, second)),)))
        return ()

    assert told(module(build), 1, 2, 3) == ("words", {"x": 1, "y": 2, "z": 3}, ())


def test_a_value_beside_what_is_computed_from_it_is_read() -> None:
    def build(graph: fx.Graph) -> Any:
        x, y = (graph.placeholder(name) for name in "xy")
        demand(graph, graph.call_function(operator.lt, (x, graph.call_function(operator.add, (x, y)))))
        return ()

    found = diagnose(module(build), 1, -2)
    assert found is not None
    assert (found.condition, found.values) == ("x < x + y", (("x", 1), ("y", -2)))


def test_the_backend_that_explains_is_inductor_unless_another_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(torch._dynamo, "lookup_backend", asked.append)
    explaining()
    explaining("eager")
    assert asked == ["inductor", "eager"]
