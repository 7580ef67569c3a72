"""How a value is written in a message, where that is cut, and whose a frame is: of values and frames made by hand."""

from __future__ import annotations

import os
from functools import reduce
from typing import Any

import pytest
import torch
from torch import fx
from torch.utils._traceback import CapturedTraceback

import runtime_assert
from runtime_assert import messages
from runtime_assert.messages import (
    LENGTH_LIMIT,
    PART_LIMIT,
    Place,
    compose,
    location_in_trace,
    location_of,
    show,
    symbolise,
    trace_of,
    user_frames,
    user_message,
)
from runtime_assert.values import Value, ValueTable

TORCH = os.path.join(os.path.dirname(torch.__file__), "fx", "graph.py")
DYNAMO = os.path.join(os.path.dirname(torch.__file__), "_dynamo", "symbolic_convert.py")
OWN = runtime_assert.__file__


class World:
    """Values a, b and c, a float f, and what is written of values made of them."""

    def __init__(self) -> None:
        self.table, self.graph = ValueTable(-1), fx.Graph()
        self.a, self.b, self.c = (self.leaf(name) for name in "abc")

    def leaf(self, name: str) -> Value:
        return self.table.opaque(self.graph.placeholder(name), -1, "int")

    def value(self, op: str, *args: Any) -> Value:
        return self.table.get(op, args)

    def long(self, name: str, length: int) -> Value:
        """A value whose name has this length."""
        return self.leaf((name * length)[:length])


def named(value: Value) -> str | None:
    """No name for any value, so that it is written by its parts."""
    return None


def nodes(value: Value) -> str | None:
    return str(value.args[0]) if value.op == "node" else None


TEXTS = {
    "a + b": lambda w: w.value("add", w.a, w.b),
    "(a + b) * c": lambda w: w.value("mul", w.value("add", w.a, w.b), w.c),
    "a - (b - c)": lambda w: w.value("sub", w.a, w.value("sub", w.b, w.c)),
    "a + 3": lambda w: w.value("add", w.a, 3),
    "3 - a": lambda w: w.value("sub", 3, w.a),
    "a + b <= c - 2": lambda w: w.value("le", w.value("add", w.a, w.b), w.value("sub", w.c, 2)),
    "(a <= b) == (b <= c)": lambda w: w.value("eq", w.value("le", w.a, w.b), w.value("le", w.b, w.c)),
    "(a <= b) & (b != c)": lambda w: w.value("and", w.value("le", w.a, w.b), w.value("ne", w.b, w.c)),
    "((a <= b) & (b != c)) | (a == 3)": lambda w: w.value(
        "or", w.value("and", w.value("le", w.a, w.b), w.value("ne", w.b, w.c)), w.value("eq", w.a, 3)
    ),
    "not a <= b": lambda w: w.value("not", w.value("le", w.a, w.b)),
    "not not a <= b": lambda w: w.value("not", w.value("not", w.value("le", w.a, w.b))),
    "(not a <= b) & (a <= c)": lambda w: w.value(
        "and", w.value("not", w.value("le", w.a, w.b)), w.value("le", w.a, w.c)
    ),
    "(not a <= b) == (not a <= c)": lambda w: w.value(
        "eq", w.value("not", w.value("le", w.a, w.b)), w.value("not", w.value("le", w.a, w.c))
    ),
    "a + b + c": lambda w: w.value("sum", w.a, w.b, w.c),
    "(a + b + c) * 2": lambda w: w.value("mul", w.value("sum", w.a, w.b, w.c), 2),
    "-a": lambda w: w.value("neg", w.a),
    "-(a + b)": lambda w: w.value("neg", w.value("add", w.a, w.b)),
    "a.shape[1]": lambda w: w.value("size", w.a, 1),
    "a.stride(1)": lambda w: w.value("stride", w.a, 1),
    "a.storage_offset()": lambda w: w.value("storage_offset", w.a),
    "a[2].shape[0]": lambda w: w.value("size", w.value("getitem", w.a, 2), 0),
    "min(a, (b + 1))": lambda w: w.value("min", w.a, w.value("add", w.b, 1)),
    "ite((a <= b), 2, c)": lambda w: w.value("ite", w.value("le", w.a, w.b), 2, w.c),
    "sqrt(float(a))": lambda w: w.value("sqrt", w.value("float", w.a)),
}


