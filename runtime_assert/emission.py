"""Puts values into the graph as nodes, each right after the last thing it needs."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.lowering import sympy_of
from runtime_assert.operators import WRITTEN
from runtime_assert.reading import Reading, is_query
from runtime_assert.values import NEVER, Argument, Value, in_order

_ORIGIN = ("stack_trace", "nn_module_stack", "custom")
_QUERIES = frozenset({"size", "stride", "storage_offset"})
_COMPUTED = WRITTEN.keys() - _QUERIES - {"getitem", "getattr"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Metadata for the new nodes of one check, and the keys for which it has nothing to say."""

    meta: dict[str, Any]
    lacking: tuple[str, ...]


def _is_settled(value: Value) -> bool:
    return value.settled


class Emitter:
    """Creates or moves nodes. A value's nodes stand directly behind the node that its slot names, in the order
    in which they were asked for, so that nothing that computes can come between a value and its check.
    """

    def __init__(
        self,
        graph: fx.Graph,
        nodes: list[fx.Node],
        reading: Reading,
        key: str,
        env: api.ShapeEnv,
        extra: dict[str, Any] | None,
    ) -> None:
        self.graph = graph
        self._nodes = nodes
        self._position = reading.position
        self._cursor: dict[int, fx.Node] = {}
        self._brought: dict[fx.Node, int] = {}
        self._key = key
        self._env = env
        self._extra = extra
        self._calls = api.CallMaker(graph)
        # Which of these anything in this graph has: most often there is nothing to look for. Checks bring stack
        # traces of their own into graphs that have none.
        told = {key for node in nodes for key in _ORIGIN if key in node.meta} | {"stack_trace"}
        self._told = [key for key in _ORIGIN if key in told and not (extra is not None and key == "nn_module_stack")]

    def origin(self, meta: dict[str, Any]) -> Origin:
        """Where nodes come from. What is not told is taken from the operands of each."""
        return Origin(meta, tuple(key for key in self._told if not meta.get(key)))

    def node_of(self, value: Value, origin: Origin) -> fx.Node:
        """The node that computes `value`, standing at its slot; `origin` is metadata for new nodes."""
        if not value.settled:
            for argument in value.args:
                if type(argument) is Value and not argument.settled:
                    for part in in_order(value, _is_settled):
                        self._settle(part, origin)
                    break
            else:
                self._settle(value, origin)
        assert value.node is not None
        return value.node

    def _settle(self, value: Value, origin: Origin) -> None:
        args = [a.node if type(a) is Value else a for a in value.args]
        node = value.node
        if node is None and value.op == "getitem":
            node = self._existing_entry(args)
        if node is None:
            value.node = (
                self._compute(value, args, origin) if value.op in _COMPUTED else self._create(value, args, origin)
            )
        else:
            value.node = node
            self._move(node, value.slot)
        value.settled = True

    def argument(self, value: Argument, origin: Origin) -> Any:
        """The node of a value, a constant as it is."""
        return self.node_of(value, origin) if isinstance(value, Value) else value

    def _existing_entry(self, args: list[Any]) -> fx.Node | None:
        for user in args[0].users:
            if user.target is operator.getitem and tuple(user.args) == tuple(args) and not user.kwargs:
                return user
        return None

    def _compute(self, value: Value, args: list[Any], origin: Origin) -> fx.Node:
        """A new node of arithmetic, with its value, made and not run."""
        op, expr = value.op, value.expr
        node = self._call(value.slot, WRITTEN[op][0], (args,) if op == "sum" else tuple(args))
        meta = node.meta
        self._place(node, meta, origin)
        if expr is None:
            expr = sympy_of(value)
        meta[self._key] = api.make_value(expr, value.kind, self._env, value.deadline != NEVER)
        return node

    def _create(self, value: Value, args: list[Any], origin: Origin) -> fx.Node:
        """A new node that asks a tensor for a size, or takes a part of what an operator yields."""
        row = WRITTEN.get(value.op)
        if row is None:  # "method:NAME"
            with self.graph.inserting_after(self._end(value.slot)):
                node = self.graph.call_method(value.op.removeprefix("method:"), tuple(args))
            self._cursor[value.slot] = node
        else:
            node = self._call(value.slot, row[0], tuple(args))
        self._place(node, node.meta, origin)
        node.meta[self._key] = _asked(value.op, args)
        return node

    def _end(self, slot: int) -> fx.Node:
        """The node behind which a slot goes on."""
        found = self._cursor.get(slot)
        if found is None:
            found = self._nodes[slot] if slot >= 0 else self._nodes[0].prev
        return found

    def _call(self, slot: int, target: Callable[..., Any], args: tuple[Any, ...]) -> fx.Node:
        """Create a call at the end of a slot."""
        node = self._cursor[slot] = self._calls.call(target, args, self._end(slot))
        return node

    def _move(self, node: fx.Node, slot: int) -> None:
        """Bring an existing node to the end of a slot, and before it the query (`x.shape`) that it is an entry of."""
        source = node.args[0] if node.target is operator.getitem else None
        # Entries may go to different places: what they are taken of stands before the first of them.
        if isinstance(source, fx.Node) and is_query(source) and self._standing(source) > slot:
            self._brought[source] = slot
            self.move(source, slot)
        self.move(node, slot)

    def _standing(self, query: fx.Node) -> int:
        return self._brought.get(query, self._position[query])

    def move(self, node: fx.Node, slot: int) -> None:
        """Bring an existing node to the end of a slot."""
        end = self._end(slot)
        if end.next is not node:
            end.append(node)
        self._cursor[slot] = node

    def _place(self, node: fx.Node, meta: dict[str, Any], origin: Origin) -> None:
        """Where a node comes from. Where the check has no place of its own, from where the node's operands do."""
        if self._extra is not None:
            meta.update(api.export_metadata(node))
        meta.update(origin.meta)
        for key in origin.lacking:
            for operand in node.all_input_nodes:
                found = operand.meta.get(key)
                if found:
                    meta[key] = found
                    break

    def assert_node(self, slot: int, condition: Any, message: str, origin: Origin) -> fx.Node:
        """A new `_assert_scalar` at the end of a slot."""
        node = self._call(slot, api.ASSERT_SCALAR, (condition, message))
        meta = node.meta
        self._place(node, meta, origin)
        meta[self._key] = None
        return node


def _asked(op: str, args: list[Any]) -> Any:
    """The traced value of a node that computes nothing; None if what it asks was not traced."""
    traced = api.example_value(args[0])
    if traced is None:
        return None
    if op == "getitem":
        return traced[args[1]]
    if op == "getattr":
        return getattr(traced, args[1])
    return getattr(traced, op.removeprefix("method:"))(*args[1:])
