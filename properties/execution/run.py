"""Runs a Program eagerly, or a graph, on concrete inputs, and classifies how the run ended."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import is_nested_int
from torch.utils._python_dispatch import is_traceable_wrapper_subclass
from torch.utils._pytree import tree_flatten

from properties.capture.types import Capture
from properties.devices import poisons
from properties.errors import ContextLost
from properties.phases import EAGER, GRAPH_AFTER, GRAPH_BEFORE, phase
from properties.read.targets import is_assert
from properties.verdict import Outcome
from strategies.compile import compile_program
from strategies.constructs import CONSTRUCTS
from strategies.inputs import build_inputs
from strategies.program import Program
from strategies.semantics import example
from strategies.source import statement_of_line
from strategies.terms import Valuation

_TEXT_LIMIT = 400


@functools.lru_cache(maxsize=64)
def _compiled(program: Program, device: str) -> Callable[..., Any]:
    return compile_program(program, device)


def run_eager(program: Program, valuation: Valuation, device: str = "cpu") -> Outcome:
    """The Program itself on the inputs of ``valuation``; a rejection names the statement that raised.

    Raises:
        Unrealisable: if there are no such inputs.
        ContextLost: if an earlier kernel took the CUDA context of this process with it.
    """
    inputs = _made(lambda: build_inputs(program, valuation, device), device)
    forward = _compiled(program, device)
    try:
        # What torch would compile of its own accord, the body of a loop, is run as it stands.
        with phase(EAGER), torch.compiler.set_stance("force_eager") if _loops(program) else nullcontext():
            results = _settled(forward(*inputs), device)
    except Exception as error:  # noqa: BLE001 - whatever a program raises is its rejection
        index = _failed_statement(forward, program, error)
        kind = "check" if index is not None and program.body[index].op.startswith("check") else "operator"
        return _rejection(kind, error, index)
    return Outcome("accepted", results=results)


@functools.lru_cache(maxsize=4)
def run_example(program: Program) -> Outcome:
    """The Program itself on its own example: run once, for all who ask how it ends.

    Raises:
        Unrealisable: if its example needs tensors too large to build.
    """
    return run_eager(program, example(program))


def _loops(program: Program) -> bool:
    return any(CONSTRUCTS[statement.op].kind == "structure" for statement in program.body)


def _failed_statement(forward: Any, program: Program, error: BaseException) -> int | None:
    """The index of the statement whose line is in the traceback of ``error``."""
    name = forward.__code__.co_filename
    # The frames alone: a summary of them reads source files, and the last line of the Program is what counts.
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == name]
    return statement_of_line(program, lines[-1]) if lines else None


def run_graph(module: fx.GraphModule, capture: Capture, valuation: Valuation) -> Outcome:
    """``module`` on the inputs of ``valuation``; a rejection says whether an assert node raised it.

    Nodes are run one by one: generating code for a graph that runs a few times costs more than running it.

    Raises:
        Unrealisable: if there are no such inputs.
        ContextLost: if an earlier kernel took the CUDA context of this process with it.
    """
    arguments = _made(lambda: capture.arguments(valuation), capture.device)
    with phase(GRAPH_BEFORE if module is capture.graph else GRAPH_AFTER):
        steps = step_through(module, arguments)
    try:
        if steps.error is not None:
            raise steps.error
        results = _settled(steps.results, capture.device)
    except Exception as error:  # noqa: BLE001 - whatever a graph raises is its rejection
        by = "assert" if steps.last is not None and is_assert(steps.last) else "operator"
        return _rejection(by, error)
    return Outcome("accepted", results=results, inputs=_settled(arguments, capture.device))


def step_through(module: fx.GraphModule, arguments: tuple[Any, ...]) -> Steps:
    """``module`` run on ``arguments`` node by node, to its end or to the first node that raises."""
    steps = Steps(module, garbage_collect_values=False)
    steps.extra_traceback = False
    try:
        steps.results = steps.run(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever a graph raises is what was to be found out
        steps.error = error
    return steps


def run_callable(function: Callable[..., Any], arguments: Callable[[], tuple[Any, ...]], device: str) -> Outcome:
    """``function`` on what ``arguments`` makes; what rejected is told by the error alone, and so left open."""
    made = _made(arguments, device)
    try:
        results = _settled(function(*made), device)
    except Exception as error:  # noqa: BLE001 - whatever compiled code raises is its rejection
        return _rejection("operator", error)
    return Outcome("accepted", results=results)


def _made(make: Callable[[], tuple[Any, ...]], device: str) -> tuple[Any, ...]:
    try:
        return make()
    except RuntimeError as error:
        if device != "cpu" and poisons(error):
            raise ContextLost(str(error).splitlines()[0]) from error
        raise


def _rejection(by: str, error: Exception, statement: int | None = None) -> Outcome:
    return Outcome(
        "rejected", "device" if poisons(error) else by, type(error).__name__, str(error)[:_TEXT_LIMIT], statement
    )


def _settled(results: Any, device: str) -> tuple[Any, ...]:
    """The leaves of ``results`` once all kernels are done, tensors on the CPU with the strides that they had."""
    leaves, _ = tree_flatten(results)
    if device == "cpu":
        return tuple(leaves)
    torch.cuda.synchronize(device)
    return tuple(_on_host(leaf) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves)


def _on_host(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.device.type == "cpu":
        return tensor
    empty = torch.empty(0, dtype=tensor.dtype)
    storage = tensor.untyped_storage().cpu()
    return empty.set_(storage, tensor.storage_offset(), tensor.size(), tensor.stride())  # type: ignore[arg-type]


class Steps(fx.Interpreter):
    """A run of a graph: its results or its error, the node that ran last, and (``env``) what every node gave.

    ``last`` may be a node of a body; ``place`` is the one of the graph itself that runs the body, or ``last``.
    """

    last: fx.Node | None = None
    place: fx.Node | None = None
    results: Any = None
    error: Exception | None = None
    outer: Steps | None = None

    def run(self, *args: Any, **_: Any) -> Any:
        """The results. torch's own loop makes a progress bar, a line of log and a place in a trace of every node, which
        takes longer than what most nodes compute."""
        graph: Any = self.graph
        self.env = {}
        self.args_iter = iter(graph.process_inputs(*args))
        for node in graph.nodes:
            self.env[node] = result = self.run_node(node)
            if node.op == "output":
                return graph.process_outputs(result)
        return None

    def run_node(self, n: fx.Node) -> Any:
        self.place = n
        self._note(n)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        return getattr(self, n.op)(n.target, args, kwargs)

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """Bodies are run node by node too, by operators that ask only for something to call."""
        if isinstance(target, torch._ops.HigherOrderOperator):
            args = tuple(self._stepping(arg) if isinstance(arg, fx.GraphModule) else arg for arg in args)
        return super().call_function(target, args, kwargs)

    def _note(self, n: fx.Node) -> None:
        self.last = n
        if self.outer is not None:
            self.outer._note(n)

    def _stepping(self, module: fx.GraphModule) -> Callable[..., Any]:
        def body(*arguments: Any) -> Any:
            steps = Steps(module, garbage_collect_values=False)
            steps.extra_traceback, steps.outer = False, self
            return steps.run(*arguments)

        return body


def same_results(first: Outcome, second: Outcome) -> bool:
    """Whether two accepted runs gave the same: equal sizes, types and bits."""
    return _all_same(first.results, second.results)


def same_inputs(first: Outcome, second: Outcome) -> bool:
    """Whether two accepted runs left the same of their inputs, which a program may write to."""
    return _all_same(first.inputs, second.inputs)


def same_sharing(first: Outcome, second: Outcome) -> bool:
    """Whether the same of the inputs and results of two accepted runs share memory: who writes to one writes to both.

    What came from another device was copied one by one, and shares nothing in either run.
    """
    return _sharing(first) == _sharing(second)


def _sharing(outcome: Outcome) -> list[int]:
    """For each tensor of the inputs and results, and inside of them, the first that lies in the same memory."""
    places: dict[int, int] = {}
    found: list[int] = []
    for index, value in enumerate(_plain((*outcome.inputs, *outcome.results))):
        if isinstance(value, torch.Tensor) and value.layout == torch.strided and value.untyped_storage().nbytes():
            found.append(places.setdefault(value.untyped_storage().data_ptr(), index))
        else:
            found.append(index)
    return found


def _plain(values: Iterable[Any]) -> Iterator[Any]:
    """``values`` with what a wrapper holds in its place."""
    for value in values:
        if is_traceable_wrapper_subclass(value):
            yield from _plain(tensors_in(value))
        else:
            yield value


def _all_same(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    return len(first) == len(second) and all(_same(a, b) for a, b in zip(first, second, strict=True))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if is_traceable_wrapper_subclass(a):
            return type(a) is type(b) and a.shape[0] == b.shape[0] and _all_same(tensors_in(a), tensors_in(b))
        if torch.strided not in (a.layout, b.layout):
            return a.layout == b.layout and _same(a.to_dense(), b.to_dense())
        return (
            a.layout == b.layout
            and a.shape == b.shape
            and a.dtype == b.dtype
            and a.stride() == b.stride()
            and torch.equal(_bits(a), _bits(b))
        )
    # How long the rows of a jagged tensor are is named after its offsets, which are compared by themselves.
    return type(a) is type(b) and (repr(a) == repr(b) or (isinstance(a, torch.SymInt) and is_nested_int(a)))


def tensors_in(tensor: Any) -> tuple[torch.Tensor, ...]:
    """The tensors that a traceable wrapper subclass holds, in the order in which it names them."""
    names, _ = tensor.__tensor_flatten__()
    return tuple(getattr(tensor, name) for name in names)


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    # By bits, because NaN is unlike itself and the two zeros are alike.
    # (A tensor of one element counts as contiguous whatever its strides, and keeps them when it is reshaped.)
    return tensor.detach().clone(memory_format=torch.contiguous_format).reshape(-1).view(torch.uint8)