@pytest.mark.parametrize("names", [named, nodes])
@pytest.mark.parametrize("text", TEXTS)
def test_a_value_is_written_as_python_would_write_it(text: str, names: Any) -> None:
    assert show(TEXTS[text](World()), names) == text


def test_a_value_that_has_a_name_is_written_by_it() -> None:
    world = World()
    total = world.value("add", world.a, world.b)
    assert show(world.value("mul", total, 2), {total: "x.numel()"}.get) == "x.numel() * 2"
    assert show(7, named) == "7"
    assert show(True, named) == "True"


def test_of_many_parts_the_first_are_written() -> None:
    world = World()

    def total(count: int) -> str:
        return show(world.value("sum", *[world.a] * count), nodes)

    assert total(PART_LIMIT - 1) == " + ".join(["a"] * (PART_LIMIT - 1))
    assert total(PART_LIMIT) == " + ".join(["a"] * (PART_LIMIT - 1) + ["..."])
    assert total(PART_LIMIT + 40) == total(PART_LIMIT)
    chain = reduce(lambda left, _: world.value("add", left, 1), range(100), world.a)
    assert show(chain, nodes).count("...") == 1
    # The parts of both sides count, unless both are cut anyway.
    sides = [world.value("sum", *[leaf] * 40) for leaf in (world.a, world.b)]
    assert show(world.value("le", *sides), nodes).count("b") == PART_LIMIT - 1 - 41 - 1


def test_what_is_too_long_is_cut_at_its_end() -> None:
    world = World()
    for length, text in ((LENGTH_LIMIT, "x" * LENGTH_LIMIT), (LENGTH_LIMIT + 1, "x" * (LENGTH_LIMIT - 3) + "...")):
        assert show(world.long("x", length), nodes) == text
    assert show(10 ** (LENGTH_LIMIT + 9), named) == "1" + "0" * (LENGTH_LIMIT - 4) + "..."
    long = world.value("add", world.long("y", 300), world.long("z", 300))
    assert show(long, nodes) == "y" * 300 + " + " + "z" * (LENGTH_LIMIT - 306) + "..."


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (198, 198, "x" * 198 + " <= " + "y" * 198),
        (198, 199, "x" * 198 + " <= " + "y" * 195 + "..."),
        (300, 300, "x" * 195 + "... <= " + "y" * 195 + "..."),
        (300, 200, "x" * 195 + "... <= " + "y" * 195 + "..."),
        (500, 6, "x" * 387 + "... <= " + "y" * 6),
        (6, 500, "x" * 6 + " <= " + "y" * 387 + "..."),
    ],
)
def test_of_a_comparison_that_is_too_long_either_side_has_what_the_other_leaves(
    left: int, right: int, expected: str
) -> None:
    world = World()
    text = show(world.value("le", world.long("x", left), world.long("y", right)), nodes)
    assert text == expected
    assert len(text) <= LENGTH_LIMIT


def test_the_sides_of_a_long_comparison_are_written_as_in_a_short_one() -> None:
    world = World()
    long = world.long("x", 500)
    weak, other = world.value("le", world.a, world.b), world.value("eq", world.a, world.b)
    assert show(world.value("eq", long, weak), nodes).endswith("... == (a <= b)")
    assert show(world.value("lt", long, world.value("not", other)), nodes).endswith("... < (not a == b)")
    assert show(world.value("lt", long, world.value("add", world.a, world.b)), nodes).endswith("... < a + b")
    # Each has as many parts as it would have alone.
    sides = [world.value("sum", *[world.long(name, 9)] * 50) for name in "xy"]
    assert show(world.value("le", *sides), named).count("y" * 9) == 16


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  ", None),
        (" Runtime assertion failed for u0\n", None),
        ("Runtime assertion failed: of more\nlines", None),
        (" /a/torch/__init__.py:1728 ", None),
        (" my words ", " my words "),
        ("My Runtime assertion failed", "My Runtime assertion failed"),
        (3, None),
    ],
)
def test_words_are_the_users_unless_torch_wrote_them(text: Any, expected: str | None) -> None:
    assert user_message(text) == expected


def test_an_assert_says_the_words_the_condition_and_the_place() -> None:
    assert compose("my words", "a <= b", "at x.py:3") == "my words: a <= b (at x.py:3)"
    assert compose(None, "a <= b", "") == "Runtime assertion failed: a <= b"
    assert compose("", "a <= b", "") == ": a <= b"


