"""What the pass takes from torch's internals behaves as it assumes."""

from __future__ import annotations

import importlib.util
import operator
import pathlib
import re
from types import SimpleNamespace
from typing import Any

import pytest
import sympy
import torch
from torch import fx
from torch._dynamo.source import ConstantSource
from torch.fx.experimental import symbolic_shapes
from torch.utils._sympy.numbers import int_oo
from torch.utils._sympy.value_ranges import ValueRanges
from torch.utils._traceback import CapturedTraceback

from runtime_assert import _torch_api as api
from tests.runtime_assert.graphs import GraphBuilder, snapshot


def publicly(graph: fx.Graph) -> Any:
    def call(target: Any, args: tuple[Any, ...], anchor: fx.Node) -> fx.Node:
        with graph.inserting_after(anchor):
            return graph.call_function(target, args)

    return call


def shortly(graph: fx.Graph) -> Any:
    return api.CallMaker(graph).call


class Counted(fx.Graph):
    """A graph that counts how many calls are created the public way."""

    def __init__(self) -> None:
        super().__init__()
        self.publicly = 0

    def call_function(self, *args: Any, **kwargs: Any) -> fx.Node:
        self.publicly += 1
        return super().call_function(*args, **kwargs)


def calls(maker: Any) -> Counted:
    """Calls of operators, of which one is called four times, beside nodes whose names are in the way."""
    graph = Counted()
    x = graph.placeholder("x")
    for name in ("add_5", "add_6", "add_9", "add_1"):
        graph.placeholder(name)
    create = maker(graph)
    second = create(operator.add, (x, 2), x)
    first = create(operator.add, (x, 1), x)
    condition = create(operator.ge, (first, 2), second)
    create(api.ASSERT_SCALAR, (condition, "words"), condition)
    for number in range(6):
        create(operator.add, (second, number), second)
    create(operator.ge, (second, 3), second)
    graph.output((first,))
    graph.lint()
    return graph


def test_the_short_way_to_create_a_call_gives_what_the_public_way_gives() -> None:
    short, public = calls(shortly), calls(publicly)
    assert str(short) == str(public)
    assert len(short.nodes) == len(public.nodes)
    assert (short.publicly, public.publicly) == (3, 11)
    taken = [node.name for node in public.nodes if node.name.startswith("add")]
    for graph in (short, public):
        with graph.inserting_before(next(reversed(graph.nodes))):
            graph.call_function(operator.add, (1, 1))
            for name in taken:
                graph.create_node("call_function", operator.neg, (1,), name=name)
        graph.lint()
        names: Any = graph._graph_namespace
        assert [names._obj_to_name[node] for node in graph.nodes] == [node.name for node in graph.nodes]
    for target in (operator.add, operator.ge, api.ASSERT_SCALAR):
        found, expected = (graph.find_nodes(op="call_function", target=target) for graph in (short, public))
        assert [(node.name, node.op, node.kwargs) for node in found] == [
            (node.name, node.op, node.kwargs) for node in expected
        ]
    assert str(short) == str(public)


@pytest.mark.parametrize("hidden", ["_graph_namespace", "_find_nodes_lookup_table", "_len"])
def test_a_graph_of_another_layout_creates_its_calls_itself(hidden: str) -> None:
    class Other:
        def __init__(self, graph: fx.Graph) -> None:
            self.graph = graph

        def __getattr__(self, name: str) -> Any:
            if name == hidden:
                raise AttributeError(name)
            return getattr(self.graph, name)

    graph = calls(lambda graph: api.CallMaker(Other(graph)).call)  # type: ignore[arg-type]
    assert str(graph) == str(calls(publicly))
    assert graph.publicly == 11


def test_an_operator_that_is_listed_in_another_way_is_called_publicly() -> None:
    graph = Counted()
    x = graph.placeholder("x")
    maker = api.CallMaker(graph)
    maker._listed = {}
    for _ in range(3):
        maker.call(operator.neg, (x,), x)
    assert graph.publicly == 3


