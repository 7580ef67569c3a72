"""The table of mutants: what each does wrong, and which property must kill it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._pytree import SequenceKey

from properties.mutants import edits
from properties.mutants.edits import calls, drop, has, many_leaves, negative_literal, retarget, rewrite, shifted

LE, GE, EQ, NE, LT, GT = operator.le, operator.ge, operator.eq, operator.ne, operator.lt, operator.gt


@dataclass(frozen=True)
class Mutant:
    """One seeded fault.

    ``killed_by`` is the code of the property that names it, ``like`` a public thread of torch's with such a fault,
    and ``frontend`` the cheapest one whose graphs can show it.
    """

    name: str
    killed_by: str
    subject: Callable[..., None]
    like: str = ""
    frontend: str = "shape_env"


def _after(edit: edits.Edit) -> Callable[..., None]:
    """The reference pass, and then ``edit``."""

    def subject(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
        from runtime_assert import insert_deferred_runtime_asserts

        insert_deferred_runtime_asserts(gm, shape_env, name, export=export)
        edit(gm)

    return subject


def _with_env(act: Callable[[fx.GraphModule, ShapeEnv], None]) -> Callable[..., None]:
    """The reference pass, and then ``act``, which may change the ShapeEnv."""

    def subject(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
        from runtime_assert import insert_deferred_runtime_asserts

        insert_deferred_runtime_asserts(gm, shape_env, name, export=export)
        act(gm, shape_env)

    return subject


def _always(_: fx.Node) -> bool:
    return True


def _first_per_relation(gm: fx.GraphModule) -> None:
    """Deduplicates by relation and leaves, as if constants did not matter."""
    seen: set[Any] = set()
    for node in edits.asserts(gm.graph):
        key = (edits.condition(node).target, frozenset(edits.leaves(edits.condition(node))))
        if key in seen:
            gm.graph.erase_node(node)
        seen.add(key)


def _other_leaf(gm: fx.GraphModule) -> None:
    """Asserts about the first ``item()`` what was said of another."""
    items = [node for node in gm.graph.nodes if "scalar" in str(node.target) or "item" in str(node.target)]
    for node in edits.asserts(gm.graph):
        condition = edits.condition(node)
        for leaf in edits.leaves(condition) & set(items[1:]):
            condition.replace_input_with(leaf, items[0])


def _negated(gm: fx.GraphModule) -> None:
    node = edits.asserts(gm.graph)[-1:]
    for found in node:
        with gm.graph.inserting_before(found):
            found.args = (gm.graph.call_function(torch.sym_not, (found.args[0],)), *found.args[1:])


def _grows(gm: fx.GraphModule) -> None:
    nodes = list(gm.graph.nodes)
    for leaf in nodes:
        if "_local_scalar_dense" in str(leaf.target) or "aten.item" in str(leaf.target):
            with gm.graph.inserting_before(nodes[-1]):
                bound = gm.graph.call_function(GE, (leaf, -(2**62) - len(nodes)))
                gm.graph.call_function(edits.ASSERT, (bound, "again"))
            return


def _larger_sizes(gm: fx.GraphModule) -> None:
    for node in list(gm.graph.nodes):
        if node.target is torch.ops.aten.zeros.default and node.args[0]:
            first, *rest = node.args[0]  # type: ignore[misc]
            with gm.graph.inserting_before(node):
                larger = gm.graph.call_function(operator.add, (first, 1))
            node.args = ([larger, *rest], *node.args[1:])


def _reversed_results(gm: fx.GraphModule) -> None:
    output = list(gm.graph.nodes)[-1]
    if isinstance(output.args[0], (list, tuple)):
        output.args = (tuple(reversed(output.args[0])),)


def _misplaced(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph)[:1]:
        next(iter(gm.graph.nodes)).prepend(node)


def _among_inputs(gm: fx.GraphModule) -> None:
    inputs = [node for node in gm.graph.nodes if node.op == "placeholder"]
    if len(inputs) > 1:
        inputs[0].append(inputs[-1])


def _textual_condition(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph)[:1]:
        node.args = (str(node.args[0]), *node.args[1:])


def _raises_on_two(gm: fx.GraphModule) -> None:
    if len(edits.asserts(gm.graph)) >= 2:
        raise IndexError("list index out of range")


def _appends(gm: fx.GraphModule, env: ShapeEnv) -> None:
    for asserts in env.deferred_runtime_asserts.values():
        asserts.append(asserts[0])


def _pops(gm: fx.GraphModule, env: ShapeEnv) -> None:
    env.deferred_runtime_asserts.clear()


def _forgets_replacements(gm: fx.GraphModule, env: ShapeEnv) -> None:
    env.replacements.clear()


def _reorders(gm: fx.GraphModule, env: ShapeEnv) -> None:
    for asserts in env.deferred_runtime_asserts.values():
        asserts.reverse()


def _asks_for_values(gm: fx.GraphModule, env: ShapeEnv) -> None:
    """Reads values through replacements, which makes the ShapeEnv shorten their chains."""
    for node in gm.graph.nodes:
        if isinstance(node.meta.get("val"), (torch.SymInt, torch.SymBool)):
            str(node.meta["val"].node.expr)


def _counts(gm: fx.GraphModule, env: ShapeEnv) -> None:
    env.num_deferred_runtime_asserts += 1


def _again(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph)[:1]:
        bound = edits.condition(node)
        edits.add_assert(gm.graph, node, bound.target, *bound.args)  # type: ignore[arg-type]


def _looser(gm: fx.GraphModule) -> None:
    """Asserts beside each lower bound one that is lower."""
    for node in edits.asserts(gm.graph):
        bound = edits.condition(node)
        if calls(GE, literal=1)(bound):
            left, right, *_ = bound.args
            edits.add_assert(gm.graph, node, GE, left, right - 1)  # type: ignore[operator]


def _restates(least: int) -> edits.Edit:
    """Asserts of every size of an input that it is at least ``least``."""

    def edit(gm: fx.GraphModule) -> None:
        inputs = [node for node in gm.graph.nodes if node.op == "placeholder"]
        for node in inputs:
            value = node.meta.get("val")
            for axis, size in enumerate(value.shape if isinstance(value, torch.Tensor) else ()):
                if isinstance(size, torch.SymInt):
                    with gm.graph.inserting_before(inputs[-1].next):
                        read = gm.graph.call_function(torch.ops.aten.sym_size.int, (node, axis))
                    edits.add_assert(gm.graph, read, GE, read, least)

    return edit


def _vacuous_checks(gm: fx.GraphModule) -> None:
    """Shares what the user's checks read with what replaced it, so that an equality compares a value with itself."""
    for node in edits.asserts(gm.graph):
        bound = edits.condition(node)
        if bound.target is EQ:
            bound.args = (bound.args[0], bound.args[0])


