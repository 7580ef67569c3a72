"""RA403 makes the host wait no oftener: the pass adds no operation that synchronises with the device.

## What it guarantees
The graph after the pass reads no more values off the device (``item()``, ``nonzero()``, masks) than the one before it.
On a CUDA device it also synchronises no oftener when it runs.

## Why it matters
A read of a value makes the host wait until all kernels before it are done, which costs more than the assert itself
(400 asserts cost a served model 2.6 % of its time, vLLM pull 37485).

## How it is decided
By counting the operations whose result the host needs, in both graphs; on CUDA also by running both on the example with
torch's warnings about synchronisation. How many of them only asserts use is counted for the report, not judged: the
Program itself asked for the value that it checks.

## What it cannot see
Synchronisation inside of operators that is not known here, where no CUDA device is at hand.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.devices import why_not_run
from properties.execution.run import run_graph
from properties.read.targets import is_assert, target_name
from properties.verdict import PROVED, Verdict

WAITING = frozenset(
    {
        "item",
        "tolist",
        "nonzero",
        "unique",
        "masked_select",
        "aten._local_scalar_dense.default",
        "aten.item.default",
        "aten.is_nonzero.default",
        "aten.equal.default",
        "aten.nonzero.default",
        "aten.nonzero_numpy.default",
        "aten.argwhere.default",
        "aten.masked_select.default",
        "aten.repeat_interleave.Tensor",
        "aten.repeat_interleave.self_Tensor",
        "aten.bincount.default",
        "aten._unique2.default",
        "aten.unique_dim.default",
        "aten.unique_consecutive.default",
    }
)
"""Operations that give the host a value, or a size, which only the device knows."""
_FUNCTIONS = frozenset(
    {"nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "repeat_interleave", "bincount", "equal"}
)
_INDEXING = frozenset({"aten.index.Tensor", "_operator.getitem"})


@dataclass(frozen=True, slots=True)
class Synchronisations:
    """How often a graph makes the host wait: in all, and for values that nothing but asserts uses."""

    total: int
    for_asserts: int


def synchronisations(graph: fx.Graph) -> Synchronisations:
    """The operations of ``graph`` that wait for the device, told by targets and arguments."""
    waiting = [node for node in graph.nodes if _waits(node)]
    needed: set[fx.Node] = set()
    stack = [node for node in graph.nodes if node.op == "output"]
    while stack:
        node = stack.pop()
        if node not in needed:
            needed.add(node)
            stack.extend(node.all_input_nodes)
    asserted: set[fx.Node] = set()
    stack = [node for node in graph.nodes if is_assert(node)]
    while stack:
        node = stack.pop()
        if node not in asserted:
            asserted.add(node)
            stack.extend(node.all_input_nodes)
    return Synchronisations(len(waiting), sum(node in asserted and node not in needed for node in waiting))


def _waits(node: fx.Node) -> bool:
    if node.op not in ("call_function", "call_method"):
        return False
    name = target_name(node.target)
    if name in _INDEXING:
        return any(_is_mask(index) for index in _indices(node))
    return name in WAITING or (name.rpartition(".")[2] in _FUNCTIONS and not name.startswith("aten."))


def _indices(node: fx.Node) -> tuple[object, ...]:
    index = node.args[1] if len(node.args) > 1 else ()
    return tuple(index) if isinstance(index, (tuple, list)) else (index,)


def _is_mask(index: object) -> bool:
    value = index.meta.get("val", index.meta.get("example_value")) if isinstance(index, fx.Node) else None
    return isinstance(value, torch.Tensor) and value.dtype == torch.bool


def check(case: Case) -> Verdict:
    """Whether ``case``'s subject added nothing that waits for the device."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    before = synchronisations(case.capture.graph.graph).total
    after = synchronisations(case.after.graph).total
    detail = f"{before} operations wait for the device before the pass, {after} after it"
    if after <= before and case.capture.device != "cpu" and not why_not_run(case.capture.device):
        before, after = (_counted(case, module) for module in (case.capture.graph, case.after))
        detail = f"the example synchronises {before} times before the pass, {after} times after it"
    if after <= before:
        return PROVED
    witness = case.run(case.capture.example())
    return refuted(case, "redundant", None, witness, skeleton="synchronises", detail=detail)


def _counted(case: Case, module: fx.GraphModule) -> int:
    """How often CUDA warns of a synchronisation while ``module`` runs on the example."""
    mode = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            run_graph(module, case.capture, case.capture.example())
        finally:
            torch.cuda.set_sync_debug_mode(mode)
    return sum("synchronizing CUDA operation" in str(warning.message) for warning in caught)
