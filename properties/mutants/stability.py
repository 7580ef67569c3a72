"""Mutants that show in another run, a later stage, the ShapeEnv, or beside another pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.mutants import edits
from properties.mutants.edits import drop
from properties.mutants.mutant import GE, after, always, table, with_env


def _grows(gm: fx.GraphModule) -> None:
    nodes = list(gm.graph.nodes)
    for leaf in nodes:
        if "_local_scalar_dense" in str(leaf.target) or "aten.item" in str(leaf.target):
            with gm.graph.inserting_before(nodes[-1]):
                bound = gm.graph.call_function(GE, (leaf, -(2**62) - len(nodes)))
                gm.graph.call_function(edits.ASSERT, (bound, "again"))
            return


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


def _named_by_address(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph)[:1]:
        node.name = f"assert_{id(node)}"


def _forgets_an_earlier_run(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    """Takes the asserts of an earlier run for its own, and drops them as done."""
    from runtime_assert import insert_deferred_runtime_asserts

    if any(str(node.target) == "aten._assert_scalar.default" for node in gm.graph.nodes):
        drop(always)(gm)
        return
    insert_deferred_runtime_asserts(gm, shape_env, name, export=export)


def _own_assert(condition: Any, message: str) -> None:
    torch.ops.aten._assert_scalar.default(condition, message)


def _asserts_by_an_own_function(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph):
        with gm.graph.inserting_before(node):
            gm.graph.call_function(_own_assert, node.args)


def _adds_a_guard(gm: fx.GraphModule, env: ShapeEnv) -> None:
    env.guards.extend(env.guards[:1])


def _widens_ranges(gm: fx.GraphModule, env: ShapeEnv) -> None:
    """Forgets what is known of the range of a symbol that it has asserted."""
    for symbol in list(env.var_to_range):
        if str(symbol).startswith("u"):
            del env.var_to_range[symbol]


MUTANTS = table(
    ("adds-a-guard", "RA305", with_env(_adds_a_guard), "113952", "make_fx"),
    ("forgets-ranges", "RA305", with_env(_widens_ranges), "PR 133627"),
    ("grows-on-every-run", "RA301", after(_grows), "113952"),
    ("appends-to-deferred-asserts", "RA305", with_env(_appends), "113952"),
    ("empties-deferred-asserts", "RA305", with_env(_pops), "113952"),
    ("forgets-replacements", "RA305", with_env(_forgets_replacements), "PR 131051"),
    ("reorders-deferred-asserts", "RA305", with_env(_reorders), ""),
    ("reads-values-through-replacements", "RA305", with_env(_asks_for_values), ""),
    ("counts-one-too-many", "RA305", with_env(_counts), ""),
    ("messages-with-addresses", "RA304", after(edits.messages(lambda node, text: f"{text} {id(node)}")), ""),
    ("names-with-addresses", "RA304", after(_named_by_address), ""),
    ("takes-earlier-asserts-for-its-own", "RA302", _forgets_an_earlier_run, "113952", "export"),
    ("calls-a-function-no-file-knows", "RA303", after(_asserts_by_an_own_function), "", "export"),
    ("differs-in-the-last-assert", "RA701", after(drop(always, which=slice(-1, None))), "163894"),
)
