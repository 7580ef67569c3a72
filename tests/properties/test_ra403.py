"""RA403 counts what makes the host wait, and refutes a pass that adds to it."""

from __future__ import annotations

from typing import Any

import torch

from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.case import Case
from properties.checks.ra403 import check, synchronisations
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties import programs
from tests.properties.programs import item, program

UNUSED = program((5,), [item(7), programs.check("gt", "u0", 3)])


def case_of(subject: Any) -> Case:
    return Case(facts_of(capture(UNUSED, "make_fx")), "subject", subject)


def test_counts_a_value_that_only_an_assert_reads() -> None:
    """The program returns the item, so the item is not there for the assert alone; a copy without a return is."""
    case = case_of(reference)
    assert case.after is not None
    graph = case.after.graph
    assert (synchronisations(graph).total, synchronisations(graph).for_asserts) == (1, 0)
    output = next(iter(graph.find_nodes(op="output")))
    output.args = ((),)
    assert (synchronisations(graph).total, synchronisations(graph).for_asserts) == (1, 1)


def test_counts_a_mask_and_not_an_index() -> None:
    """Only an index by a mask has a size that the device alone knows."""
    graph = torch.fx.Graph()
    tensor, mask, rows = (graph.placeholder(name) for name in ("tensor", "mask", "rows"))
    mask.meta["val"], rows.meta["val"] = torch.zeros(3, dtype=torch.bool), torch.zeros(3, dtype=torch.int64)
    picked = [graph.call_function(torch.ops.aten.index.Tensor, (tensor, [index])) for index in (mask, rows)]
    graph.output(tuple(picked))
    assert synchronisations(graph).total == 1


def test_the_reference_adds_none() -> None:
    """Asserts on values that the program has read already cost no further wait."""
    assert str(check(case_of(reference))) == "PROVED"


def test_a_pass_that_reads_the_value_once_more_is_refuted() -> None:
    """A second ``item()`` makes the host wait a second time."""

    def reads_again(gm: torch.fx.GraphModule, env: Any, name: str, export: bool = False) -> None:
        reference(gm, env, name, export)
        reads = [node for node in gm.graph.nodes if node.target is torch.ops.aten._local_scalar_dense.default]
        with gm.graph.inserting_after(reads[0]):
            again = gm.graph.call_function(reads[0].target, reads[0].args)
        again.meta.update(reads[0].meta)
        gm.recompile()

    verdict = check(case_of(reads_again))
    assert (verdict.direction, verdict.skeleton) == ("redundant", "synchronises")
    assert "1 operations wait for the device before the pass, 2 after it" in verdict.detail
