"""Example inputs as text (``mask:bool[4,d]``, ``int64[1]=7``, ``int=5``), and their dynamic shapes."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from properties.errors import UsageError

FORM = (
    "[NAME:]DTYPE[SIZE,...][=VALUE] or int=SIZE, float=0.5, bool=true, where a SIZE is a number, a name, or name=number"
)
_TEXT = re.compile(
    r"(?:(?P<name>[A-Za-z_]\w*):)?(?P<dtype>[a-z][a-z0-9]*)(?:\[(?P<sizes>[^\]]*)\])?(?:=(?P<value>.+))?"
)
_SIZE = re.compile(r"(?:(?P<name>[A-Za-z_]\w*)(?:=(?P<at>\d+))?|(?P<fixed>\d+))")
DTYPES: Mapping[str, torch.dtype] = {
    name: getattr(torch, name)
    for name in (
        "float16 bfloat16 float32 float64 int8 uint8 int16 int32 int64 bool complex64 complex128".split()  # noqa: SIM905
    )
}
_SCALARS: Mapping[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
}
_FIRST_SIZE = 5
_MAX_ELEMENTS = 2**26


def parse_inputs(texts: Sequence[str]) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    """``(args, kwargs, dynamic_shapes)`` of the inputs that ``texts`` describe.

    A named size is dynamic, the same in every input that names it; its example is the number given with it, or the next
    from 5 on. Elements are ``VALUE`` (one for all, or a list), by default small numbers.

    Raises:
        UsageError: one line with the text and what is allowed.
    """
    sizes: dict[str, int] = {}
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    specs: list[tuple[str, dict[int, str] | str | None]] = []
    for text in texts:
        found = _TEXT.fullmatch(text.strip())
        if not found:
            raise UsageError(f"--input {text!r}: not understood; allowed: {FORM}")
        value, spec = _input(text, found, sizes)
        name = found["name"] or ""
        if name:
            if name in kwargs:
                raise UsageError(f"--input {text!r}: a second input called {name}")
            kwargs[name] = value
        elif kwargs:
            raise UsageError(f"--input {text!r}: stands behind an input with a name")
        else:
            args.append(value)
        specs.append((name, spec))
    return tuple(args), kwargs, _dynamic(specs, sizes, len(args))


def _input(text: str, found: re.Match[str], sizes: dict[str, int]) -> tuple[Any, dict[int, str] | str | None]:
    """The value of one input, and the names of its open sizes by axis, or of itself if it is an open number."""
    kind, given = found["dtype"], found["value"]
    if found["sizes"] is None:
        if kind not in _SCALARS or given is None:
            raise UsageError(f"--input {text!r}: not understood; allowed: {FORM}")
        size = _SIZE.fullmatch(given.strip())
        if kind == "int" and size and size["name"]:
            return _named(text, size, sizes), size["name"]
        try:
            return _SCALARS[kind](given), None
        except (ValueError, KeyError) as error:
            raise UsageError(f"--input {text!r}: {given!r} is no {kind}") from error
    if kind not in DTYPES:
        raise UsageError(f"--input {text!r}: unknown dtype {kind!r}; allowed: {', '.join(DTYPES)}")
    shape: list[int] = []
    spec: dict[int, str] = {}
    for axis, part in enumerate(part.strip() for part in found["sizes"].split(",") if part.strip()):
        size = _SIZE.fullmatch(part)
        if not size:
            raise UsageError(f"--input {text!r}: size {part!r}; allowed: a number, a name, or name=number")
        if size["fixed"]:
            shape.append(int(size["fixed"]))
            continue
        shape.append(_named(text, size, sizes))
        spec[axis] = size["name"]
    return _tensor(text, DTYPES[kind], shape, given), spec or None


def _named(text: str, size: re.Match[str], sizes: dict[str, int]) -> int:
    """The number that a named size stands for in the example."""
    name = size["name"]
    number = int(size["at"]) if size["at"] else sizes.get(name, _FIRST_SIZE + len(sizes))
    if sizes.setdefault(name, number) != number:
        raise UsageError(f"--input {text!r}: {name} is {sizes[name]} in an earlier input")
    return number


def _tensor(text: str, dtype: torch.dtype, shape: list[int], given: str | None) -> torch.Tensor:
    count = 1
    for size in shape:
        count *= size
    if count > _MAX_ELEMENTS:
        raise UsageError(f"--input {text!r}: {count} elements; allowed are {_MAX_ELEMENTS}")
    if given is None:
        if dtype is torch.bool:
            return (torch.arange(count) % 2 == 0).reshape(shape)
        return (
            (torch.arange(1, count + 1) % 7).to(dtype).reshape(shape)
            if dtype.is_floating_point
            else torch.ones(shape, dtype=dtype)
        )
    try:
        value = ast.literal_eval({"true": "True", "false": "False"}.get(given.lower(), given))
        tensor = torch.tensor(value, dtype=dtype)
        return tensor.reshape(shape).clone() if tensor.dim() else torch.full(shape, value, dtype=dtype)
    except (ValueError, SyntaxError, TypeError, RuntimeError, OverflowError) as error:
        raise UsageError(f"--input {text!r}: {given!r} does not fill {count} elements of {dtype}") from error


def _dynamic(
    specs: Sequence[tuple[str, dict[int, str] | str | None]], sizes: Mapping[str, int], positional: int
) -> Any:
    """The export's ``dynamic_shapes``: positions first, then names (resolved to parameters later)."""
    uses = [name for _, spec in specs if isinstance(spec, dict) for name in spec.values()]
    # A ``Dim`` ties sizes together, but torch refuses code that is good for some of its values only.
    dims: dict[str, Any] = {
        name: torch.export.Dim(name) if uses.count(name) > 1 else torch.export.Dim.DYNAMIC  # type: ignore[attr-defined]
        for name in sizes
    }

    def made(spec: dict[int, str] | str | None) -> Any:
        if isinstance(spec, str):
            # torch gives open numbers no names.
            return torch.export.Dim.DYNAMIC  # type: ignore[attr-defined]
        return spec and {axis: dims[size] for axis, size in spec.items()}

    every = [(name, made(spec)) for name, spec in specs]
    return tuple(spec for _, spec in every[:positional]), dict(every[positional:])


def automatic(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Every size of 2 and more of every tensor left open, as far as the code lets it."""
    from torch.utils import _pytree as pytree

    def spec(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return None
        return {axis: torch.export.Dim.AUTO for axis, size in enumerate(value.shape) if size > 1} or None  # type: ignore[attr-defined]

    return pytree.tree_map(spec, tuple(args)), pytree.tree_map(spec, dict(kwargs))


def for_export(target: str, call: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], shapes: Any) -> Any:
    """Specs by position and by name as ``torch.export`` takes them: all by name, if any argument has one."""
    positional, named = shapes
    try:
        bound = inspect.signature(getattr(call, "forward", call)).bind(*args, **kwargs)
    except ValueError:
        # Built-in functions tell no signature.
        return positional
    except TypeError as error:
        raise UsageError(f"target {target!r}: {error}") from error
    rest, found = list(positional), {}
    for name in bound.arguments:
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            found[name], rest = tuple(rest), []
        elif kind is inspect.Parameter.VAR_KEYWORD:
            found[name] = {key: spec for key, spec in named.items() if key not in found}
        elif name in named:
            found[name] = named[name]
        else:
            found[name] = rest.pop(0)
    return found if kwargs else tuple(found.values())
