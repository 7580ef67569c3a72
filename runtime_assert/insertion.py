"""The pass: reads a graph and its ShapeEnv, decides what must be asserted where, and writes that."""

from __future__ import annotations

import logging

import sympy
from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.attribution import attribute
from runtime_assert.bindings import UnknownKeyPath, bind_symbols
from runtime_assert.claims import Claim
from runtime_assert.conditions import assume, assumed_ranges, read_checks, resolve
from runtime_assert.conjunctions import facts_of, join, split
from runtime_assert.lowering import Lowering, NotLowerable, UnboundSymbol
from runtime_assert.obligations import collect
from runtime_assert.reading import locate, read_graph
from runtime_assert.redundancy import drop_redundant
from runtime_assert.report import InsertionReport, Row
from runtime_assert.values import Argument, ValueTable
from runtime_assert.writing import Writer

log = logging.getLogger(__name__)

# The names that torch gives the pass when it calls it for the body of a higher-order operator.
_BODY_NAMES = frozenset({"reenter_make_fx", "hoo_maybe_fake_tracing", "invoke_subgraph_proxy_torch_dispatch_mode"})
# And how its name begins when Dynamo calls it, for the bodies and for the whole graph.
_DYNAMO_NAME = "__compiled_fn_"


class UnplaceableObligation(RuntimeError):
    """An obligation of the graph that it has no means to check. `rows` says which and why."""

    def __init__(self, name: str, rows: tuple[Row, ...]) -> None:
        lines = "\n".join(f"  {row}" for row in rows)
        super().__init__(f"{name}: {len(rows)} obligations cannot be checked in this graph:\n{lines}")
        self.rows = rows


def insert_deferred_runtime_asserts(
    gm: fx.GraphModule, shape_env: api.ShapeEnv, name: str, export: bool = False
) -> None:
    """Write what `shape_env` knows must hold at run time into `gm.graph` as `aten._assert_scalar` calls.

    Takes the place of the function of this name in torch/fx/passes/runtime_assert.py. `name` is used in logs;
    `export` keeps to operators that torch.export can serialise. Changes `gm.graph` in place (the caller
    recompiles) and nothing else: the ShapeEnv stays as it is. An obligation that the graph cannot check is
    logged as a warning.
    """
    _insert(gm, shape_env, name, export, False, None)


def insert_with_report(
    gm: fx.GraphModule,
    shape_env: api.ShapeEnv,
    name: str,
    export: bool = False,
    strict: bool = False,
    branch: bool | None = None,
) -> InsertionReport:
    """As `insert_deferred_runtime_asserts`, and tell what became of every obligation.

    strict: raise UnplaceableObligation, before anything is changed, if an obligation cannot be checked.
    branch: whether `gm` is the body of an operator in a larger graph, which checks what comes in through the
    inputs; None lets the pass tell by `name` and by the metadata of the inputs.
    """
    writer, present, wanted = _insert(gm, shape_env, name, export, strict, branch)
    return InsertionReport(name, tuple(writer.rows(present, wanted)), writer.shared, writer.removed)


def _insert(
    gm: fx.GraphModule, shape_env: api.ShapeEnv, name: str, export: bool, strict: bool, branch: bool | None
) -> tuple[Writer, list[Claim], list[Claim]]:
    graph = gm.graph
    nodes = list(graph.nodes)
    inside = is_branch(nodes, name) if branch is None else branch
    reading = locate(nodes)
    table = ValueTable(reading.preamble)
    bindings = bind_symbols(
        nodes,
        reading.position,
        table,
        api.renamings(shape_env),
        lambda found, expr: _divisor(Lowering(table, found.leaves, export), expr),
        reading.uses,
        [guard.expr for guard in shape_env.guards],
    )
    lowering = Lowering(table, bindings.leaves, export)
    for value, expr in (*bindings.compound, *bindings.multiples):
        lowering.remember(expr, value)
    read_graph(nodes, bindings, table, lowering, reading)

    present = read_checks(reading)
    wanted = collect(shape_env, bindings, reading.constraints, inside)
    resolve(gm, shape_env, wanted, bindings, lowering, reading, inside)
    missing = [claim for claim in wanted if claim.status == "unplaceable"]
    _complain(name, missing, strict)
    if any(claim.status is None for claim in (*wanted, *present)):
        assumptions = assume(shape_env, lowering)
        wanted = split(wanted)
        known = [*present, *facts_of(present)]
        drop_redundant(assumptions, known, wanted, assumed_ranges(shape_env, bindings))
        attribute(present, wanted)
        join([*wanted, *known], table)

    with api.without_metadata_hooks(graph) as extra:
        writer = Writer(gm, shape_env, nodes, reading, api.value_key(graph), extra)
        writer.write(present, wanted)
        writer.share()
    return writer, present, wanted


def _divisor(lowering: Lowering, expr: sympy.Basic) -> Argument:
    """What a binding divides by, from the symbols that are bound so far."""
    try:
        return lowering.lower(expr)
    except (UnboundSymbol, NotLowerable, ZeroDivisionError) as fault:
        raise UnknownKeyPath(f"its binding divides by {expr}: {fault}") from fault


def is_branch(nodes: list[fx.Node], name: str) -> bool:
    """Whether a graph is the body of a higher-order operator.

    torch names the pass differently there, except in Dynamo. Dynamo names the inputs of the outer graph by their
    source (`L_x_`, `G_y_`) and those of a body mostly by the node that is passed (`l_x_`). Where neither is the case
    (`child` in a `score_mod` of flex attention), an input that no argument is kept for is a body's.
    """
    if name in _BODY_NAMES:
        return True
    inputs = [n for n in nodes if n.op == "placeholder" and "example_value" in n.meta]
    heads = {str(n.target)[:2] for n in inputs}
    if heads & {"L_", "G_"}:
        return False
    if heads & {"l_", "g_"}:
        return True
    kept = any(api.GRAPH_ARGUMENT in n.meta for n in inputs)
    return bool(inputs) and not kept and name.startswith(_DYNAMO_NAME)


def _complain(name: str, missing: list[Claim], strict: bool) -> None:
    if not missing:
        return
    rows = tuple(Row(c.source, str(c.expr), "unplaceable", reason=c.reason) for c in missing)
    if strict:
        raise UnplaceableObligation(name, rows)
    for row in rows:
        log.warning("%s: no assert for %s, required by a %s: %s", name, row.condition, row.source, row.reason)