def _unbinds(node: fx.Node) -> None:
    node.meta.pop("unbacked_bindings", None)


def _binds_elsewhere(node: fx.Node) -> None:
    found = node.meta.get("unbacked_bindings")
    if found:
        node.meta["unbacked_bindings"] = {symbol: (*path, SequenceKey(7)) for symbol, path in found.items()}


def _swaps_messages(gm: fx.GraphModule) -> None:
    found = edits.asserts(gm.graph)
    texts = [node.args[1] for node in found]
    for node, text in zip(found, texts[1:] + texts[:1], strict=True):
        node.args = (node.args[0], text)


def _placeless(gm: fx.GraphModule) -> None:
    edits.messages(lambda node, text: text.partition(" (checked")[0])(gm)
    for node in edits.asserts(gm.graph):
        node.meta.pop("stack_trace", None)


def _wrong_places(gm: fx.GraphModule) -> None:
    """Names the line of the binding in place of that of the check."""
    for node in edits.asserts(gm.graph):
        origins = [leaf.meta["stack_trace"] for leaf in edits.leaves(node.args[0]) if leaf.meta.get("stack_trace")]  # type: ignore[arg-type]
        node.meta["stack_trace"] = origins[0] if origins else ""
    edits.messages(lambda node, text: text.partition(" (checked")[0])(gm)


