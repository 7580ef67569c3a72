"""Where nodes stand: what computes tensors, from where on values are ready, which checks were the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import fx

from properties.capture.facts import Facts
from properties.execution.run import step_through
from properties.read.bindings import Bindings, TensorLeaf
from properties.read.targets import carries_condition, is_assert, target_name
from properties.read.values import SCALAR_TARGETS
from strategies.terms import Apply, Term, Var, substitute, variables


def computes(node: fx.Node) -> bool:
    """Whether ``node`` does more than scalar arithmetic, asking for a size, or asserting."""
    if node.op not in ("call_function", "call_method", "call_module"):
        return False
    return not (target_name(node.target) in SCALAR_TARGETS or is_assert(node) or carries_condition(node))


def next_computation(graph: fx.Graph) -> list[int]:
    """For each position in ``graph`` that of the first node behind it that :func:`computes`, or the graph's length."""
    nodes = list(graph.nodes)
    found = [len(nodes)] * len(nodes)
    for index in range(len(nodes) - 2, -1, -1):
        found[index] = index + 1 if computes(nodes[index + 1]) else found[index + 1]
    return found


def ready_at(graph: fx.Graph, bindings: Bindings) -> dict[str, int]:
    """For each leaf the position in ``graph`` from which on it can be read.

    The leaves of inputs are all ready at the last input, because every placeholder precedes what computes.
    """
    ready: dict[str, int] = {}
    inputs = 0
    for index, node in enumerate(graph.nodes):
        if node.op == "placeholder":
            inputs = index
            for leaf in _leaves_of(bindings.placeholders.get(node.name)):
                ready.setdefault(leaf, index)
        for leaf in bindings.sources.get(node.name, {}).values():
            ready.setdefault(leaf, index)
    return {leaf: max(index, inputs) for leaf, index in ready.items()}


def _leaves_of(binding: TensorLeaf | Term | None) -> list[str]:
    terms = (*binding.shape, *binding.stride, binding.offset) if isinstance(binding, TensorLeaf) else (binding,)
    return [term.name for term in terms if isinstance(term, Var)]


def node_values(module: fx.GraphModule, arguments: tuple[Any, ...]) -> dict[fx.Node, Any]:
    """What the nodes of ``module`` yield for ``arguments``, up to the first that raises."""
    return step_through(module, arguments).env


def failing_node(module: fx.GraphModule, arguments: tuple[Any, ...]) -> int | None:
    """The position of the node on which ``module`` raises for ``arguments``; None if it runs to its end.

    What raises in a body raises on the node that runs the body.
    """
    steps = step_through(module, arguments)
    if steps.error is None or steps.place is None:
        return None
    return list(module.graph.nodes).index(steps.place)


def own_checks(facts: Facts) -> tuple[Term, ...]:
    """The conditions of the checks that the graph had before the pass: the user's own, with repetitions."""
    return tuple(item.term for item in facts.obligations if item.origin == "existing")


def unaliased(facts: Facts) -> Callable[[Term], Term]:
    """Rewrites terms so that a leaf that the inputs' metadata equates with others is written as those.

    The size of an input and the scalar input that carries the same number are one value with two names.
    """
    return plainly(facts.bindings)


def plainly(bindings: Bindings) -> Callable[[Term], Term]:
    """:func:`unaliased` for the inputs of any graph."""
    meant: dict[str, Term] = {}
    for link in bindings.links:
        match link:
            case Apply("eq", (Var(name), term)) if name not in variables(term):
                meant.setdefault(name, substitute(term, meant))
    return (lambda term: substitute(term, meant)) if meant else (lambda term: term)


__all__ = [
    "computes",
    "failing_node",
    "next_computation",
    "node_values",
    "own_checks",
    "plainly",
    "ready_at",
    "unaliased",
]
