"""Where in the user's source a node was made and a check was written, noted while torch traces.

torch keeps such places only for some front ends and for functions called ``forward``; here the Python stack is looked
at, or, where Dynamo or a retrace runs code that is on no stack, what torch itself keeps for that.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from unittest import mock

import sympy
import torch
from torch import fx
from torch._guards import TracingContext
from torch.fx import traceback as fx_traceback
from torch.fx.experimental.symbolic_shapes import ShapeEnv

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_OWN = tuple(os.path.join(_ROOT, name) + os.sep for name in ("strategies", "properties", "reports", "runtime_assert"))
_LIBRARIES = (*(os.path.dirname(str(module.__file__)) + os.sep for module in (torch, sympy)), "torch" + os.sep, "<")
_STANDARD_LIBRARY = sysconfig.get_paths()["stdlib"] + os.sep
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@dataclass
class Places:
    """``file:line`` of each node by its name, and of each condition that was checked, as torch wrote it."""

    nodes: dict[str, str] = field(default_factory=dict)
    checks: list[tuple[Any, str]] = field(default_factory=list)


@contextmanager
def noted() -> Iterator[Places]:
    """Notes the places of what is traced inside."""
    found = Places()
    create_node, check = fx.Graph.create_node, ShapeEnv.guard_or_defer_runtime_assert

    def noting_node(graph: fx.Graph, *args: Any, **kwargs: Any) -> fx.Node:
        node = create_node(graph, *args, **kwargs)
        place = _here()
        if place:
            found.nodes[node.name] = place
        return node

    def noting_check(env: ShapeEnv, orig_expr: Any, *args: Any, **kwargs: Any) -> bool:
        place = _here()
        if place:
            found.checks.append((orig_expr, place))
        return check(env, orig_expr, *args, **kwargs)

    with (
        mock.patch.object(fx.Graph, "create_node", noting_node),
        mock.patch.object(ShapeEnv, "guard_or_defer_runtime_assert", noting_check),
    ):
        yield found


def place_of_error(error: BaseException) -> str:
    """The user's line that ``error`` was raised under; empty if there is none."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    inner = next((index for index in reversed(range(len(frames))) if frames[index][0].startswith(_OWN)), -1)
    # Dynamo writes the user's stack into the message, since its own frames stand in the traceback.
    return _written(str(error)) or outside(frames[inner + 1 :])


def stack_place(node: fx.Node) -> str:
    """The innermost line outside of torch in the stack trace that torch kept for ``node``."""
    return _written(node.meta.get("stack_trace") or "")


def written_at(place: str, *, read: bool = True) -> dict[str, str]:
    """The ``source`` and ``line`` of a row: ``place`` without what is this machine's own, and the text of that line.

    Without ``read`` no file is opened, for places that somebody else wrote down.
    """
    path, _, number = place.rpartition(":")
    text = linecache.getline(path, int(number)).strip() if path and read else ""
    here = os.getcwd() + os.sep
    short = path.removeprefix(here) if path.startswith(here) else re.sub(r".*-packages/", "", path)
    return {"source": f"{short}:{number}" if path else "", "line": text}


def outside(frames: Iterable[tuple[str, int | None]]) -> str:
    """``file:line`` of the last of ``frames`` (outermost first) that is the user's; empty if none is."""
    own = [(name, line) for name, line in frames if line and _is_users(name)]
    return f"{own[-1][0]}:{own[-1][1]}" if own else ""


def _here() -> str:
    frame = sys._getframe(2)
    # Behind this tool's own frames stands who called it.
    while frame is not None and not frame.f_code.co_filename.startswith(_OWN):
        if _is_users(frame.f_code.co_filename):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    kept = fx_traceback.get_current_meta().get("stack_trace") if fx_traceback.has_preserved_node_meta() else None
    if kept:
        return _written(kept)
    return outside((item.filename, item.lineno) for item in TracingContext.extract_stack())


def _written(text: str) -> str:
    return outside((name, int(line)) for name, line in _FRAME.findall(text))


@lru_cache(maxsize=4096)
def _is_users(name: str) -> bool:
    """Whether a file is the user's or a library's that they use: neither torch, Python itself, nor this tool."""
    if name.startswith((*_OWN, *_LIBRARIES)):
        return False
    return not name.startswith(_STANDARD_LIBRARY) or "-packages" in name