def _named_by_address(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph)[:1]:
        node.name = f"assert_{id(node)}"


def _value_of_another_kind(node: fx.Node) -> None:
    if "val" in node.meta:
        node.meta["val"] = 0.5


def _forgets_an_earlier_run(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    """Takes the asserts of an earlier run for its own, and drops them as done."""
    from runtime_assert import insert_deferred_runtime_asserts

    if any(str(node.target) == "aten._assert_scalar.default" for node in gm.graph.nodes):
        drop(_always)(gm)
        return
    insert_deferred_runtime_asserts(gm, shape_env, name, export=export)


def _own_assert(condition: Any, message: str) -> None:
    torch.ops.aten._assert_scalar.default(condition, message)


def _asserts_by_an_own_function(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph):
        with gm.graph.inserting_before(node):
            gm.graph.call_function(_own_assert, node.args)


def _float_literal(node: fx.Node) -> bool:
    """Whether a condition has a literal float."""
    return any(isinstance(arg, float) for part in edits.below(node) for arg in part.args)


def _negative_divisor(node: fx.Node) -> bool:
    return any(
        part.target in (operator.floordiv, operator.mod) and isinstance(part.args[1], int) and part.args[1] < 0
        for part in edits.below(node)
    )


def _has_float(node: fx.Node) -> bool:
    return any(isinstance(arg, float) and arg == arg and abs(arg) < 1e18 for arg in node.args)


def _truncated(node: fx.Node) -> None:
    """Takes bounds of floats for bounds of ints."""
    node.args = tuple(int(arg) if isinstance(arg, float) else arg for arg in node.args)


def _one_per_leaf(gm: fx.GraphModule) -> None:
    """Asserts one thing about each leaf, as if nothing more could be said."""
    seen: set[fx.Node] = set()
    for node in edits.asserts(gm.graph):
        found = edits.leaves(edits.condition(node))
        if found <= seen:
            gm.graph.erase_node(node)
        seen |= found


def _results_in_double(gm: fx.GraphModule) -> None:
    output = list(gm.graph.nodes)[-1]
    results = output.args[0]
    if not isinstance(results, (list, tuple)):
        return
    found = []
    for node in results:
        value = node.meta.get("val") if isinstance(node, fx.Node) else None
        if isinstance(value, torch.Tensor) and value.dtype is torch.float32:
            with gm.graph.inserting_before(output):
                new = gm.graph.call_function(torch.ops.aten._to_copy.default, (node,), {"dtype": torch.float64})
            new.meta = dict(node.meta)
            node = new
        found.append(node)
    output.args = (tuple(found),)


def _writes_to_an_input(gm: fx.GraphModule) -> None:
    nodes = list(gm.graph.nodes)
    for node in nodes:
        value = node.meta.get("val")
        if node.op == "placeholder" and isinstance(value, torch.Tensor) and value.dtype is torch.float32:
            with gm.graph.inserting_before(nodes[-1]):
                gm.graph.call_function(torch.ops.aten.add_.Scalar, (node, 1)).meta = dict(node.meta)
            return


def _adds_a_guard(gm: fx.GraphModule, env: ShapeEnv) -> None:
    env.guards.extend(env.guards[:1])


def _widens_ranges(gm: fx.GraphModule, env: ShapeEnv) -> None:
    """Forgets what is known of the range of a symbol that it has asserted."""
    for symbol in list(env.var_to_range):
        if str(symbol).startswith("u"):
            del env.var_to_range[symbol]


def _everything(_: fx.Node) -> bool:
    return True


def _table(*rows: tuple[Any, ...]) -> dict[str, Mutant]:
    return {row[0]: Mutant(*row) for row in rows}


MUTANTS: dict[str, Mutant] = _table(
    ("drops-all", "RA101", _after(drop(_always)), ""),
    ("drops-the-first", "RA101", _after(drop(_always, which=slice(0, 1))), ""),
    ("drops-the-last", "RA101", _after(drop(_always, which=slice(-1, None))), ""),
    ("drops-upper-bounds", "RA101", _after(drop(calls(LE, literal=1))), "182703"),
    ("drops-lower-bounds", "RA101", _after(drop(calls(GE, literal=1))), ""),
    ("drops-equalities", "RA101", _after(drop(calls(EQ))), "151127"),
    ("drops-inequalities", "RA101", _after(drop(calls(NE))), "151127"),
    ("drops-what-has-two-leaves", "RA101", _after(drop(many_leaves(2))), ""),
    ("drops-what-has-three-leaves", "RA101", _after(drop(many_leaves(3))), "144792"),
    ("drops-remainders", "RA101", _after(drop(has(operator.mod))), "PR 132457"),
    ("drops-quotients", "RA101", _after(drop(has(operator.floordiv))), "PR 132457"),
    ("drops-minima", "RA101", _after(drop(has(torch.sym_min))), ""),
    ("drops-maxima", "RA101", _after(drop(has(torch.sym_max))), ""),
    ("drops-negative-constants", "RA101", _after(drop(negative_literal)), ""),
    ("equality-with-itself", "RA101", _after(rewrite(calls(EQ), edits.same_operand)), "119689"),
    ("lower-bounds-one-too-low", "RA101", _after(rewrite(calls(GE, literal=1), shifted(1, -1))), ""),
    ("upper-bounds-one-too-high", "RA101", _after(rewrite(calls(LE, literal=1), shifted(1, 1))), ""),
    ("lower-bounds-one-too-high", "RA101", _after(rewrite(calls(GE, literal=1), shifted(1, 1))), "165912"),
    ("upper-bounds-one-too-low", "RA101", _after(rewrite(calls(LE, literal=1), shifted(1, -1))), ""),
    ("upper-bounds-strict", "RA101", _after(rewrite(calls(LE), retarget(LT))), ""),
    ("equality-weakened-to-a-bound", "RA101", _after(rewrite(calls(EQ), retarget(GE))), ""),
    ("bounds-with-operands-swapped", "RA101", _after(rewrite(calls(LE, GE), edits.swapped)), ""),
    ("minimum-for-maximum", "RA101", _after(rewrite(calls(torch.sym_max), retarget(torch.sym_min))), ""),
    ("quotient-for-remainder", "RA101", _after(rewrite(calls(operator.mod), retarget(operator.floordiv))), ""),
    ("sum-for-difference", "RA101", _after(rewrite(calls(operator.sub), retarget(operator.add))), ""),
    ("deduplicates-without-constants", "RA101", _after(_first_per_relation), "PR 128599"),
    ("says-it-of-another-item", "RA101", _after(_other_leaf), ""),
    ("negates-the-last", "RA101", _after(_negated), "143157"),
    ("raises-on-two-asserts", "RA101", _after(_raises_on_two), "PR 125878"),
    ("drops-what-has-float-literals", "RA101", _after(drop(_float_literal)), "151500"),
    ("truncates-float-bounds", "RA101", _after(rewrite(_has_float, _truncated)), "151500"),
    ("drops-disjunctions", "RA101", _after(drop(has(operator.or_))), "PR 132457"),
    ("drops-negative-divisors", "RA101", _after(drop(_negative_divisor)), "PR 140886"),
    ("drops-all-but-two", "RA101", _after(drop(_always, which=slice(2, None))), "144792"),
    ("asserts-once-per-leaf", "RA101", _after(_one_per_leaf), "PR 128599"),
    ("returns-doubles", "RA201", _after(_results_in_double), "", "make_fx"),
    ("writes-to-an-input", "RA201", _after(_writes_to_an_input), "", "make_fx"),
    ("adds-a-guard", "RA305", _with_env(_adds_a_guard), "113952", "make_fx"),
    ("forgets-ranges", "RA305", _with_env(_widens_ranges), "PR 133627"),
    ("makes-sizes-larger", "RA201", _after(_larger_sizes), "PR 130351", "make_fx"),
    ("reverses-the-results", "RA201", _after(_reversed_results), "PR 128599"),
    ("asserts-before-the-inputs", "RA202", _after(_misplaced), "123854"),
    ("reorders-the-inputs", "RA202", _after(_among_inputs), "151879"),
    ("asserts-a-text", "RA202", _after(_textual_condition), ""),
    ("grows-on-every-run", "RA301", _after(_grows), "113952"),
    ("appends-to-deferred-asserts", "RA305", _with_env(_appends), "113952"),
    ("empties-deferred-asserts", "RA305", _with_env(_pops), "113952"),
    ("forgets-replacements", "RA305", _with_env(_forgets_replacements), "PR 131051"),
    ("reorders-deferred-asserts", "RA305", _with_env(_reorders), ""),
    ("reads-values-through-replacements", "RA305", _with_env(_asks_for_values), ""),
    ("counts-one-too-many", "RA305", _with_env(_counts), ""),
    ("asserts-at-the-end", "RA103", _after(edits.delay(slice(None))), "123854", "make_fx"),
    ("asserts-a-few-nodes-late", "RA103", _after(edits.delay(slice(None), steps=6)), "PR 183908", "make_fx"),
    ("loses-the-last-check", "RA105", _after(drop(_always, which=slice(-1, None))), "182703", "compile"),
    ("checks-weakened-to-bounds", "RA105", _after(rewrite(calls(EQ), retarget(GE))), "PR 184608", "compile"),
    ("checks-compare-with-themselves", "RA105", _after(_vacuous_checks), "119689", "compile"),
    ("conditions-without-values", "RA203", _after(edits.metadata(edits.without("val"), of=edits.is_condition)), ""),
    (
        "values-of-another-kind",
        "RA203",
        _after(edits.metadata(_value_of_another_kind, of=edits.is_condition)),
        "PR 125414",
    ),
    (
        "new-nodes-without-traces",
        "RA203",
        _after(edits.metadata(edits.without("stack_trace"), of=edits.is_condition)),
        "PR 124696",
        "export",
    ),
    (
        "loses-module-stacks",
        "RA203",
        _after(edits.metadata(edits.without("nn_module_stack"), of=_everything)),
        "PR 169497",
        "export",
    ),
    ("forgets-bindings", "RA204", _after(edits.metadata(_unbinds, of=_everything)), "PR 121079"),
    ("binds-at-another-path", "RA204", _after(edits.metadata(_binds_elsewhere, of=_everything)), "PR 138136"),
    ("messages-with-addresses", "RA304", _after(edits.messages(lambda node, text: f"{text} {id(node)}")), ""),
    ("names-with-addresses", "RA304", _after(_named_by_address), ""),
    ("asserts-twice", "RA401", _after(_again), "182703"),
    ("asserts-looser-bounds-too", "RA401", _after(_looser), "vLLM PR 37485"),
    ("restates-that-sizes-are-sizes", "RA402", _after(_restates(0)), "", "export"),
    ("restates-ranges-of-sizes", "RA402", _after(_restates(2)), "", "export"),
    (
        "shows-another-condition",
        "RA501",
        _after(edits.messages(lambda node, text: "Runtime assertion failed: 0 == 1")),
        "150063",
    ),
    ("empty-messages", "RA501", _after(edits.messages(lambda node, text: "")), "150064"),
    (
        "messages-without-a-condition",
        "RA501",
        _after(edits.messages(lambda node, text: "Runtime assertion failed")),
        "",
    ),
    ("asserts-without-a-place", "RA501", _after(_placeless), "150063", "compile"),
    ("points-to-the-binding", "RA501", _after(_wrong_places), "150064", "compile"),
    ("forgets-the-users-message", "RA502", _after(edits.messages(lambda node, text: "0 == 1")), "150063", "compile"),
    ("takes-earlier-asserts-for-its-own", "RA302", _forgets_an_earlier_run, "113952", "export"),
    ("calls-a-function-no-file-knows", "RA303", _after(_asserts_by_an_own_function), "", "export"),
    ("differs-in-the-last-assert", "RA701", _after(drop(_always, which=slice(-1, None))), "163894"),
    ("swaps-messages", "RA502", _after(_swaps_messages), "", "compile"),
)
