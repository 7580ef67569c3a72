"""What nodes compute, as text, by which graphs are compared whatever their nodes are called and wherever they stand."""

from __future__ import annotations

import hashlib

from torch import fx

from properties.read.targets import condition_of, is_assert, target_name


def computed(graph: fx.Graph) -> dict[fx.Node, str]:
    """For each node a digest of what it computes from what; the messages of asserts do not count.

    A digest, because the text of a chain of shared nodes would double with each of them.
    """
    seen: dict[fx.Node, str] = {}

    def text(value: object) -> str:
        if isinstance(value, fx.Node):
            return seen[value]
        if isinstance(value, (list, tuple)):
            return f"({', '.join(text(item) for item in value)})"
        return repr(value)

    for node in graph.nodes:
        args = (condition_of(node),) if is_assert(node) else node.args
        kwargs = [f"{key}={text(value)}" for key, value in sorted(node.kwargs.items())]
        whole = f"{node.op} {target_name(node.target)} {[text(arg) for arg in args]} {kwargs}"
        seen[node] = hashlib.sha256(whole.encode()).hexdigest()[:16]
    return seen


def lines(graph: fx.Graph) -> list[str]:
    """A line for each node: name, what it calls, and its arguments, messages included."""
    return [f"{node.name} = {node.op} {node.target} {node.args} {node.kwargs}" for node in graph.nodes]


def used(graph: fx.Graph) -> list[fx.Node]:
    """The nodes that something uses or that have an effect, asserts among them, in order."""
    unused: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        checks = is_assert(node)
        if not checks and not node.is_impure() and unused.issuperset(node.users):
            unused.add(node)
    return [node for node in graph.nodes if node not in unused]
