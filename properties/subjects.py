"""Subjects: the passes under test, by name."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.errors import UsageError

Subject = Callable[..., Any]
"""torch's signature: ``(gm, shape_env, name, export=False) -> None``, changing ``gm`` in place."""


def identity(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    """The pass that inserts nothing; whatever a capture demands is missing from it."""


def _reference() -> Subject:
    from runtime_assert import insert_deferred_runtime_asserts

    return insert_deferred_runtime_asserts


def _torch() -> Subject:
    from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts

    return insert_deferred_runtime_asserts


_BUILT_IN: dict[str, Callable[[], Subject]] = {
    "reference": _reference,
    "torch": _torch,
    "identity": lambda: identity,
}
ALLOWED = "reference, torch, identity, mutant:NAME, package.module:callable or file.py:callable"


def resolve(name: str, *, fresh: bool = False) -> Subject:
    """The subject called ``name``; with ``fresh`` one in a file is loaded anew, and so forgets what it remembered.

    Raises:
        UsageError: if there is none, it cannot be imported, or it is not callable; one line that names it.
    """
    if name in _BUILT_IN:
        return _BUILT_IN[name]()
    place, _, attribute = name.rpartition(":")
    if place == "mutant":
        from properties.mutants import MUTANTS

        if attribute not in MUTANTS:
            raise UsageError(f"subject {name!r}: unknown mutant; allowed: {', '.join(sorted(MUTANTS))}")
        return MUTANTS[attribute].subject
    if not place or not attribute:
        raise UsageError(f"subject {name!r} is unknown; allowed: {ALLOWED}")
    module = _module_of_file(name, Path(place), fresh) if place.endswith(".py") else _module(name, place)
    found: Any = module
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise UsageError(f"subject {name!r}: {place} has no callable {attribute!r}")
    if not _takes_a_pass_arguments(found):
        raise UsageError(f"subject {name!r}: it cannot be called as a pass is, (gm, shape_env, name, export=False)")
    return found


def _takes_a_pass_arguments(subject: Subject) -> bool:
    """Whether ``subject`` can be called as torch calls its pass; True where Python cannot tell."""
    try:
        signature = inspect.signature(subject)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(None, None, "", export=False)
    except TypeError:
        return False
    return True


def _module(name: str, place: str) -> Any:
    try:
        return importlib.import_module(place)
    except (Exception, SystemExit) as error:
        raise UsageError(f"subject {name!r}: importing {place} failed: {_line(error)}") from error


def _module_of_file(name: str, path: Path, fresh: bool) -> Any:
    if not path.is_file():
        raise UsageError(f"subject {name!r}: there is no file {str(path)!r}")
    key = f"_subject_{path.resolve().as_posix().replace('/', '_').replace('.', '_')}"
    if key in sys.modules and not fresh:
        return sys.modules[key]
    spec = importlib.util.spec_from_file_location(key, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"subject {name!r}: {str(path)!r} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[key]
        raise UsageError(f"subject {name!r}: importing {path} failed: {_line(error)}") from error
    return module


def _line(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it exits when it is imported (status {error.code!r})"
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": ")
