"""Puts the pass in torch's place everywhere torch calls its own, and takes it out again."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import torch

from runtime_assert.insertion import insert_deferred_runtime_asserts

NAME = "insert_deferred_runtime_asserts"
HOME = "torch.fx.passes.runtime_assert"

# Modules that bind torch's function by name when they are imported. `proxy_tensor` imports it from HOME when
# it calls it, so replacing it there is enough.
CALL_SITES = (
    HOME,
    "torch._export.utils",
    "torch.export.exported_program",
    "torch._dynamo.output_graph",
    "torch._higher_order_ops.utils",
    "torch._higher_order_ops.invoke_subgraph",
)

# Older releases lack some call sites; without these two there is nothing to install into.
REQUIRED = frozenset({HOME, "torch._dynamo.output_graph"})

OLDEST = (2, 11)


class UnknownTorch(RuntimeError):
    """The installed torch is not one that the pass knows how to install itself into."""


@dataclass(slots=True)
class _Installation:
    """What is installed at the moment, guarded by one lock; a process has one torch, hence one of these."""

    lock: Any = field(default_factory=threading.RLock)
    depth: int = 0
    originals: list[tuple[ModuleType, Callable[..., Any]]] = field(default_factory=list)
    """What was found at the last installation."""


_installation = _Installation()


def install() -> None:
    """Make export, Dynamo, re-entered make_fx and the higher-order operators call this pass.

    May be called more than once; each call wants its own `uninstall()`. Raises UnknownTorch, and changes
    nothing, if torch is too old, lacks a required call site, or if a call site holds a function that is not
    torch's own (somebody else has installed a pass).
    """
    with _installation.lock:
        if _installation.depth == 0:
            found = _call_sites()
            for module, _ in found:
                setattr(module, NAME, insert_deferred_runtime_asserts)
            _installation.originals = found
        _installation.depth += 1


def uninstall() -> None:
    """Undo one `install()`; the last one puts torch's own pass back. Without an installation: RuntimeError."""
    with _installation.lock:
        if _installation.depth == 0:
            raise RuntimeError("uninstall() without install(): torch's own pass is in place")
        _installation.depth -= 1
        if _installation.depth == 0:
            for module, original in _installation.originals:
                setattr(module, NAME, original)


@contextmanager
def installed() -> Iterator[None]:
    """The pass is installed inside the block, whatever happens in it."""
    install()
    try:
        yield
    finally:
        uninstall()


def is_installed() -> bool:
    """Whether torch calls this pass at the moment."""
    with _installation.lock:
        return _installation.depth > 0


def _call_sites() -> list[tuple[ModuleType, Callable[..., Any]]]:
    major, minor = torch.__version__.split(".")[:2]
    if (int(major), int(minor)) < OLDEST:
        raise UnknownTorch(f"torch {torch.__version__}: the pass installs into torch 2.11 and newer")
    found = []
    for name in CALL_SITES:
        try:
            module = importlib.import_module(name)
            original = getattr(module, NAME)
        except (ImportError, AttributeError) as fault:
            if name in REQUIRED:
                raise UnknownTorch(f"torch {torch.__version__}: {name} has no {NAME}") from fault
            continue
        origin = getattr(original, "__module__", original)
        if origin != HOME:
            raise UnknownTorch(f"{name}.{NAME} is not torch's own function but one of {origin}")
        found.append((module, original))
    return found
