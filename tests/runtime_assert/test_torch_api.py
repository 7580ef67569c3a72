"""What the pass takes from torch's internals behaves as it assumes."""

from __future__ import annotations

import importlib.util
import operator
import pathlib
import re
from typing import Any

import pytest
import sympy
import torch
from torch import fx
from torch.fx.experimental import symbolic_shapes

from runtime_assert import _torch_api as api
from tests.runtime_assert.graphs import GraphBuilder, snapshot


def publicly(graph: fx.Graph) -> Any:
    def call(target: Any, args: tuple[Any, ...], anchor: fx.Node) -> fx.Node:
        with graph.inserting_after(anchor):
            return graph.call_function(target, args)

    return call


def shortly(graph: fx.Graph) -> Any:
    return api.CallMaker(graph).call


def calls(maker: Any) -> fx.Graph:
    graph = fx.Graph()
    x = graph.placeholder("x")
    create = maker(graph)
    second = create(operator.add, (x, 2), x)
    first = create(operator.add, (x, 1), x)
    condition = create(operator.ge, (first, 2), second)
    create(api.ASSERT_SCALAR, (condition, "words"), condition)
    graph.output((first,))
    graph.lint()
    return graph


def test_the_short_way_to_create_a_call_gives_what_the_public_way_gives() -> None:
    short, public = calls(shortly), calls(publicly)
    assert str(short) == str(public)
    assert len(short.nodes) == len(public.nodes)
    assert len(short.find_nodes(op="call_function", target=operator.add)) == 2


def test_hooks_on_node_creation_are_called() -> None:
    seen: list[str] = []
    gm = fx.GraphModule(torch.nn.Module(), calls(shortly))
    gm._register_create_node_hook(lambda node: seen.append(node.name))
    output = next(n for n in gm.graph.nodes if n.op == "output")
    api.CallMaker(gm.graph).call(operator.neg, (output.args[0][0],), output.prev)  # type: ignore[index]
    assert seen == ["neg"]


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