# Frames.


@pytest.mark.parametrize(
    "inner",
    [
        (TORCH, 1, "f"),
        (OWN, 1, "f"),
        ("<frozen importlib>", 1, "f"),
        ("<eval_with_key>.7", 1, "f"),
        ("<string>", 1, "<lambda>"),
        ("<string>", 1, "__init__"),
    ],
    ids=str,
)
def test_the_users_frames_are_the_innermost_that_nobody_made_for_them(inner: Any) -> None:
    main, forward = ("main.py", 9, "<module>"), ("model.py", 3, "forward")
    assert user_frames([inner]) == []
    for start in ([], [inner], [inner, inner]):
        assert user_frames([*start, forward, main]) == [main, forward]
        assert user_frames([*start, forward, inner, main]) == [forward]


def test_code_that_a_user_types_is_theirs() -> None:
    for file in ("<string>", "<stdin>", "<ipython-input-3>"):
        assert user_frames([(TORCH, 1, "f"), (file, 1, "forward")]) == [(file, 1, "forward")]
    assert user_frames([("model.py", 1, "<lambda>"), ("main.py", 2, "__call__")]) == [
        ("main.py", 2, "__call__"),
        ("model.py", 1, "<lambda>"),
    ]


def test_frames_behind_dynamo_are_its_callers() -> None:
    forward = ("model.py", 3, "forward")
    assert user_frames([(TORCH, 1, "f"), (DYNAMO, 2, "g"), forward]) == []
    assert user_frames([forward, (DYNAMO, 2, "g")]) == [forward]
    assert user_frames([("elsewhere/torch/_dynamo/symbolic_convert.py", 2, "g"), forward]) != []


def test_a_place_is_the_innermost_frame_and_its_trace_has_the_lines_of_code() -> None:
    line = test_code_that_a_user_types_is_theirs.__code__.co_firstlineno
    frames = [("/home/me/main.py", 9, "<module>"), (__file__, line, "forward")]
    assert location_of(frames) == f"test_messages_shown.py:{line}"
    assert location_of([]) == ""
    assert trace_of(frames) == (
        '  File "/home/me/main.py", line 9, in <module>\n'
        f'  File "{__file__}", line {line}, in forward\n'
        "    def test_code_that_a_user_types_is_theirs() -> None:\n"
    )
    assert trace_of([]) is None


def test_the_place_in_a_trace_is_the_last_outside_of_torch() -> None:
    def frame(file: str, line: int) -> str:
        return f'  File "{file}", line {line}, in f\n    code\n'

    theirs = frame("/home/me/main.py", 9) + frame("/home/me/model.py", 12)
    assert location_in_trace(theirs) == "model.py:12"
    for file in (TORCH, "torch/fx/graph.py", "<eval_with_key>.7", "<frozen importlib>"):
        assert location_in_trace(theirs + frame(file, 3)) == "model.py:12"
        assert location_in_trace(frame(file, 3)) == ""
    assert location_in_trace("") == ""
    assert location_in_trace(None) == ""


def test_a_traceback_that_was_captured_is_the_place_of_its_check() -> None:
    def check() -> Any:
        return CapturedTraceback.extract()

    def forward(calls: int) -> list[Any]:
        return [check() for _ in range(calls)]

    stacks = [*forward(1), None, check(), *forward(1)]
    first, none, second, third = symbolise(stacks)
    line = check.__code__.co_firstlineno + 1
    assert first.location == second.location == third.location == f"test_messages_shown.py:{line}"
    assert none == Place()
    for place, outer in ((first, True), (second, False)):
        assert place.trace is not None
        assert place.trace.endswith(f"line {line}, in check\n    return CapturedTraceback.extract()\n")
        assert (", in forward\n" in place.trace) is outer
    assert symbolise([]) == []


def test_checks_that_a_loop_makes_share_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their frames are the same objects, and are looked at once."""
    frames = [
        {"filename": "model.py", "line": 3, "name": "forward"},
        {"filename": "main.py", "line": 9, "name": "main"},
    ]
    monkeypatch.setattr(messages.api, "raw_frames", lambda stacks: [frames[:count] for count in stacks])
    places = symbolise([2, 1, 2, 0])
    assert places[0] is places[2]
    assert [place.location for place in places] == ["model.py:3", "model.py:3", "model.py:3", ""]
    assert places[0].trace != places[1].trace
