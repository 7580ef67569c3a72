"""The graphs inside of a graph (branches, bodies of loops): when each runs, on what, and what it asserts.

Read as the outer graph is: from targets and arguments alone. A condition of a body holds where the body runs, so that
seen from outside it is ``implies(the body runs, condition)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import sympy
import torch
from torch import fx

from properties.read.bindings import Bindings, TensorLeaf, bindings_of
from properties.read.graph import Emitted, read_nodes
from properties.read.values import Opaque, Sized
from strategies.terms import TRUE, Apply, Const, Term, Var, apply, conjuncts


@dataclass(frozen=True, eq=False)
class Entered:
    """A body as one node of the graph around it enters it.

    ``given`` are the conditions under which it runs, the outermost first; one that cannot be read is
    :class:`Opaque`. ``operands`` are what the node hands to its inputs, ``inputs`` what these are. ``index`` is the
    position of the node that leads to it in the outermost graph.
    """

    path: str
    module: fx.GraphModule
    bindings: Bindings
    given: tuple[Any, ...]
    operands: tuple[Any, ...]
    inputs: tuple[Any, ...]
    index: int
    parent: Entered | None = None

    @property
    def bound(self) -> frozenset[str]:
        """The symbols that it binds, or a body around it."""
        return self.bindings.bound | (self.parent.bound if self.parent is not None else frozenset())

    def seen_from_outside(self, term: Term) -> Term | Opaque:
        """``term``, demanded where the body runs."""
        unread = next((condition for condition in self.given if isinstance(condition, Opaque)), None)
        return unread or reduce(lambda inner, condition: apply("implies", condition, inner), reversed(self.given), term)


def bodies_of(
    module: fx.GraphModule,
    bindings: Bindings,
    named: Mapping[str, Bindings] | None = None,
    renamings: Mapping[sympy.Symbol, sympy.Symbol] | None = None,
) -> Iterator[Entered]:
    """The bodies in ``module``, those around before those inside.

    ``named`` has the leaves of each by its path, as declared before a pass ran; without it they are read here.
    """
    yield from _bodies(module, read_nodes(module.graph, bindings)[1], bindings.bound, named, renamings, None)


def _bodies(
    module: fx.GraphModule,
    values: Mapping[fx.Node, Any],
    around: frozenset[str],
    named: Mapping[str, Bindings] | None,
    renamings: Mapping[sympy.Symbol, sympy.Symbol] | None,
    parent: Entered | None,
) -> Iterator[Entered]:
    for index, node in enumerate(module.graph.nodes):
        if not isinstance(node.target, torch._ops.HigherOrderOperator):
            continue
        for attribute, condition, operands, inputs in _entries(module, node, values):
            body = getattr(module, str(attribute.target), None)
            if not isinstance(body, fx.GraphModule):
                continue
            path = f"{parent.path}.{attribute.target}" if parent else str(attribute.target)
            own = named.get(path) if named is not None else bindings_of(body.graph, renamings, around)
            if own is None:
                continue
            given = (*(parent.given if parent else ()), *(() if condition == TRUE else (condition,)))
            place = parent.index if parent else index
            entered = Entered(path, body, own, given, tuple(operands), tuple(inputs), place, parent)
            yield entered
            inner = read_nodes(body.graph, own, entered.inputs)[1]
            yield from _bodies(body, inner, around | own.bound, named, renamings, entered)


Entry = tuple[fx.Node, Any, Sequence[Any], Sequence[Any]]
"""The attribute that holds a body, when it runs, and what it is handed: nodes, and what these yield."""


def _entries(module: fx.GraphModule, node: fx.Node, values: Mapping[fx.Node, Any]) -> Iterator[Entry]:
    reader = _READERS.get(str(node.target))

    def value(argument: Any) -> Any:
        if isinstance(argument, fx.Node):
            return values[argument]
        return Const(argument) if isinstance(argument, (bool, int, float)) else argument

    if reader is not None:
        yield from reader(module, node.args, value)
        return
    for argument in node.all_input_nodes:
        if argument.op == "get_attr":
            yield argument, Opaque(f"when {node.target} runs {argument.target}"), (), ()


Arguments = Sequence[Any]
Value = Callable[[Any], Any]


def _branches(module: fx.GraphModule, args: Arguments, value: Value) -> Iterator[Entry]:
    condition, yes, no = value(args[0]), args[1], args[2]
    operands = tuple(args[3]) if len(args) > 3 else ()
    if not isinstance(condition, (Const, Var, Apply)):
        condition = condition if isinstance(condition, Opaque) else Opaque("a condition that is a tensor")
        yield yes, condition, operands, tuple(map(value, operands))
        yield no, condition, operands, tuple(map(value, operands))
        return
    yield yes, condition, operands, tuple(map(value, operands))
    yield no, apply("not", condition), operands, tuple(map(value, operands))


def _loop(module: fx.GraphModule, args: Arguments, value: Value) -> Iterator[Entry]:
    condition, body, carried, others = args[0], args[1], tuple(args[2]), tuple(args[3])
    # What is carried from round to round has one value only in the first, which alone decides whether there is any.
    unknown = tuple(Opaque("a value that a loop carries") for _ in carried)
    rest = tuple(map(value, others))
    yield condition, TRUE, (*carried, *others), (*unknown, *rest)
    yield body, _first_answer(module, condition, [*map(value, carried), *rest]), (*carried, *others), (*unknown, *rest)


def _first_answer(module: fx.GraphModule, condition: fx.Node, inputs: Sequence[Any]) -> Any:
    test = getattr(module, str(condition.target))
    found = read_nodes(test.graph, bindings_of(test.graph), inputs)[1]
    (result,) = test.graph.find_nodes(op="output")
    answer = result.args[0]
    answer = answer[0] if isinstance(answer, (list, tuple)) else answer
    told = found.get(answer) if isinstance(answer, fx.Node) else Const(bool(answer))
    return told if isinstance(told, (Const, Var, Apply)) else Opaque("whether a loop has a first round")


def _rows(module: fx.GraphModule, args: Arguments, value: Value) -> Iterator[Entry]:
    body, mapped, others = args[0], tuple(args[1]), tuple(args[2])
    rows, length = [], Opaque("how many rows there are")
    for tensor in map(value, mapped):
        shape = tensor.shape if isinstance(tensor, (TensorLeaf, Sized)) else None
        length = shape[0] if shape else length
        rows.append(Sized("row", shape[1:]) if shape else Opaque("a row"))
    runs = apply("ge", length, 1) if isinstance(length, (Const, Var, Apply)) else length
    yield body, runs, (*mapped, *others), (*rows, *map(value, others))


_READERS: dict[str, Callable[[fx.GraphModule, Arguments, Value], Iterator[Entry]]] = {
    "cond": _branches,
    "while_loop": _loop,
    "map_impl": _rows,
}


def asserts_inside(module: fx.GraphModule, bindings: Bindings, named: Mapping[str, Bindings]) -> tuple[Emitted, ...]:
    """The asserts in the bodies of ``module``, each as it is seen from outside, conjunct by conjunct."""
    found: list[Emitted] = []
    for body in bodies_of(module, bindings, named):
        for emitted in read_nodes(body.module.graph, body.bindings, body.inputs)[0]:
            place = f"{body.path}.{emitted.node}"
            for part in conjuncts(emitted.term) if emitted.term is not None else (None,):
                seen = body.seen_from_outside(part) if part is not None else Opaque(emitted.reason)
                unread = isinstance(seen, Opaque)
                found.append(
                    replace(
                        emitted,
                        node=place,
                        index=body.index,
                        term=None if unread else seen,
                        reason=seen.reason if unread else "",
                    )
                )
    return tuple(found)
