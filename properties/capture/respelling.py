"""A traced graph as another tracer, an older one or a user's hand would have written it down.

A pass that takes torch's place is given graphs that no front end of this suite makes: checks by keyword, sizes asked by
methods, values under Dynamo's key or under none, an input that only shows twice a dim. Each respelling is one habit,
and :func:`respelled` lets chance choose some of them. Those of this table keep the inputs as they are, so that whatever
holds of a Program's capture has to hold of its respelled one; :mod:`properties.capture.foreign` has the others.
"""

from __future__ import annotations

import operator
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sympy
import torch
from torch import fx
from torch.fx.experimental.sym_node import SymNode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.read.targets import condition_of

aten = torch.ops.aten
_ASSERT = aten._assert_scalar.default
_PLAIN_ASSERT = getattr(torch, "_assert_scalar")  # noqa: B009 - no name of torch's stubs
_CHECKS = frozenset({_ASSERT, _PLAIN_ASSERT, torch._check})
_ITEMS = frozenset({aten.item.default, aten._local_scalar_dense.default})
SYMBOLIC = (torch.SymInt, torch.SymFloat, torch.SymBool)
_TRACES = ("stack_trace", "nn_module_stack", "custom", "from_node", "source_fn_stack", "torch_fn")

_USUAL = 4
"""How many habits a respelled graph shows on average."""

Respelling = Callable[[fx.GraphModule, ShapeEnv, random.Random], None]


def respelled(
    module: fx.GraphModule, env: ShapeEnv, seed: int | str, table: Mapping[str, Respelling] | None = None
) -> tuple[str, ...]:
    """Respells ``module`` (and, for some of ``foreign.FOREIGN``, ``env``) in place; the names of what was done.

    The same ``seed`` does the same to the same graph. ``table`` is :data:`FAITHFUL` if none is given.
    """
    chance = random.Random(seed)
    habits = FAITHFUL if table is None else table
    chosen = [name for name in habits if chance.random() < _USUAL / len(habits)] or [chance.choice(list(habits))]
    for name in chosen:
        habits[name](module, env, chance)
    return tuple(chosen)


def value_of(node: fx.Node) -> Any:
    """What tracing noted as the value of ``node``, under either key."""
    return node.meta.get("example_value", node.meta.get("val"))


def symbolic(module: fx.GraphModule) -> Iterator[fx.Node]:
    """The nodes that yield a symbolic number or condition."""
    for node in list(module.graph.nodes):
        if isinstance(value_of(node), SYMBOLIC) and isinstance(value_of(node).node, SymNode):
            yield node


def checks(module: fx.GraphModule) -> list[fx.Node]:
    """The asserts of the graph, in any of their forms."""
    return [node for node in module.graph.nodes if node.target in _CHECKS]


def _after(node: fx.Node, target: Any, args: tuple[Any, ...], value: Any = None, op: str = "call_function") -> fx.Node:
    """A new call behind ``node``, from the same line; without a value if there is none to note."""
    behind = node.graph.find_nodes(op="placeholder")[-1] if node.op == "placeholder" else node
    with node.graph.inserting_after(behind):
        new = node.graph.create_node(op, target, args)
    new.meta.update({key: node.meta[key] for key in _TRACES if key in node.meta})
    if value is not None:
        new.meta["example_value" if "example_value" in node.meta else "val"] = value
    return new


def _first(module: fx.GraphModule) -> fx.Node:
    """The last placeholder, behind which computation begins; where there is none, a placeholder is added."""
    inputs = module.graph.find_nodes(op="placeholder")
    if inputs:
        return inputs[-1]
    with module.graph.inserting_before(next(iter(module.graph.nodes))):
        return module.graph.placeholder("nothing")


