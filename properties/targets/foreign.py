"""Captures and facts of code that others wrote: the same kinds as a Program's, with what is not known left open."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils import _pytree as pytree

from properties.capture.facts import Facts, GraphFacts, graph_facts
from properties.capture.state import EnvState
from properties.capture.types import Capture
from properties.read.bindings import TensorLeaf
from properties.read.graph import Sized, read_nodes, target_name
from properties.targets.realise import Realiser, Slot, derived
from properties.verdict import Outcome
from strategies.program import Program
from strategies.terms import Const, Term, Var, apply, variables

NO_PROGRAM = Program((), (), ())
"""What stands where a capture of generated code names its Program."""
_TEXT_LIMIT = 400
_INTEGERS = (torch.int8, torch.uint8, torch.int16, torch.int32)


@dataclass(frozen=True)
class Code:
    """Foreign code with example inputs: what is traced, and what runs eagerly.

    ``call`` takes ``args`` and ``kwargs``. ``dynamic_shapes`` is what ``torch.export`` takes; ``names`` are those of
    the flat inputs (the leaves of ``(args, kwargs)``), for people.
    """

    name: str
    call: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    dynamic_shapes: Any = None

    @cached_property
    def flat(self) -> tuple[Any, ...]:
        return tuple(pytree.tree_leaves((self.args, dict(self.kwargs))))

    @cached_property
    def names(self) -> tuple[str, ...]:
        paths, _ = pytree.tree_flatten_with_path((self.args, dict(self.kwargs)))
        return tuple(_input_name(path, self.call) for path, _ in paths)

    def unflatten(self, flat: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        _, spec = pytree.tree_flatten((self.args, dict(self.kwargs)))
        return pytree.tree_unflatten(list(flat), spec)


def _input_name(path: Any, call: Callable[..., Any]) -> str:
    group, *rest = path
    inside = "".join(pytree.keystr((key,)) for key in rest[1:])
    if group.idx == 1:
        return f"{rest[0].key}{inside}"
    code = getattr(getattr(call, "forward", call), "__code__", None)
    position = rest[0].idx
    if code is not None:
        parameters = [name for name in code.co_varnames[: code.co_argcount] if name != "self"]
        if position < len(parameters):
            return f"{parameters[position]}{inside}"
    return f"args[{position}]{inside}"


def run_code(code: Code, flat: Sequence[Any]) -> Outcome:
    """``code`` run eagerly; ``by`` is ``check`` if a check of the author's rejects: torch's or Python's own."""
    values = [value.detach().clone() if isinstance(value, torch.Tensor) else value for value in flat]
    args, kwargs = code.unflatten(values)
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            results = code.call(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - whatever foreign code raises is its rejection
        by = "check" if _is_check(error) else "operator"
        return Outcome("rejected", by, type(error).__name__, str(error)[:_TEXT_LIMIT])
    return Outcome("accepted", results=tuple(pytree.tree_leaves(results)))


def _is_check(error: BaseException) -> bool:
    """Whether ``torch._check`` or an ``assert`` or ``raise`` outside of torch raised ``error``."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return False
    last = frames[-1]
    if last.filename == torch.__file__ and last.name.startswith("_check"):
        return True
    return isinstance(error, AssertionError) or (last.line or "").lstrip().startswith(("raise ", "assert "))


@dataclass(frozen=True, eq=False)
class ForeignCapture(Capture):
    """A capture of foreign code; its leaves are the graph's own."""

    code: Code | None = None
    realiser: Realiser | None = None

    @cached_property
    def _example(self) -> dict[str, Any]:
        assert self.realiser is not None
        return dict(self.realiser.observed(self.realiser.examples).leaves)

    def example(self) -> dict[str, Any]:
        return dict(self._example)

    def eager(self, valuation: Mapping[str, Any]) -> Outcome:
        assert self.realiser is not None
        assert self.code is not None
        return run_code(self.code, self.realiser.build(valuation)[0])


@dataclass(frozen=True)
class ForeignFacts(Facts):
    """Γ and O of foreign code; P is not known. Leaves stand for themselves."""

    code: Code | None = None

    def valuation(self, program_values: Mapping[str, Any]) -> dict[str, Any]:
        """The leaves as a run on the inputs for ``program_values`` shows them."""
        capture = self.capture
        assert isinstance(capture, ForeignCapture)
        assert capture.realiser is not None
        seen = capture.realiser.build(program_values)[1].leaves
        return {**derived(self.bindings, program_values), **seen}

    def inputs(self, program_values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The code's flat inputs in which the leaves have these values."""
        capture = self.capture
        assert isinstance(capture, ForeignCapture)
        assert capture.realiser is not None
        return capture.realiser.build(program_values)[0]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """``dim``, ``scalar`` or the operator that yields the leaf."""
        found = dict.fromkeys(_input_leaves(self.bindings.placeholders), "dim")
        for node in self.capture.graph.graph.nodes:
            for name in self.bindings.sources.get(node.name, {}).values():
                found[name] = _short(node)
        return {name: "item" if kind == "_local_scalar_dense" else kind for name, kind in found.items()}

    @cached_property
    def leaf_names(self) -> dict[str, str]:
        """How a person would write each leaf: ``x.shape[0]``, ``mask.nonzero().size(0)``."""
        assert self.code is not None
        capture = self.capture
        assert isinstance(capture, ForeignCapture)
        assert capture.realiser is not None
        return leaf_names(capture.graph.graph, self, capture.realiser.slots, self.code.names)


def foreign_capture(
    code: Code,
    frontend: str,
    module: fx.GraphModule,
    env: ShapeEnv,
    *,
    slots: Sequence[Slot],
    export: bool,
    name: str,
) -> ForeignFacts:
    """The facts of ``module``, whose placeholders get ``slots``, as a trace of ``code`` left it."""
    found = graph_facts(module.graph, env)
    realiser = Realiser(module, found.bindings, slots, code.flat)

    def arguments(valuation: Mapping[str, Any]) -> tuple[Any, ...]:
        inputs = realiser.build(valuation)[0]
        # Seeded, so that random operators draw alike in every run that is compared.
        torch.manual_seed(0)
        return tuple(slot.fill([v.clone() if isinstance(v, torch.Tensor) else v for v in inputs]) for slot in slots)

    capture = ForeignCapture(
        program=NO_PROGRAM,
        frontend=frontend,
        graph=module,
        shape_env=env,
        state=EnvState.take(env),
        export=export,
        name=name,
        placeholders=(),
        source_placeholders={},
        arguments=arguments,
        code=code,
        realiser=realiser,
    )
    leaves = sorted(found.bindings.bound | set(_input_leaves(found.bindings.placeholders)))
    return ForeignFacts(
        capture,
        found.bindings,
        tuple(dict.fromkeys((*found.assumptions, *_guarantees(module.graph, found)))),
        found.obligations,
        found.unplaceable,
        found.unread,
        (),
        {name: Var(name) for name in leaves},
        False,
        code,
    )


def _input_leaves(placeholders: Mapping[str, TensorLeaf | Term | None]) -> list[str]:
    """The sizes and scalars of the inputs that vary; strides and offsets follow from how inputs are built."""
    names: dict[str, None] = {}
    for binding in placeholders.values():
        terms = binding.shape if isinstance(binding, TensorLeaf) else (binding,)
        for term in terms:
            if isinstance(term, Var):
                names.setdefault(term.name)
    return list(names)


def _guarantees(graph: fx.Graph, found: GraphFacts) -> list[Term]:
    """What operators make sure of by themselves: sizes are not negative, counts not larger than what is counted."""
    _, values = read_nodes(graph, found.bindings)
    terms: list[Term] = [apply("ge", name, 0) for name in _input_leaves(found.bindings.placeholders)]
    for node in graph.nodes:
        names = found.bindings.sources.get(node.name)
        if not names:
            continue
        target = target_name(node.target)
        for path, name in names.items():
            if "size" in path:
                terms.append(apply("ge", name, 0))
                if target.split(".")[0:2] == ["aten", "nonzero"]:
                    terms += _at_most_all(name, values.get(node.args[0]))
            elif path == ("ConvertIntKey",):
                terms += [apply("ge", name, 0), apply("le", name, 1)]
            elif path == () and node.args:
                terms += _dtype_range(name, node.args[0])
    return [term for term in terms if variables(term)]


def _at_most_all(name: str, tensor: Any) -> list[Term]:
    shape = tensor.shape if isinstance(tensor, (TensorLeaf, Sized)) else None
    if shape is None:
        return []
    total: Term = Const(1)
    for size in shape:
        total = size if total == Const(1) else apply("mul", total, size)
    return [apply("le", name, total)]


def _dtype_range(name: str, tensor: Any) -> list[Term]:
    value = tensor.meta.get("val", tensor.meta.get("example_value")) if isinstance(tensor, fx.Node) else None
    if not isinstance(value, torch.Tensor) or value.dtype not in _INTEGERS:
        return []
    limits = torch.iinfo(value.dtype)
    return [apply("ge", name, limits.min), apply("le", name, limits.max)]


def leaf_names(graph: fx.Graph, facts: Facts, slots: Sequence[Slot], inputs: Sequence[str]) -> dict[str, str]:
    """See :attr:`ForeignFacts.leaf_names`; a leaf that comes from no input of the user's is called after its node."""
    names: dict[str, str] = {}
    shown: dict[fx.Node, str] = {}
    for node, slot in zip(graph.find_nodes(op="placeholder"), slots, strict=True):
        label = inputs[slot.index] if slot.index is not None else node.name
        if slot.axis is not None:
            label = f"{label}.shape[{slot.axis}]"
        shown[node] = label
        binding = facts.bindings.placeholders.get(node.name)
        if isinstance(binding, TensorLeaf):
            parts = (
                *((term, f"{label}.shape[{axis}]") for axis, term in enumerate(binding.shape)),
                *((term, f"{label}.stride({axis})") for axis, term in enumerate(binding.stride)),
                (binding.offset, f"{label}.storage_offset()"),
            )
            for term, text in parts:
                if isinstance(term, Var):
                    names.setdefault(term.name, text)
        elif isinstance(binding, Var):
            names.setdefault(binding.name, label)
    for node in graph.nodes:
        for path, leaf in facts.bindings.sources.get(node.name, {}).items():
            names.setdefault(leaf, _read_as(node, path, shown))
    return names


def _short(node: fx.Node) -> str:
    """The name of an operator or method without its library and overload."""
    parts = target_name(node.target).split(".")
    return parts[1] if parts[0] in ("aten", "prims") else parts[-1]


def _read_as(node: fx.Node, path: tuple[str, ...], shown: Mapping[fx.Node, str]) -> str:
    operand = node.args[0] if node.args and isinstance(node.args[0], fx.Node) else None
    way: list[str] = []
    while operand is not None and operand not in shown and len(way) < 3:
        target = _short(operand)
        rest = ", ".join(str(arg) for arg in operand.args[1:])
        row = target == "select" and operand.args[1:2] == (0,)
        way.append(f"[{operand.args[-1]}]" if row or target == "getitem" else f".{target}({rest})")
        operand = operand.args[0] if operand.args and isinstance(operand.args[0], fx.Node) else None
    start = shown.get(operand, "…") if operand is not None else node.name
    target = _short(node)
    if path == () and target in ("_local_scalar_dense", "item"):
        return f"{start}{''.join(reversed(way))}.item()"
    size = f".shape[{path[-1]}]" if "size" in path else f".{'.'.join(path)}" if path else ""
    return f"{start}{''.join(reversed(way))}.{target}(){size}"
