"""Tells which assert of a graph an input violates, and the values that were found.

The message of `aten._assert_scalar` is a string that is fixed when the graph is written: the operator takes no
values, torch.export serialises exactly that string, and backends compile it into a constant. So a graph cannot
print what it found. `diagnose` runs the graph again, node by node up to the assert that fails, and `explaining`
does that by itself when a compiled program fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx
from torch.utils import _pytree as pytree

from runtime_assert import messages
from runtime_assert.checks import message_text
from runtime_assert.names import Names
from runtime_assert.operators import Kind, operator_of
from runtime_assert.reading import CHECK_TARGETS, QUERY_FUNCTIONS, check_condition
from runtime_assert.values import Value, ValueTable

Scalar = int | float | bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A violated assert.

    message: as it stands in the graph. condition: in the user's terms. values: what was found for every leaf of
    the condition, by name, in the order in which the condition mentions them. location: `file.py:12` of the
    check, as far as the graph knows it. node: name of the assert; subgraph: names of the bodies it stands in.
    """

    message: str
    condition: str
    values: tuple[tuple[str, Scalar], ...]
    location: str
    stack_trace: str | None
    node: str
    subgraph: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self.message]
        if self.condition not in self.message:
            lines.append(f"  condition: {self.condition}")
        if self.values:
            lines.append("  found: " + ", ".join(f"{name} = {value}" for name, value in self.values))
        if self.location and self.location not in self.message:
            lines.append(f"  at: {self.location}")
        if self.subgraph:
            lines.append(f"  in: {' / '.join(self.subgraph)}")
        return "\n".join(lines)


