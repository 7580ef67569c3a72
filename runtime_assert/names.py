"""What the leaves of a graph are called in the user's program: `a.shape[0]`, `x.item()`."""

from __future__ import annotations

import re
from typing import Any

from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.values import Value

_DYNAMO = re.compile(r"^L_(.+?)_$")
_NUMBERED = re.compile(r"^(.*[^\d_])_\d+$")
# Names that torch's own wrappers give to the arguments of the user's function.
_TRACERS_OWN = ("L['flat_args']", "L['args']", "L['kwargs']")
_METHODS = {"_local_scalar_dense": "item"}


class Names:
    """Names for values, by where they come from. Without a ShapeEnv the graph alone tells."""

    def __init__(self, env: api.ShapeEnv | None, nodes: list[fx.Node]) -> None:
        self._env = env
        inputs = [n for n in nodes if n.op == "placeholder"]
        taken = {str(n.target) for n in inputs}
        known = api.input_sources(env, inputs)
        self._inputs = {n: _source_name(known.get(n)) or _input_name(str(n.target), taken) for n in inputs}
        self._memo: dict[fx.Node, str] = {}
        self._targets: dict[int, tuple[Any, str]] = {}
        self._owners: dict[str, fx.Node] = {}
        self._values: dict[Value, str | None] = {}

    def of(self, value: Value) -> str | None:
        """The name of a value that is not printed by its parts, else None."""
        if value.symbol is None and value.op != "node":
            return None
        try:
            return self._values[value]
        except KeyError:
            found = self._values[value] = self._of(value)
            return found

    def _of(self, value: Value) -> str | None:
        name = _source_name(api.source_name(self._env, value.symbol))
        if name is not None:
            return name
        if value.op != "node" or value.node is None:
            return None
        name = self._node(value.node, 0)
        # An element that is read again after a write is another number: two of a name would say nothing.
        return name if self._owners.setdefault(name, value.node) is value.node else value.node.name

    def _node(self, node: fx.Node, depth: int) -> str:
        found = self._memo.get(node)
        if found is None:
            found = self._memo[node] = self._describe(node, depth)
        return found

    def _describe(self, node: fx.Node, depth: int) -> str:
        if node in self._inputs:
            return self._inputs[node]
        if node.op not in ("call_function", "call_method") or depth > 3 or not node.args:
            return node.name
        first, *others = node.args
        name = self._called(node)
        if not isinstance(first, fx.Node) or not name:
            return node.name
        if not others:
            return f"{self._node(first, depth + 1)}.{name}()"
        if not all(isinstance(a, (int, float, bool)) for a in others):
            return node.name
        if name == "getitem":
            return f"{self._node(first, depth + 1)}[{others[0]}]"
        return f"{self._node(first, depth + 1)}.{name}({', '.join(map(str, others))})"

    def _called(self, node: fx.Node) -> str:
        """What a call is called in the user's program, empty if that is no name."""
        target: Any = node.target
        # By its id, because operators work out their hash anew each time; kept, so that the id stays its own.
        found = self._targets.get(id(target))
        if found is None:
            whole = target if node.op == "call_method" else getattr(target, "__name__", "")
            name = str(whole).split(".")[0]
            found = self._targets[id(target)] = target, _METHODS.get(name, name) if name.isidentifier() else ""
        return found[1]


def _input_name(target: str, taken: set[str]) -> str:
    match = _DYNAMO.match(target)
    if match:
        return match[1]
    match = _NUMBERED.match(target)
    return match[1] if match and match[1] not in taken else target


def _source_name(source: str | None) -> str | None:
    """A source as the user would write it, None if it is unknown or names what torch's wrappers made."""
    if source is None or not source.startswith("L[") or source.startswith(_TRACERS_OWN):
        return None
    text = re.sub(r"L\['(\w+)'\]", r"\1", source)
    return re.sub(r"\.size\(\)\[(\d+)\]", r".shape[\1]", text)