def test_hooks_on_node_creation_are_called() -> None:
    seen: list[str] = []
    gm = fx.GraphModule(torch.nn.Module(), calls(shortly))
    gm._register_create_node_hook(lambda node: seen.append(node.name))
    output = next(n for n in gm.graph.nodes if n.op == "output")
    maker = api.CallMaker(gm.graph)
    for _ in range(2):
        maker.call(operator.neg, (output.args[0][0],), output.prev)  # type: ignore[index]
    assert seen == ["neg", "neg_1"]


def test_exports_metadata_hook_is_silenced_and_others_are_not() -> None:
    from functools import partial

    from torch._export.passes._node_metadata_hook import _node_metadata_hook

    gm = fx.GraphModule(torch.nn.Module(), calls(shortly))
    seen: list[str] = []
    gm._register_create_node_hook(partial(_node_metadata_hook, metadata={"stack_trace": "here"}))
    gm._register_create_node_hook(lambda node: seen.append(node.name))
    hooks: Any = list(gm._create_node_hooks)
    with api.without_metadata_hooks(gm.graph) as extra:
        assert extra == {"stack_trace": "here"}
        output = next(n for n in gm.graph.nodes if n.op == "output")
        with gm.graph.inserting_before(output):
            gm.graph.call_function(operator.neg, (output.args[0][0],))  # type: ignore[index]
    assert seen == ["neg"]
    assert gm._create_node_hooks == hooks


@pytest.mark.parametrize("kind", ["int", "bool"])
def test_values_for_metadata_record_nothing(kind: str) -> None:
    made = GraphBuilder()
    size, count = made.size(6), made.unbacked()
    before = snapshot(made.env)
    s, u = api.raw_expr(size), api.raw_expr(count)
    assert isinstance(s, sympy.Expr)
    assert isinstance(u, sympy.Expr)
    value = api.make_value(s + u if kind == "int" else sympy.Ge(u, s), kind, made.env)
    assert isinstance(value, torch.SymInt if kind == "int" else torch.SymBool)
    assert snapshot(made.env) == before
    assert api.make_value(s + 1, "int", made.env).node.hint == 7


def test_the_edges_of_int64_are_no_bounds() -> None:
    """Issue 127396."""
    made = GraphBuilder()
    symbol: Any = api.raw_expr(made.unbacked())
    assert api.finite_int_bounds(made.env, symbol) == (None, None)
    for upper in (2**63 - 1, 2**63 - 2):
        made.env.constrain_symbol_range(symbol, compiler_min=0, compiler_max=upper)
        assert api.finite_int_bounds(made.env, symbol) == (0, None)


def test_chains_of_renamings_are_followed_to_the_first_name() -> None:
    made = GraphBuilder()
    a, b, c = (sympy.Symbol(f"u{i}", integer=True) for i in range(3))
    made.env.unbacked_renamings.update({c: b, b: a})
    assert api.renamings(made.env) == {c: a, b: a}


