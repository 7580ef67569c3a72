"""Compiling guarded graphs and whole Programs with torch's backends, so that what comes out can be run on inputs."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import fx
from torch._guards import TracingContext, tracing

from properties.capture.facts import graph_facts
from properties.capture.frontends.compile import dynamic_sources, mark_dynamic
from properties.capture.frontends.export import exported
from properties.capture.frontends.tensors import example_inputs
from properties.capture.interception import DYNAMO_SITES, EXPORT_SITES, in_place_of_torch
from properties.capture.table import FRONTENDS
from properties.capture.types import Capture, copy_module
from properties.subjects import Subject
from properties.verdict import Outcome
from strategies.compile import as_module, compile_program
from strategies.inputs import build_inputs
from strategies.terms import Term


class NotCompiled(RuntimeError):
    """A backend did not compile a graph, or is not at hand here; the argument says why."""


@dataclass(frozen=True)
class Compiled:
    """Something that a backend made, and what its inputs have to satisfy beyond the capture's assumptions.

    ``assumptions`` are guards that compiling added: code for a graph alone does not check them.
    """

    call: Callable[..., Any]
    assumptions: tuple[Term, ...] = ()


def unavailable(backend: str) -> str:
    """Why ``backend`` cannot be used here; empty if it can."""
    if backend in ("inductor", "aot_inductor") and _compiler() is None:
        return f"{backend}: no C++ compiler found (CXX, c++, g++ or clang++)"
    return ""


@functools.cache
def _compiler() -> str | None:
    return next(filter(None, map(shutil.which, (os.environ.get("CXX", ""), "c++", "g++", "clang++"))), None)


def compile_graph(module: fx.GraphModule, capture: Capture, backend: str) -> Compiled:
    """``module``, a graph of ``capture``'s after the pass, compiled as Dynamo would have it compiled.

    Inputs are the fake tensors of the capture, so sizes stay symbolic. The ShapeEnv is put back.

    Raises:
        NotCompiled: if the backend refuses, with its reason.
    """
    graph = copy_module(module)
    _return_tuple(graph)
    inputs = [_value(node) for node in graph.graph.find_nodes(op="placeholder")]
    mode = next((value.fake_mode for value in inputs if isinstance(value, torch._subclasses.FakeTensor)), None)
    if mode is None:
        raise NotCompiled("no tensor is an input of the graph")
    with private_cache(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with tracing(TracingContext(mode)):
                call = torch._dynamo.lookup_backend(backend)(graph, inputs)
            learned = graph_facts(capture.graph.graph, capture.shape_env)
        except Exception as error:
            raise NotCompiled(reason_of(error)) from error
        finally:
            capture.state.restore(capture.shape_env)
    if any(text.startswith("guard") for text in learned.unread):
        raise NotCompiled("a guard that compiling added cannot be read")
    return Compiled(_cached(call), learned.assumptions)


def compile_program_whole(capture: Capture, subject: Subject, backend: str) -> Compiled:
    """The Program of ``capture`` under ``torch.compile``: guards and recompilation included, the pass exchanged.

    Raises:
        NotCompiled: if torch refuses the example, with its reason.
    """
    program, device = capture.program, capture.device
    deferred = FRONTENDS[capture.frontend].deferred
    torch._dynamo.reset()
    function = torch.compile(compile_program(program, device), backend=backend, fullgraph=True)

    def call(*tensors: torch.Tensor) -> Any:
        with (
            in_place_of_torch(DYNAMO_SITES, subject),
            private_cache(),
            warnings.catch_warnings(),
            torch._dynamo.config.patch(
                capture_scalar_outputs=True,
                capture_dynamic_output_shape_ops=True,
                prefer_deferred_runtime_asserts_over_guards=deferred,
            ),
            torch.compiler.config.patch(dynamic_sources=dynamic_sources(program)),  # type: ignore[attr-defined]
        ):
            warnings.simplefilter("ignore")
            return function(*tensors)

    example = build_inputs(program, capture.example(), device)
    mark_dynamic(program, example)
    try:
        call(*example)
    except Exception as error:
        raise NotCompiled(reason_of(error)) from error
    return Compiled(call)


def exported_again(capture: Capture) -> Any:
    """The exported program of the Program of ``capture``, as its front end makes it, with whatever pass is in place."""
    program, device, row = capture.program, capture.device, FRONTENDS[capture.frontend]
    return exported(
        program,
        as_module(program, device),
        example_inputs(program, device),
        strict=row.function == "capture_strict",
        deferred=row.deferred,
        named=row.function == "capture_named",
    )


def package(capture: Capture, subject: Subject) -> Compiled:
    """The Program of ``capture`` exported with the pass exchanged, compiled ahead of time and loaded from its file.

    Raises:
        NotCompiled: if torch refuses at any step, with its reason.
    """
    from torch._inductor import aoti_compile_and_package, aoti_load_package

    with private_cache() as folder, in_place_of_torch(EXPORT_SITES, subject), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            whole = exported_again(capture)
            with tempfile.TemporaryDirectory(dir=folder) as place:
                path = aoti_compile_and_package(whole, package_path=str(Path(place) / "program.pt2"))
                return Compiled(aoti_load_package(path))
        except Exception as error:
            raise NotCompiled(reason_of(error)) from error


def is_refusal(outcome: Outcome) -> bool:
    """Whether a rejection says that torch would not compile again, which tells nothing about the inputs."""
    return outcome.error in _refusal_names()


@functools.cache
def _refusal_names() -> frozenset[str]:
    import torch._dynamo.exc

    names = {name for name, value in vars(torch._dynamo.exc).items() if isinstance(value, type)}
    return frozenset(names - {"TorchRuntimeError"} | {"ConstraintViolationError", "GuardOnDataDependentSymNode"})


@contextlib.contextmanager
def private_cache() -> Iterator[Path]:
    """A folder of this process alone for what backends compile, in place of the user's own cache."""
    folder = _cache_folder()
    settings = {"TORCHINDUCTOR_CACHE_DIR": str(folder), "TRITON_CACHE_DIR": str(folder / "triton")}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield folder
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@functools.cache
def _cache_folder() -> Path:
    """Made once a process; those of processes that are gone, which may have been killed, are removed."""
    root = Path(tempfile.gettempdir()) / f"runtime-assert-backends-{os.getuid() if hasattr(os, 'getuid') else 0}"
    root.mkdir(mode=0o700, exist_ok=True)
    for old in root.iterdir():
        if old.name.isdecimal() and not _alive(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)
    folder = root / str(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _cached(call: Callable[..., Any]) -> Callable[..., Any]:
    """``call`` with the cache at hand: some backends compile a part only when they run."""

    @functools.wraps(call)
    def wrapped(*arguments: Any) -> Any:
        with private_cache():
            return call(*arguments)

    return wrapped


def _return_tuple(module: fx.GraphModule) -> None:
    """Backends want a tuple from a graph."""
    output = next(iter(module.graph.find_nodes(op="output")))
    if not isinstance(output.args[0], (tuple, list)):
        output.args = ((output.args[0],),)
    module.recompile()


def _value(node: fx.Node) -> Any:
    return node.meta["val"] if "val" in node.meta else node.meta.get("example_value")


def reason_of(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:160]
