"""Finds the user's code: ``package.module:callable`` or ``file.py:callable``, with its example inputs.

Example inputs come, in this order, from the ``--input`` texts; from ``example_inputs`` (and ``dynamic_shapes``) of the
callable or of its module; or from the callable itself, if it takes no arguments and returns
``(model, example_inputs)`` or ``(model, example_inputs, dynamic_shapes)``. ``example_inputs`` is a tuple of positional
arguments, a dict of keyword arguments, one tensor, or a function that returns one of these.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from properties.errors import UsageError
from properties.targets.code import Code, run_code
from properties.targets.inputs import automatic, for_export, parse_inputs

FORMS = "package.module:callable, file.py:callable, program.pt2, torch:examples, torch:operators or torch:models"
_HOW = "give --input, or example_inputs beside it (see docs/check.md)"


def resolve_code(target: str, inputs: Sequence[str] = ()) -> Code:
    """The code that ``target`` names, ready to be traced: its example inputs were run once.

    Raises:
        UsageError: one line that names the target, for everything that the user can have got wrong.
    """
    place, colon, attribute = target.rpartition(":")
    if target.endswith(".py"):
        raise UsageError(f"target {target!r}: which callable of it? write {target}:NAME")
    if not colon or not place or not attribute:
        raise UsageError(f"target {target!r} is unknown; allowed: {FORMS}")
    module = _file(target, Path(place)) if place.endswith(".py") else _imported(target, place)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            names = [name for name in vars(module) if callable(getattr(module, name)) and not name.startswith("_")]
            known = f"; there are {', '.join(names[:8])}" if names else ""
            raise UsageError(f"target {target!r}: {place} has no {attribute!r}{known}")
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"target {target!r}: {attribute} is a {type(found).__name__}, not a function or an nn.Module")
    return _ready(target, _with_inputs(target, found, module, inputs))


def _ready(target: str, code: Code) -> Code:
    if isinstance(code.call, torch.nn.Module):
        code.call.eval()
    outcome = run_code(code, code.flat)
    if not outcome.accepted:
        what = f"{outcome.error}: {_first(outcome.text)}"
        raise UsageError(f"target {target!r}: its own example inputs are rejected by {what}")
    return code


def _first(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")[:300]


def _with_inputs(target: str, found: Any, module: ModuleType, texts: Sequence[str]) -> Code:
    if inspect.isclass(found):
        found = _called(
            target, found, "cannot be made without arguments; give an instance, or a function that makes it"
        )
        if not callable(found):
            raise UsageError(f"target {target!r}: what it makes is no function or nn.Module")
    if texts:
        args, kwargs, shapes = parse_inputs(texts)
        return Code(target, found, args, kwargs, for_export(target, found, args, kwargs, shapes))
    owner = next((item for item in (found, module) if hasattr(item, "example_inputs")), None)
    if owner is not None:
        return _code(target, found, owner.example_inputs, getattr(owner, "dynamic_shapes", None))
    if _takes_nothing(found):
        made = _called(target, found, "raised")
        if isinstance(made, tuple) and len(made) in (2, 3) and callable(made[0]):
            return _code(target, made[0], made[1], made[2] if len(made) == 3 else None)
        raise UsageError(f"target {target!r}: takes no arguments and returns no (model, example_inputs); {_HOW}")
    raise UsageError(f"target {target!r}: no example inputs; {_HOW}")


def _takes_nothing(found: Any) -> bool:
    try:
        parameters = inspect.signature(getattr(found, "forward", found)).parameters.values()
    except (TypeError, ValueError):
        return False
    return all(
        item.default is not item.empty or item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD) for item in parameters
    )


def _code(target: str, call: Any, given: Any, shapes: Any) -> Code:
    if callable(given) and not isinstance(given, torch.Tensor):
        given = _called(target, given, "example_inputs raised")
    if inspect.isclass(call):
        call = _called(target, call, "cannot be made without arguments")
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}
    if isinstance(given, torch.Tensor):
        args = (given,)
    elif isinstance(given, (tuple, list)):
        args = tuple(given)
    elif isinstance(given, Mapping):
        kwargs = {str(name): value for name, value in given.items()}
    else:
        allowed = "a tuple, a dict, a tensor, or a function that returns one"
        raise UsageError(f"target {target!r}: example_inputs is a {type(given).__name__}; allowed: {allowed}")
    if callable(shapes):
        shapes = _called(target, shapes, "dynamic_shapes raised")
    if shapes is None:
        shapes = for_export(target, call, args, kwargs, automatic(args, kwargs))
    elif isinstance(shapes, list):
        shapes = tuple(shapes)
    return Code(target, call, args, kwargs, shapes)


def _called(target: str, function: Any, what: str) -> Any:
    try:
        return function()
    except (Exception, SystemExit) as error:
        raise UsageError(f"target {target!r}: {what}: {type(error).__name__}: {_first(str(error))}") from error


def _imported(target: str, place: str) -> ModuleType:
    with _importable(os.getcwd()):
        try:
            return importlib.import_module(place)
        except (Exception, SystemExit) as error:
            if isinstance(error, ModuleNotFoundError) and error.name and place.split(".")[0] == error.name:
                raise UsageError(f"target {target!r}: there is no module {place!r}") from error
            raise UsageError(f"target {target!r}: importing {place} failed: {_text(error)}") from error


def _file(target: str, path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"target {target!r}: there is no file {str(path)!r}")
    key = f"_target_{path.resolve().as_posix().replace('/', '_').replace('.', '_')}"
    if key in sys.modules:
        return sys.modules[key]
    spec = importlib.util.spec_from_file_location(key, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"target {target!r}: {str(path)!r} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module
    with _importable(str(path.resolve().parent)):
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[key]
            raise UsageError(f"target {target!r}: importing {path} failed: {_text(error)}") from error
    return module


@contextmanager
def _importable(folder: str) -> Iterator[None]:
    """The folder in which the user's own modules stand, behind everything that is installed."""
    added = folder not in sys.path
    if added:
        sys.path.append(folder)
    try:
        yield
    finally:
        if added:
            sys.path.remove(folder)


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {_first(str(error))}".rstrip(": ")