@pytest.mark.parametrize("name", ["canonicalize_bool_expr", "DivideByKey", "RuntimeAssert"])
def test_a_torch_that_lacks_what_is_needed_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one clear line, before anything of the pass is there to be half used."""
    monkeypatch.delattr(symbolic_shapes, name)
    spec = importlib.util.spec_from_file_location("torch_api_of_another_torch", api.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(ImportError, match=rf"is for torch 2\.11 and newer; torch .* lacks .*{name}"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_private_names_of_torch_are_met_in_one_module_only() -> None:
    """So that a torch that moved one of them is met there; `installer.py` names the modules that call the pass."""
    private = re.compile(r"^\s*(?:from|import) torch\S*(?:\._|experimental)(?!\S*pytree)", re.MULTILINE)
    folder = pathlib.Path(api.__file__).parent
    assert [file.name for file in sorted(folder.glob("*.py")) if private.search(file.read_text())] == ["_torch_api.py"]


# Values as torch keeps them.


def value_of(expr: Any, env: Any, kind: str = "int") -> Any:
    return api.make_value(expr, kind, env)


U, V, W = (sympy.Symbol(f"u{i}", integer=True) for i in range(3))


@pytest.mark.parametrize(
    ("symbol", "unbacked"),
    [
        (U, True),
        (sympy.Symbol("zuf0", real=True), True),
        (sympy.Symbol("s0", integer=True), False),
        (sympy.Symbol("zf0", real=True), False),
        (U + 1, False),
        (sympy.Integer(3), False),
    ],
)
def test_a_symbol_that_is_unknown_until_run_time_is_told_by_its_name(symbol: Any, unbacked: bool) -> None:
    assert api.is_unbacked(symbol) is unbacked


def test_traced_values_are_found_under_either_key() -> None:
    graph = fx.Graph()
    x, y, z = (graph.placeholder(name) for name in "xyz")
    x.meta.update(example_value=1, val=2)
    y.meta["val"] = 3
    assert [api.example_value(node) for node in (x, y, z)] == [1, 3, None]


@pytest.mark.parametrize(
    ("metas", "key"),
    [
        (({}, {"example_value": 1}, {"val": 2}), "example_value"),
        (({}, {"val": 2}, {"example_value": 1}), "val"),
        (({}, {}), "val"),
        ((), "val"),
    ],
)
def test_new_nodes_keep_their_values_under_the_key_of_the_graph(metas: tuple[dict[str, Any], ...], key: str) -> None:
    graph = fx.Graph()
    for number, meta in enumerate(metas):
        graph.placeholder(f"x{number}").meta.update(meta)
    assert api.value_key(graph) == key


def test_only_symbolic_values_have_an_expression() -> None:
    made = GraphBuilder()
    count = made.unbacked()
    assert api.raw_expr(count) == api.replaced_expr(count) == U
    ragged = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged).shape[1]
    for value in (3, None, "words", torch.ones(2), ragged):
        assert api.raw_expr(value) is None
        assert api.replaced_expr(value) is None


def test_chains_of_replacements_are_followed_to_their_end() -> None:
    made = GraphBuilder()
    value = value_of(U * 2 + 1, made.env)
    made.env.replacements.update({U: V + 1, V: W, W: sympy.Integer(5)})  # type: ignore[dict-item]
    assert api.raw_expr(value) == U * 2 + 1
    assert api.replaced_expr(value) == sympy.Integer(13)


def test_what_was_not_replaced_is_what_it_was() -> None:
    made = GraphBuilder()
    made.env.replacements.update({U: V, V: W})
    assert api.replaced_expr(value_of(W + 1, made.env)) == W + 1


def test_a_replacement_that_leads_back_is_given_up() -> None:
    made = GraphBuilder()
    made.env.replacements.update({U: V, V: U})
    assert api.replaced_expr(value_of(U, made.env)) == U


def test_conditions_are_compared_in_the_form_in_which_they_are_recorded() -> None:
    assert api.canonical(sympy.Ge(U, 3)) == api.canonical(sympy.Le(3, U, evaluate=False)) != api.canonical(V >= 3)


def test_renamings_that_lead_back_end_and_a_torch_without_them_has_none() -> None:
    env: Any = SimpleNamespace(unbacked_renamings={U: V, V: W, W: V})
    assert api.renamings(env) == {U: W, V: W, W: V}
    for without in (SimpleNamespace(), SimpleNamespace(unbacked_renamings=None)):
        assert api.renamings(without) == {}  # type: ignore[arg-type]


def test_examples_are_found_under_the_name_that_the_installed_torch_gives_them() -> None:
    new, old = SimpleNamespace(backed_var_to_val={U: 1}, var_to_val={U: 2}), SimpleNamespace(var_to_val={U: 2})
    assert (api.backed_values(new), api.backed_values(old)) == ({U: 1}, {U: 2})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("env", "config", "expected"),
    [
        (SimpleNamespace(specialize_zero_one=True), SimpleNamespace(backed_size_oblivious=False), True),
        (SimpleNamespace(specialize_zero_one=True), SimpleNamespace(), True),
        (SimpleNamespace(specialize_zero_one=True), SimpleNamespace(backed_size_oblivious=True), False),
        (SimpleNamespace(specialize_zero_one=False), SimpleNamespace(backed_size_oblivious=False), False),
        (SimpleNamespace(), SimpleNamespace(), False),
    ],
)
def test_sizes_of_zero_and_one_are_constants_if_torch_says_so(
    env: Any, config: Any, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_config", config)
    assert api.specialises_zero_one(env) is expected


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((2, 9), (2, 9)),
        ((-int_oo, int_oo), (None, None)),
        ((-(2**63) + 1, 2**63 - 3), (-(2**63) + 1, 2**63 - 3)),
        ((-(2**63), 2**63 - 2), (None, None)),
        ((-(2**63) - 5, 2**63 + 5), (None, None)),
        ((2.5, 3.5), (None, None)),
    ],
)
def test_bounds_of_integers_are_those_that_say_something(bounds: Any, expected: Any) -> None:
    env: Any = SimpleNamespace(var_to_range={U: ValueRanges(*bounds)})
    found = api.finite_int_bounds(env, U)
    assert found == expected
    assert all(bound is None or type(bound) is int for bound in found)
    assert api.finite_int_bounds(env, V) == (None, None)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [((2.5, 3.5), (2.5, 3.5)), ((-sympy.oo, sympy.oo), (None, None)), ((2, 9), (None, None))],
)
def test_bounds_of_floats_are_those_that_say_something(bounds: Any, expected: Any) -> None:
    env: Any = SimpleNamespace(var_to_range={U: ValueRanges(*bounds)})
    found = api.finite_float_bounds(env, U)
    assert found == expected
    assert all(bound is None or type(bound) is float for bound in found)
    assert api.finite_float_bounds(env, V) == (None, None)


@pytest.mark.parametrize("made_at_run_time", [False, True])
@pytest.mark.parametrize(
    ("kind", "wrapped", "number"),
    [("int", torch.SymInt, int), ("float", torch.SymFloat, float), ("bool", torch.SymBool, bool)],
)
def test_a_value_for_metadata_is_of_its_kind_and_knows_its_example_if_it_is_a_number_made_of_inputs(
    kind: str, wrapped: Any, number: Any, made_at_run_time: bool
) -> None:
    made = GraphBuilder()
    expr: Any = api.raw_expr(made.size(6))
    expr = sympy.Gt(expr, 3) if kind == "bool" else expr * 2
    value = api.make_value(expr, kind, made.env, made_at_run_time)
    assert type(value) is wrapped
    assert (value.node._expr, value.node.shape_env, value.node.pytype) == (expr, made.env, number)
    hint = None if made_at_run_time or kind == "bool" else number(12)
    assert (value.node._hint, type(value.node._hint)) == (hint, type(hint))


def test_what_has_no_example_is_not_given_one() -> None:
    made = GraphBuilder()
    size: Any = api.raw_expr(made.size(6))
    for expr in (U + size, sympy.Function("unknown")(size)):
        assert api.make_value(expr, "int", made.env).node._hint is None
    assert api.make_value(sympy.Integer(7), "int", made.env).node._hint == 7


def test_an_example_is_worked_out_for_a_sum_of_few_and_not_of_many() -> None:
    made = GraphBuilder()
    sizes: list[Any] = [api.raw_expr(made.size(number)) for number in range(3, 20)]
    assert api.make_value(sympy.Add(*sizes[:16]), "int", made.env).node._hint == sum(range(3, 19))
    assert api.make_value(sympy.Add(*sizes), "int", made.env).node._hint is None


# Metadata of export, lines and sources.


def test_export_wants_a_stack_and_a_name_of_every_call() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    empty = "_empty_nn_module_stack_from_metadata_hook"
    for node, name, kind in (
        (graph.call_function(operator.add, (x, 1)), "add", "builtin_function_or_method"),
        (graph.call_function(api.ASSERT_SCALAR, (x, "words")), "_assert_scalar.default", "OpOverload"),
        (graph.call_method("numel", (x,)), "numel", "str"),
    ):
        assert api.export_metadata(node) == {
            "nn_module_stack": {empty: (empty, empty)},
            "torch_fn": (f"{name}_0", f"{kind}.{name}"),
            "custom": {},
        }


def test_frames_are_told_of_each_stack_and_none_where_nothing_was_captured() -> None:
    first, second = CapturedTraceback.extract(), CapturedTraceback.extract()
    nothing = SimpleNamespace(tb=None)
    found = api.raw_frames([None, first, nothing, second])
    assert (found[0], found[2], len(found)) == ([], [], 4)
    here = test_frames_are_told_of_each_stack_and_none_where_nothing_was_captured.__name__
    for frames in (found[1], found[3]):
        assert here in [frame["name"] for frame in frames]
    assert api.raw_frames([]) == []


@pytest.mark.parametrize("name", ["L['a']", lambda: "L['a']"])
def test_a_source_has_its_name_as_an_attribute_or_as_a_method(name: Any) -> None:
    env: Any = SimpleNamespace(var_to_sources={U: [SimpleNamespace(name=name), ConstantSource("other")], V: []})
    assert api.source_name(env, U) == "L['a']"
    assert api.source_name(env, V) is None
    for without in (SimpleNamespace(), SimpleNamespace(var_to_sources=None)):
        assert api.source_name(without, U) is None  # type: ignore[arg-type]


def listing(*values: object) -> Any:
    """An environment that lists tensors of the user's, in order."""
    sources = [ConstantSource(f"user{number}") for number in range(len(values))]
    fakes = [SimpleNamespace(fake=value, source=source) for value, source in zip(values, sources, strict=True)]
    return SimpleNamespace(tracked_fakes=fakes)


