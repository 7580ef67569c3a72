"""What an assert says when it fails: the user's words if there are any, the condition, and where it was checked."""

from __future__ import annotations

import functools
import linecache
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from runtime_assert import _torch_api as api
from runtime_assert.values import Argument, Value

Frame = tuple[str, int, str]  # file, line, function

_TORCH = os.path.dirname(torch.__file__) + os.sep
_SELF = os.path.dirname(os.path.abspath(__file__)) + os.sep
_INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "floordiv": "//",
    "mod": "%",
    "truediv": "/",
    "pow": "**",
    "and": "&",
    "or": "|",
    "xor": "^",
    "lshift": "<<",
    "rshift": ">>",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}
# Code that Python and fx generate. Other names in angle brackets are the user's: a notebook, a REPL, a generator.
_GENERATED = ("<frozen ", "<eval_with_key>")
_DYNAMO = os.path.join("torch", "_dynamo", "symbolic_convert.py")
_LOOSE = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_WEAK = _LOOSE | {"not"}
_FORMS = {
    "neg": "-{}",
    "size": "{}.shape[{}]",
    "stride": "{}.stride({})",
    "storage_offset": "{}.storage_offset()",
    "getitem": "{}[{}]",
}
_GENERIC = re.compile(r"^(Runtime assertion failed\b.*|.*:\d+)$", re.DOTALL)

# An expression longer than this is cut: a sum of hundreds of terms helps nobody in an error message.
LENGTH_LIMIT = 400
PART_LIMIT = 60


def user_message(text: object) -> str | None:
    """The message that a user gave, None for torch's own fillers (a place in torch, a generic sentence)."""
    if not isinstance(text, str) or not text.strip() or _GENERIC.match(text.strip()):
        return None
    return text


def show(value: Argument, name_of: Callable[[Value], str | None]) -> str:
    """A value in the user's terms, as Python would write it."""
    text = _show(value, name_of, [PART_LIMIT], outer=True)
    short = _cut(text, LENGTH_LIMIT)
    if short == text or not isinstance(value, Value) or value.op not in _LOOSE:
        return short
    # Both sides are cut, so that it still says how what is left of them compares.
    sign = f" {_INFIX[value.op]} "
    sides = [_show(side, name_of, [PART_LIMIT], outer=not _is_weak(side)) for side in value.args]
    room = LENGTH_LIMIT - len(sign)
    half = max(room // 2, room - min(map(len, sides)))
    return sign.join(_cut(side, half) for side in sides)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _show(value: Argument, name_of: Callable[[Value], str | None], budget: list[int], outer: bool = False) -> str:
    """A value in parentheses where it needs any, unless it is `outer`; `budget`: of how many parts it may say more."""
    if not isinstance(value, Value):
        return str(value)
    budget[0] -= 1
    if budget[0] < 0:
        return "..."
    name = name_of(value)
    if name is not None:
        return name
    op = value.op
    infix = _INFIX.get(op)
    if infix is not None:
        loose = op in _LOOSE
        left, right = value.args
        first = _show(left, name_of, budget, loose and not _is_weak(left))
        second = _show(right, name_of, budget, loose and not _is_weak(right))
        text = f"{first} {infix} {second}"
        return text if outer else f"({text})"
    if op == "not":
        text = f"not {_show(value.args[0], name_of, budget, outer=True)}"
        return text if outer else f"({text})"
    if op == "node":
        return value.args[0]
    args = [_show(argument, name_of, budget) for argument in value.args[:PART_LIMIT]]
    if op == "sum":
        text = " + ".join(args)
        return text if outer else f"({text})"
    form = _FORMS.get(op)
    if form is not None:
        return form.format(*args)
    return f"{op}({', '.join(args)})"


def _is_weak(operand: Argument) -> bool:
    """Whether an operand of a comparison needs parentheses: Python chains comparisons, and `not` binds less tightly
    than anything that a condition is made of but itself."""
    return isinstance(operand, Value) and operand.op in _WEAK


@dataclass(frozen=True, slots=True)
class Place:
    """Where a check stands in the user's program: `file.py:12`, and the frames as torch keeps a stack trace."""

    location: str = ""
    trace: str | None = None


def symbolise(stacks: list[Any]) -> list[Place]:
    """The places of many captured tracebacks (None gives an empty one). Checks in a loop share theirs."""
    known: dict[tuple[int, ...], Place] = {}
    every = api.raw_frames(stacks)
    places: list[Place] = []
    for frames in every:
        key = tuple(map(id, frames))
        place = known.get(key)
        if place is None:
            found = user_frames((f["filename"], f["line"], f["name"]) for f in frames)
            place = known[key] = Place(location_of(found), trace_of(found))
        places.append(place)
    return places


def user_frames(frames: Iterable[Frame]) -> list[Frame]:
    """The innermost frames outside torch, outermost first; none where Dynamo stood between them and torch,
    because then they are the caller's and not the check's."""
    run: list[Frame] = []
    for frame in frames:
        file = frame[0]
        outside = _whose(file)
        if file == "<string>" and (frame[2] == "<lambda>" or frame[2].startswith("__")):
            outside = False  # made by exec(), as dataclasses are; `python -c` names what it runs
        if outside:
            run.append(frame)
        elif run:
            break
        elif outside is None:
            return []
    return run[::-1]


def _is_outside(file: str) -> bool | None:
    """Whether a file is neither torch's nor this pass's; None for the one that says that Dynamo traced."""
    if not file.startswith((_TORCH, _SELF)) and not file.startswith(_GENERATED):
        return True
    return None if file.endswith(_DYNAMO) else False


_whose = functools.lru_cache(maxsize=1024)(_is_outside)  # of the few files that the frames of all checks are in


def location_of(frames: Sequence[Frame]) -> str:
    """`file.py:12` of the check, empty if it is not known."""
    return f"{os.path.basename(frames[-1][0])}:{frames[-1][1]}" if frames else ""


def trace_of(frames: Sequence[Frame]) -> str | None:
    """The frames in the form in which torch keeps a node's stack trace."""
    lines = []
    for file, line, function in frames:
        lines.append(f'  File "{file}", line {line}, in {function}\n')
        code = linecache.getline(file, line).strip()
        if code:
            lines.append(f"    {code}\n")
    return "".join(lines) or None


_TRACE_LINE = re.compile(r'File "([^"]+)", line (\d+)')


def location_in_trace(trace: Any) -> str:
    """`file.py:12` of the innermost frame of a node's stack trace outside torch, empty if there is none."""
    if not isinstance(trace, str):
        return ""
    found = [m for m in _TRACE_LINE.findall(trace) if not m[0].startswith((_TORCH, "torch/", *_GENERATED))]
    return f"{os.path.basename(found[-1][0])}:{found[-1][1]}" if found else ""


def compose(message: str | None, condition: str, place: str) -> str:
    """The text of an assert."""
    head = message if message is not None else "Runtime assertion failed"
    return f"{head}: {condition} ({place})" if place else f"{head}: {condition}"