class _Violated(Exception):
    """Carries a diagnosis out of the interpreters of nested graphs."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__()
        self.diagnosis = diagnosis


def diagnose(program: Any, *args: Any, **kwargs: Any) -> Diagnosis | None:
    """The first assert of `program` that these inputs violate, with the values found; None if it runs through.

    program: a GraphModule, or what torch.export yields (its guards on the inputs are checked first, as in a
    call). Inputs are those that the program itself takes. Operators up to the assert are run once more, so
    inputs that an operator changes in place are changed; any error that is no violated assert is passed on.
    Raises TypeError for anything else than these two kinds of program, or for inputs that do not fit.
    """
    module = program.module() if isinstance(program, torch.export.ExportedProgram) else program
    if not isinstance(module, fx.GraphModule):
        raise TypeError(f"diagnose() takes a GraphModule or an ExportedProgram, not {type(program).__name__}")
    inputs = _flat(module, args, kwargs)
    try:
        with torch.no_grad():
            _Watcher(module, ()).run(*inputs, enable_io_processing=False)
    except _Violated as violated:
        return violated.diagnosis
    return None


def explaining(backend: str | Callable[..., Any] = "inductor") -> Callable[..., Any]:
    """A backend for torch.compile that compiles with `backend`, and adds the values found to a failing assert's error.

    Nothing is added to the compiled program: only after it failed with RuntimeError is the graph run again,
    node by node. The error that is raised then has the type RuntimeError, as an assert's own, and the first one
    as its cause.
    """
    compiler = torch._dynamo.lookup_backend(backend)

    def compile_graph(gm: fx.GraphModule, example_inputs: list[Any]) -> Callable[..., Any]:
        kept = fx.Graph()
        kept.output(kept.graph_copy(gm.graph, {}))  # the backend may change its own
        watched = fx.GraphModule(gm, kept)
        compiled = compiler(gm, example_inputs)

        def run(*args: Any) -> Any:
            try:
                return compiled(*args)
            except RuntimeError as fault:
                found = diagnose(watched, *args)
                if found is None:
                    raise
                raise RuntimeError(str(found)) from fault

        return run

    return compile_graph


def _flat(module: fx.GraphModule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    info = getattr(module.graph._codegen, "pytree_info", None)
    names = [str(node.target) for node in module.graph.nodes if node.op == "placeholder"]
    if info is None or info.in_spec is None:
        positional, ordered = list(args), names[len(args) :]
    else:
        positional, ordered = pytree.tree_leaves(args), list(info.in_spec.child(1).context or ())
    unknown = kwargs.keys() - set(ordered)
    if unknown:
        raise TypeError(f"the graph takes no input {', '.join(sorted(unknown))}; it takes {', '.join(ordered)}")
    for name in ordered:
        if name in kwargs:
            positional += [kwargs[name]] if info is None else pytree.tree_leaves(kwargs[name])
    if len(positional) != len(names):
        raise TypeError(f"the graph takes {len(names)} inputs ({', '.join(names)}), {len(positional)} were given")
    return positional


class _Watcher(fx.Interpreter):
    """Runs a graph and stops at the first assert whose condition does not hold."""

    def __init__(self, module: fx.GraphModule, inside: tuple[str, ...]) -> None:
        super().__init__(module)
        self.extra_traceback = False
        self._inside = inside
        self._scalars: dict[fx.Node, Scalar] = {}

    def run_node(self, n: fx.Node) -> Any:
        """As the base class does; scalars are kept, because a failing assert asks for them."""
        if n.target in CHECK_TARGETS:
            condition = fx.map_arg(check_condition(n), lambda used: self.env[used])
            if not condition:
                raise _Violated(self._describe(n))
            return None
        body = _BODIES.get(str(n.target)) if n.op == "call_function" else None
        if body is not None:
            args, kwargs = self.fetch_args_kwargs_from_env(n)
            result = body(self._enter(n), *args, **kwargs)
        else:
            result = super().run_node(n)
        if isinstance(result, (int, float)):
            self._scalars[n] = result
        return result

    def _enter(self, node: fx.Node) -> Callable[..., Any]:
        names = {id(self.fetch_attr(str(a.target))): str(a.target) for a in node.all_input_nodes if a.op == "get_attr"}

        def run(body: Any, *operands: Any) -> Any:
            inside = (*self._inside, names.get(id(body), node.name))
            return _Watcher(body, inside).run(*operands, enable_io_processing=False)

        return run

    def _describe(self, node: fx.Node) -> Diagnosis:
        assert isinstance(self.module, fx.GraphModule)
        graph = node.graph
        names = Names(None, list(graph.nodes))
        table = ValueTable(_NOWHERE)
        condition: Any = check_condition(node)
        leaves: dict[str, Scalar] = {}
        if isinstance(condition, fx.Node):
            for leaf in _leaves(condition):
                if leaf in self._scalars:
                    leaves.setdefault(messages.show(_value(leaf, table), names.of), self._scalars[leaf])
            condition = messages.show(_value(condition, table), names.of)
        text = message_text(self.module, node)
        if text is None:
            text = messages.compose(None, str(condition), "")
        trace = node.meta.get("stack_trace")
        location = messages.location_in_trace(trace)
        return Diagnosis(text, str(condition), tuple(leaves.items()), location, trace, node.name, self._inside)


# What is only printed is neither placed nor typed.
_NOWHERE = -1
_UNPLACED: tuple[int, Kind] = (_NOWHERE, "other")


def _is_arithmetic(node: fx.Node) -> bool:
    return operator_of(node) is not None


def _leaves(root: fx.Node) -> list[fx.Node]:
    """The nodes from which a condition is computed, in the order in which it mentions them."""
    found: list[fx.Node] = []
    stack, seen = [root], set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if _is_arithmetic(node):
            stack.extend(reversed(node.all_input_nodes))
        else:
            found.append(node)
    return found


def _value(node: fx.Node, table: ValueTable) -> Value:
    """A node as a value that can be printed: arithmetic and queries opened, the rest as it is called."""

    def operand(argument: Any) -> Any:
        return known[argument] if isinstance(argument, fx.Node) else argument

    known: dict[fx.Node, Value] = {}
    stack = [node]
    while stack:
        at = stack[-1]
        inputs = at.all_input_nodes if _is_arithmetic(at) else []
        pending = [i for i in inputs if i not in known]
        if pending:
            stack.extend(pending)
            continue
        stack.pop()
        if at in known:
            continue
        op = operator_of(at)
        if op is not None:
            args = at.args[0] if op == "sum" and len(at.args) == 1 else at.args
            known[at] = table.get(op, [operand(a) for a in args])  # type: ignore[union-attr]
        else:
            known[at] = _query(at, table)
    return known[node]


def _query(node: fx.Node, table: ValueTable) -> Value:
    op = QUERY_FUNCTIONS.get(node.target)
    if op not in ("size", "stride", "storage_offset"):
        return table.opaque(node, *_UNPLACED)
    base, *rest = node.args
    assert isinstance(base, fx.Node)
    return table.get(op, (table.opaque(base, *_UNPLACED), *rest))


def _cond(run: Callable[..., Any], predicate: Any, yes: Any, no: Any, operands: Sequence[Any] = ()) -> Any:
    return run(yes if predicate else no, *operands)


def _invoke(run: Callable[..., Any], body: Any, _identifier: Any, *operands: Any) -> Any:
    return run(body, *operands)


def _while_loop(
    run: Callable[..., Any], condition: Any, body: Any, carried: Sequence[Any], additional: Sequence[Any] = ()
) -> Any:
    values = tuple(carried)
    while _only(run(condition, *values, *additional)):
        values = tuple(run(body, *values, *additional))
    return values


def _map(run: Callable[..., Any], body: Any, rows: Sequence[Any], others: Sequence[Any] = ()) -> Any:
    results = [run(body, *parts, *others) for parts in zip(*rows, strict=True)]
    return [torch.stack(parts) for parts in zip(*results, strict=True)]


def _scan(
    run: Callable[..., Any], body: Any, carried: Sequence[Any], rows: Sequence[Any], others: Sequence[Any] = ()
) -> Any:
    carry, results = list(carried), []
    for index in range(rows[0].shape[0]):
        found = list(run(body, *carry, *(part[index] for part in rows), *others))
        carry = found[: len(carry)]
        results.append(found[len(carry) :])
    return [*carry, *(torch.stack(parts) for parts in zip(*results, strict=True))]


def _wrapped(run: Callable[..., Any], body: Any, *operands: Any, **_options: Any) -> Any:
    return run(body, *operands)


def _set_grad(run: Callable[..., Any], _enabled: Any, body: Any, *operands: Any) -> Any:
    return run(body, *operands)  # nothing here needs gradients


def _only(result: Any) -> Any:
    return result[0] if isinstance(result, (tuple, list)) else result


# Operators whose arguments are graphs: how they run them.
_BODIES: dict[str, Callable[..., Any]] = {
    "cond": _cond,
    "invoke_subgraph": _invoke,
    "while_loop": _while_loop,
    "map_impl": _map,
    "scan": _scan,
    "wrap": _wrapped,
    "wrap_activation_checkpoint": _wrapped,
    "tag_activation_checkpoint": _wrapped,
    "wrap_with_set_grad_enabled": _set_grad,
}