def test_the_source_of_a_scalar_is_that_of_its_symbol() -> None:
    made = GraphBuilder()
    size = made.size()
    known, double, count = made.scalar("n", size), made.scalar("m", 2 * size), made.scalar("k", made.unbacked())
    (source,) = made.env.var_to_sources[api.raw_expr(size)]  # type: ignore[index]
    assert api.input_sources(made.env, [known, double, count]) == {known: api._text(source)}
    assert api.input_sources(None, [known]) == {known: api._text(source)}
    assert api.input_sources(SimpleNamespace(tracked_fakes=None), [known, double]) == {known: api._text(source)}  # type: ignore[arg-type]


def test_the_sources_of_tensors_are_those_that_export_lists_behind_what_it_lifted() -> None:
    made = GraphBuilder()
    lifted, first, second = (made.tensor(f"arg{n}_1", n + 2) for n in range(3))
    env = listing(first.meta["val"], second.meta["val"])
    assert api.input_sources(env, [lifted, first, second]) == {first: "user0", second: "user1"}


def test_what_export_lists_is_not_taken_for_inputs_that_are_others() -> None:
    """That have names of their own, are fewer, or have other shapes."""
    made = GraphBuilder()
    first, second, named = made.tensor("arg0_1", 2), made.tensor("arg1_1", 3), made.tensor("weight", 3)
    env = listing(first.meta["val"], second.meta["val"])
    assert api.input_sources(env, [first, second]) == {first: "user0", second: "user1"}
    for inputs in ([first, named], [second], [second, first]):
        assert api.input_sources(env, inputs) == {}


def test_numbers_are_listed_beside_tensors() -> None:
    made = GraphBuilder()
    tensor, number = made.tensor("arg0_1", 2), made.scalar("arg1_1", 3)
    assert api.input_sources(listing(tensor.meta["val"], 3), [tensor, number]) == {tensor: "user0", number: "user1"}