def _values_under_dynamos_key(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    for node in module.graph.nodes:
        if "val" in node.meta:
            node.meta["example_value"] = node.meta.pop("val")


def _recorded_conditions_checked(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """Conditions that the graph computes and that have to hold anyway become checks of their own."""
    recorded = {ra.expr for ras in env.deferred_runtime_asserts.values() for ra in ras}
    for node in symbolic(module):
        value = value_of(node)
        if isinstance(value, torch.SymBool) and (value.node._expr in recorded or value.node._expr == sympy.true):
            for _ in range(chance.choice((1, 1, 2))):
                _after(node, _ASSERT, (node, "the size does not fit"))


def _checks_of_constants(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    start = _first(module)
    _after(start, _ASSERT, (True, "always"))
    # A condition that carries no value: what it is made of no metadata tells.
    found = _after(start, operator.not_, (False,), chance.choice((None, True)))
    _after(found, chance.choice((_ASSERT, torch._check)), (found, "always"))


def _checks_by_keyword(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    for node in checks(module):
        if node.kwargs:
            continue
        first, second = ("cond", "message") if node.target is torch._check else ("self", "assert_msg")
        condition, *words = node.args
        node.kwargs = {second: words[0]} if words else {}
        if chance.random() < 0.5:
            node.args = (condition,)
        else:
            node.kwargs, node.args = {first: condition, **node.kwargs}, ()


_WORDS = "a message of the module"


def _formatted(words: str = "?") -> str:
    return f"got {words}"


class _Reason:
    """A message that is called, and is no function."""

    def __call__(self) -> str:
        return "made when it is called"


def _messages() -> tuple[Any, ...]:
    words = "a message of the closure"
    return (
        "an attribute that is a string",
        lambda: "a constant",
        lambda: words,
        lambda: _WORDS,
        lambda: f"{words}, made when it fails",
        lambda: len(words),
        lambda: None,
        lambda: {},  # noqa: PIE807 - a function of two instructions
        _formatted,
        lambda *, why="?": why,
        lambda why="?", /: why,
        _Reason(),
        7,
    )


def _checks_as_users_write_them(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """Asserts become the user's calls again, with a message in one of the forms that Dynamo and others give it."""
    for number, node in enumerate(checks(module)):
        if chance.random() < 0.1:
            continue
        condition = condition_of(node)
        if chance.random() < 0.3:
            with module.graph.inserting_before(node):
                new = module.graph.call_function(_PLAIN_ASSERT, (condition,), {"assert_msg": "the size does not fit"})
        else:
            with module.graph.inserting_before(node):
                new = module.graph.call_function(torch._check, (condition, *_message(module, number, chance)))
        new.meta.update(node.meta)
        node.replace_all_uses_with(new)
        module.graph.erase_node(node)


def _message(module: fx.GraphModule, number: int, chance: random.Random) -> tuple[fx.Node, ...]:
    choice = chance.random()
    if choice < 0.1:
        return ()
    if choice < 0.2:
        return (module.graph.call_function(_formatted, ()),)
    name = f"message_{number}"
    setattr(module, name, chance.choice(_messages()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fx expects modules, parameters and buffers alone
        return (module.graph.get_attr(name),)


def _sizes_by_methods(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    for node in list(module.graph.nodes):
        if node.target in _ITEMS and node.op == "call_function" and chance.random() < 0.5:
            node.op, node.target = "call_method", "item"
        if node.target is aten.sym_numel.default:
            node.op, node.target = "call_method", "numel"
        if node.target is not aten.sym_size.int:
            continue
        tensor, dim = node.args
        form = chance.choice(("size(i)", "size()[i]", "shape[i]"))
        if form == "size(i)":
            node.op, node.target = "call_method", "size"
            continue
        shape = getattr(value_of(tensor), "shape", None)
        with module.graph.inserting_before(node):
            whole = (
                module.graph.call_method("size", (tensor,))
                if form == "size()[i]"
                else module.graph.call_function(getattr, (tensor, "shape"))
            )
        whole.meta = {"example_value" if "example_value" in node.meta else "val": shape}
        node.target, node.args = operator.getitem, (whole, dim)


def _values_read_twice(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """What yields a number stands in the graph twice, with its bindings: nothing has shared the two."""
    for node in symbolic(module):
        if node.op == "placeholder" or chance.random() < 0.5:
            continue
        with module.graph.inserting_after(node):
            again = module.graph.node_copy(node, lambda operand: operand)
        again.meta = dict(node.meta)
        users = list(node.users)
        for user in users[len(users) // 2 :]:
            if user is not again:
                user.replace_input_with(node, again)


def _bounds_by_calls(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """What older traces wrote: `sym_constrain_range` of what the ShapeEnv knows of a value."""
    for node in symbolic(module):
        symbol = value_of(node).node._expr
        if not isinstance(value_of(node), torch.SymInt) or not node.meta.get("unbacked_bindings"):
            continue
        bounds = env.var_to_range.get(symbol)
        lower = int(bounds.lower) if bounds is not None and isinstance(bounds.lower, sympy.Integer) else None
        upper = int(bounds.upper) if bounds is not None and isinstance(bounds.upper, sympy.Integer) else None
        if lower is not None and lower >= 0 and chance.random() < 0.5:
            target, least = aten.sym_constrain_range_for_size.default, chance.choice((None, lower))
        else:
            target, least = aten.sym_constrain_range.default, lower
        new = _after(node, target, (node,))
        new.kwargs = {"min": least, "max": chance.choice((None, upper))}
    start = _first(module)
    _after(start, aten.sym_constrain_range.default, (3,)).kwargs = {"min": 1, "max": 4}
    unknown = _after(start, len, ((start, start),))
    _after(unknown, aten.sym_constrain_range_for_size.default, (unknown,))


def _idle_conversions(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """Conversions to what a value is already, and rounding to no number of digits, which is rounding."""
    for node in symbolic(module):
        value = value_of(node)
        if node.target is round and len(node.args) == 1:
            node.args = (*node.args, None)
        if isinstance(value, torch.SymBool) or chance.random() < 0.5:
            continue
        users = list(node.users)
        new = _after(node, torch.sym_int if isinstance(value, torch.SymInt) else torch.sym_float, (node,), value)
        for user in users[::2]:
            user.replace_input_with(node, new)


def _arithmetic_without_values(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    for node in symbolic(module):
        if node.op == "call_function" and "unbacked_bindings" not in node.meta and chance.random() < 0.4:
            node.meta.pop("val", None)
            node.meta.pop("example_value", None)


def _no_traces(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    for node in module.graph.nodes:
        for key in _TRACES:
            node.meta.pop(key, None)


FAITHFUL: Mapping[str, Respelling] = {
    "recorded conditions checked": _recorded_conditions_checked,
    "checks of constants": _checks_of_constants,
    "checks as users write them": _checks_as_users_write_them,
    "checks by keyword": _checks_by_keyword,
    "values under Dynamo's key": _values_under_dynamos_key,
    "sizes by methods": _sizes_by_methods,
    "values read twice": _values_read_twice,
    "bounds by calls": _bounds_by_calls,
    "idle conversions": _idle_conversions,
    "arithmetic without values": _arithmetic_without_values,
    "no traces": _no_traces,
}
"""What leaves the meaning of a graph, its inputs and its bindings as they are."""
