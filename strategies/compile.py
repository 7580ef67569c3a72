"""Programs as callables: the printed source, compiled under a name that tracebacks can look up."""

from __future__ import annotations

import functools
import linecache
import math
import warnings
import weakref
from collections.abc import Callable
from types import FunctionType
from typing import Any

import torch

from strategies.constructs.submodule import DEFINITION
from strategies.custom_operators import DEFINITIONS
from strategies.program import Program
from strategies.source import has_parts, operators_of, program_source

# torch announces the end of this function where it is called, and each program is a place of its own: a campaign
# would hear of it a thousand times.
warnings.filterwarnings("ignore", message="_check_is_size will be removed", category=FutureWarning)


def compile_program(program: Program, device: str = "cpu") -> Callable[..., Any]:
    """``forward`` as a plain function; a traceback through it shows the lines of :func:`program_source`."""
    return _function(program, device, method=False)


def as_module(program: Program, device: str = "cpu") -> torch.nn.Module:
    """A module whose ``forward`` has the program's own signature, as ``torch.export`` wants it."""
    module = type("GeneratedProgram", (torch.nn.Module,), {"forward": _function(program, device, method=True)})()
    if has_parts(program):
        module.part = _part()()
    return module


@functools.cache
def _part() -> type[torch.nn.Module]:
    """The class of the child module of a program."""
    namespace: dict[str, Any] = {"torch": torch, "__name__": __name__}
    exec(compile(DEFINITION, "<part>", "exec"), namespace)
    return namespace["Part"]


@functools.cache
def define(name: str) -> None:
    """Make the operator ``name`` of :mod:`strategies.custom_operators` known to torch, once a process."""
    exec(compile(DEFINITIONS[name], f"<operator {name}>", "exec"), {"torch": torch, "__name__": __name__})


def _function(program: Program, device: str, *, method: bool) -> FunctionType:
    for name in operators_of(program):
        define(name)
    text = program_source(program, method=method, device=device)
    place = "" if device == "cpu" else f" on {device}"
    filename = f"<program {program.key()}{' module' if method else ''}{place}>"
    # Dynamo looks the globals of a traced function up in the module that it claims to be from.
    namespace: dict[str, Any] = {"torch": torch, "math": math, "__name__": __name__}
    if has_parts(program) and not method:
        namespace["part"] = _part()()
    exec(compile(text, filename, "exec"), namespace)
    function = namespace["forward"]
    entry = (len(text), None, text.splitlines(keepends=True), filename)
    linecache.cache[filename] = entry
    # A campaign compiles millions of programs: the lines go when the function goes.
    weakref.finalize(function, _forget, filename, entry)
    return function


def _forget(filename: str, entry: object) -> None:
    # A later function of the same program has put an entry of its own, which stays.
    if linecache.cache.get(filename) is entry:
        linecache.cache.pop(filename, None)
