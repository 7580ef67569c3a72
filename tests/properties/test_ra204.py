"""RA204 on passes that lose or change the binding of an unbacked symbol."""

from __future__ import annotations

import pytest
import torch
from torch.utils._pytree import SequenceKey

from properties.subjects import identity, resolve
from properties.verdict import Verdict
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import VACUOUS_EQUALITY, check, item, program
from tests.properties.verdicts import FRONTENDS, verdict_of

UNUSED = program((), [item(6), check("gt", "u0", 3), item(2)])


def verdict(prog, frontend, subject) -> Verdict:
    return verdict_of("RA204", prog, frontend, subject)


def rebinding(change):
    """Changes the bindings of every node that has some."""

    def subject(gm, shape_env, name, export=False):
        for node in gm.graph.nodes:
            if node.meta.get("unbacked_bindings"):
                node.meta["unbacked_bindings"] = change(node.meta["unbacked_bindings"])

    return subject


def test_a_binding_that_is_gone_is_refuted():
    found = verdict(UNUSED, "make_fx", rebinding(lambda bound: {}))
    assert (str(found), found.skeleton) == ("REFUTED(unbound)", "gone")


def test_a_binding_at_another_path_is_refuted():
    def elsewhere(bound):
        return {symbol: (*path, SequenceKey(1)) for symbol, path in bound.items()}

    found = verdict(UNUSED, "make_fx", rebinding(elsewhere))
    assert (str(found), found.skeleton) == ("REFUTED(unbound)", "changed")


def erasing(gm, shape_env, name, export=False):
    """Erases reads of numbers that nothing uses any more, with the symbols that they bind."""
    gm.graph.find_nodes(op="output")[0].args = ((),)
    gm.graph.eliminate_dead_code()
    for node in gm.graph.find_nodes(op="call_function", target=torch.ops.aten._local_scalar_dense.default):
        gm.graph.erase_node(node)


def test_a_node_that_is_erased_takes_its_symbol_with_it():
    found = verdict(UNUSED, "make_fx", erasing)
    assert (str(found), found.skeleton) == ("REFUTED(unbound)", "gone")


def replacing(gm, shape_env, name, export=False):
    """Puts a copy in the place of each node that binds a symbol."""
    for node in list(gm.graph.nodes):
        if node.meta.get("unbacked_bindings"):
            with gm.graph.inserting_before(node):
                copy = gm.graph.node_copy(node)
            copy.meta = dict(node.meta)
            node.replace_all_uses_with(copy)
            gm.graph.erase_node(node)


def test_a_node_that_takes_the_binding_over_will_do():
    assert str(verdict(UNUSED, "make_fx", replacing)) == "PROVED"


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("subject", [reference, resolve("torch"), identity], ids=["reference", "torch", "identity"])
@pytest.mark.parametrize("prog", [UNUSED, VACUOUS_EQUALITY], ids=["unused", "equality"])
def test_who_leaves_the_bindings_alone_is_proved(prog, subject, frontend):
    assert str(verdict(prog, frontend, subject)) == "PROVED"
