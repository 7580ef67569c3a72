"""The truth of a Program is what eager execution does: it stops exactly where a requirement fails first."""

from __future__ import annotations

import random
import traceback
from itertools import product

import pytest
import torch

from strategies import (
    CONSTRUCTS,
    Program,
    Requirement,
    Unrealisable,
    Var,
    build_inputs,
    compile_program,
    example,
    guarantees,
    holds,
    leaves,
    requirements,
    source_of,
)
from strategies.source import program_source, statement_of_line
from strategies.terms import Valuation, Value
from tests.strategies.drawing import draw_programs, nightly_programs

_CONSUMERS = sorted(name for name, construct in CONSTRUCTS.items() if construct.kind == "consumer")


def stopped_at(program: Program, valuation: Valuation) -> int | None:
    """The index of the statement at which eager execution raises, ``None`` if it runs through."""
    inputs, forward = build_inputs(program, valuation), compile_program(program)
    try:
        # torch would compile the body of a loop, and how that fails is another question.
        with torch.compiler.set_stance("force_eager"):
            forward(*inputs)
    except (RuntimeError, IndexError, ValueError, TypeError, ArithmeticError, AssertionError) as error:
        place = forward.__code__.co_filename
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == place]
        return statement_of_line(program, frames[-1].lineno or 0)
    return None


def first_failing(program: Program, valuation: Valuation) -> Requirement | None:
    return next((item for item in requirements(program) if not holds(item.term, valuation)), None)


def around(program: Program, chance: random.Random) -> dict[str, Value]:
    """The example with some leaves moved a little, or anywhere small."""
    valuation: dict[str, Value] = dict(example(program))
    for leaf in leaves(program):
        if chance.random() < 0.5:
            valuation[leaf] += chance.randint(-3, 3)
        elif chance.random() < 0.3:
            valuation[leaf] = chance.randint(-2, 8)
    return valuation


def disagreements(program: Program, chance: random.Random, rounds: int) -> tuple[list[str], int, int]:
    """Descriptions of valuations on which truth and eager differ, and how many were accepted and rejected."""
    found, accepted, rejected = [], 0, 0
    for _ in range(rounds):
        valuation = around(program, chance)
        expected = first_failing(program, valuation)
        try:
            actual = stopped_at(program, valuation)
        except Unrealisable:
            continue
        accepted, rejected = accepted + (expected is None), rejected + (expected is not None)
        if actual != (None if expected is None else expected.statement):
            found.append(f"{program_source(program)}{valuation}: truth {expected}, eager stops at {actual}")
    return found, accepted, rejected


_FULL: list[dict] = [{"op": "full", "shape": ["d0"]}]

FORMS: dict[str, list[list[dict]]] = {
    "zeros": [[{"op": "zeros", "shape": ["u0", "u1"]}], [{"op": "zeros", "shape": [["sub", "d0", "u0"]]}]],
    "arange": [[{"op": "arange", "end": ["sub", ["mul", "u0", 2], "u1"]}]],
    "view": [
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "check", "cond": ["lt", -1, "u1"]},
            {"op": "view", "tensor": "a0", "shape": ["u0", "u1"]},
        ],
        [{"op": "view", "tensor": "a2", "shape": ["d1", 1, "d0"]}, {"op": "view", "tensor": "a0", "shape": []}],
    ],
    "narrow": [
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "narrow", "tensor": "a2", "dim": 1, "start": "u0", "length": "u1"},
        ],
        [{"op": "narrow", "tensor": "a2", "dim": 0, "start": 0, "length": ["add", "u0", "u1"]}],
    ],
    "split": [
        [{"op": "split", "tensor": "a2", "sizes": ["u0", 1, "u1"], "dim": 1}],
        [{"op": "split", "tensor": "a0", "sizes": ["u0", ["sub", "d0", "u0"]], "dim": 0}],
        [{"op": "split", "tensor": "a0", "sizes": ["u0"], "dim": 0}],
    ],
    "expand": [
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "check", "cond": ["gt", "u1", -1]},
            {"op": "expand", "tensor": "a2", "shape": ["u0", "u1", "d1"]},
        ],
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "zeros", "shape": [1, "u0"]},
            {"op": "expand", "tensor": "t0", "shape": ["u0", 2]},
        ],
        [{"op": "zeros", "shape": [3]}, {"op": "expand", "tensor": "t0", "shape": ["d0"]}],
    ],
    "cat": [
        [
            {"op": "zeros", "shape": ["u0", "d1"]},
            {"op": "cat", "tensors": ["a2", "t0"], "dim": 1},
        ],
        [
            {"op": "zeros", "shape": [2, "u0"]},
            {"op": "cat", "tensors": ["t0", "a2", "t0"], "dim": 0},
            {"op": "cat", "tensors": ["a0", "a1"], "dim": 0},
        ],
    ],
    "ones": [[{"op": "ones", "shape": ["u0", ["sub", "u1", "d0"]]}]],
    "full": [[{"op": "full", "shape": ["u0", "u1"]}, {"op": "full", "shape": [["sub", "d0", "u0"]]}]],
    "zeros_like": [[{"op": "zeros", "shape": ["u0", 2]}, {"op": "zeros_like", "tensor": "t0"}]],
    "stack": [
        [{"op": "zeros", "shape": ["u0", "u1"]}, {"op": "stack", "tensors": ["a2", "t0", "t0"], "dim": 1}],
        [{"op": "zeros", "shape": ["u0"]}, {"op": "stack", "tensors": ["t0", "a0", "a1"], "dim": 0}],
    ],
    "repeat": [
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "check", "cond": ["ge", "u1", 0]},
            {"op": "repeat", "tensor": "a0", "times": ["u0", "u1"]},
            {"op": "view", "tensor": "t0", "shape": [["mul", "u0", "d0"], "u1"]},
        ]
    ],
    "index_select": [
        [{"op": "index_select", "tensor": "a2", "dim": 1, "length": "u0"}],
        [{"op": "index_select", "tensor": "a0", "dim": 0, "length": ["add", "u0", "u1"]}],
    ],
    "select": [
        [{"op": "check", "cond": ["ge", "u0", 0]}, {"op": "select", "tensor": "a2", "dim": 1, "index": "u0"}],
        [{"op": "select", "tensor": "a2", "dim": 0, "index": 1}],
    ],
    "reduction": [
        [{"op": "zeros", "shape": ["u0", 2]}, {"op": "reduction", "tensor": "t0", "dim": 0, "function": "argmax"}],
        [{"op": "zeros", "shape": ["u0", 2]}, {"op": "reduction", "tensor": "t0", "dim": 0, "function": "prod"}],
        [{"op": "zeros", "shape": ["u0", "u1"]}, {"op": "reduction", "tensor": "t0", "dim": 0, "function": "amax"}],
        [{"op": "zeros", "shape": ["u0", "u1"]}, {"op": "reduction", "tensor": "t0", "dim": 1, "function": "amax"}],
        [{"op": "zeros", "shape": ["u0"]}, {"op": "reduction", "tensor": "t0", "dim": 0, "function": "mean"}],
        [{"op": "arange", "end": "u0"}, {"op": "reduction", "tensor": "t0", "dim": 0, "function": "sum"}],
    ],
    "empty": [[{"op": "empty", "shape": ["u0", ["sub", "u1", "d0"]]}]],
    "eye": [[{"op": "eye", "shape": ["u0", "u1"]}]],
    "arange_between": [
        [{"op": "arange_between", "start": "u0", "end": "u1", "step": 1}],
        [{"op": "arange_between", "start": ["sub", "u0", "d0"], "end": ["mul", "u1", 2], "step": 3}, *_FULL],
    ],
    "slice": [
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "check", "cond": ["le", "u0", "d0"]},
            {"op": "slice", "tensor": "a2", "dim": 0, "start": 0, "stop": "u0", "step": 1},
            {"op": "slice", "tensor": "a2", "dim": 0, "start": "u0", "stop": "d0", "step": 2},
            {"op": "check_query", "tensor": "t1", "query": "size", "dim": 0, "comparison": "ge", "other": "u0"},
            {"op": "view", "tensor": "t0", "shape": [["mul", "u0", "d1"]]},
        ],
        [
            {"op": "slice", "tensor": "a2", "dim": 1, "start": 1, "stop": 3, "step": 1},
            {"op": "slice", "tensor": "a2", "dim": 0, "start": 1, "stop": "d0", "step": 2},
            {"op": "check_query", "tensor": "t0", "query": "numel", "dim": 0, "comparison": "le", "other": "u0"},
            {"op": "check_query", "tensor": "t1", "query": "shape", "dim": 0, "comparison": "ge", "other": "u1"},
        ],
        [
            {"op": "slice", "tensor": "a2", "dim": 0, "start": 1, "stop": "d0", "step": "u0"},
            {"op": "slice", "tensor": "a0", "dim": 0, "start": 0, "stop": "d0", "step": ["add", "u1", 1]},
            {"op": "check_query", "tensor": "t0", "query": "numel", "dim": 0, "comparison": "le", "other": "u0"},
        ],
    ],
    "view_infer": [
        [{"op": "view_infer", "tensor": "a2", "last": "u0"}],
        [{"op": "view_infer", "tensor": "a2", "last": 2}, {"op": "view_infer", "tensor": "a0", "last": 1}],
    ],
    "unflatten": [
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "check", "cond": ["ge", "u1", 0]},
            {"op": "unflatten", "tensor": "a2", "dim": 1, "sizes": ["u0", "u1"]},
            {"op": "check_query", "tensor": "t0", "query": "stride", "dim": 0, "comparison": "le", "other": 3},
        ],
    ],
    "chunk": [[{"op": "chunk", "tensor": "a2", "dim": 1}, {"op": "check", "cond": ["ge", "u0", "u1"]}]],
    "pad": [
        [{"op": "check", "cond": ["ge", "u0", 0]}, {"op": "pad", "tensor": "a2", "right": ["add", "u0", 1]}],
    ],
    "unfold": [
        [{"op": "unfold", "tensor": "a2", "dim": 0, "size": "u0", "step": 2}],
        [{"op": "unfold", "tensor": "a0", "dim": 0, "size": ["sub", "d0", "u1"], "step": 1}],
    ],
    "topk": [[{"op": "topk", "tensor": "a2", "dim": 0, "k": "u0"}, {"op": "topk", "tensor": "a1", "dim": 0, "k": 1}]],
    "gather": [[{"op": "gather", "tensor": "a0", "length": ["sub", "u0", "u1"]}]],
    "scatter": [
        [{"op": "scatter", "tensor": "a0", "length": "u0", "function": function}]
        for function in ("scatter", "scatter_add", "index_add", "index_fill")
    ],
    "matmul": [
        [
            {"op": "zeros", "shape": ["u0", 2]},
            {"op": "matmul", "function": "mm", "left": "a2", "right": "t0"},
            {"op": "matmul", "function": "mv", "left": "a2", "right": "a1"},
        ],
        [{"op": "ones", "shape": [2, "u1"]}, {"op": "matmul", "function": "mv", "left": "t0", "right": "a0"}],
        [
            {"op": "zeros", "shape": ["d0", "u0", 2]},
            {"op": "zeros", "shape": ["u1", 2, 3]},
            {"op": "matmul", "function": "bmm", "left": "t0", "right": "t1"},
        ],
    ],
    "repeat_rows": [[{"op": "repeat_rows", "tensor": "a2", "dim": 1, "times": ["sub", "u0", "u1"]}]],
    "elementwise": [
        [{"op": "zeros", "shape": ["u0", 2]}, {"op": "elementwise", "tensor": "t0", "function": function}]
        for function in ("relu", "neg", "plus", "clone", "cumsum", "flip")
    ],
    "scale": [[{"op": "zeros", "shape": ["u1"]}, {"op": "scale", "tensor": "t0", "factor": "u0"}]],
    "add": [
        [
            {"op": "zeros", "shape": ["u0"]},
            {"op": "check", "cond": ["eq", "d0", "u0"]},
            {"op": "add", "left": "t0", "right": "a0"},
            {"op": "add", "left": "t1", "right": "a0"},
        ]
    ],
    "annotate": [
        [{"op": "annotate", "length": 2}, {"op": "zeros", "shape": ["u0"]}, {"op": "ones", "shape": ["u1"]}],
        [{"op": "zeros", "shape": ["u1"]}, {"op": "annotate", "length": 1}, {"op": "annotate", "length": 1}],
    ],
    "submodule": [
        [{"op": "submodule", "length": 2}, {"op": "zeros", "shape": ["u0"]}, {"op": "ones", "shape": ["u1"]}],
        [{"op": "submodule", "length": 2}, {"op": "submodule", "length": 1}, {"op": "zeros", "shape": ["u1"]}],
    ],
    "mutate": [
        [
            {"op": "narrow", "tensor": "a0", "dim": 0, "start": 0, "length": "u0"},
            *[{"op": "mutate", "tensor": "a0", "function": function} for function in ("add", "mul", "zero", "relu")],
        ]
    ],
    "rearrange": [
        [
            {"op": "zeros", "shape": ["u0", "u1"]},
            {"op": "rearrange", "tensor": "t0", "function": "transpose"},
            {"op": "rearrange", "tensor": "t1", "function": "unsqueeze"},
            {"op": "rearrange", "tensor": "t2", "function": "permute"},
            {"op": "rearrange", "tensor": "t3", "function": "contiguous"},
            {"op": "rearrange", "tensor": "t4", "function": "unsqueeze_last"},
            {"op": "view", "tensor": "t4", "shape": [["mul", "u0", "u1"]]},
        ]
    ],
    "flatten": [[{"op": "zeros", "shape": ["u0", "d0", "u1"]}, {"op": "flatten", "tensor": "t0"}]],
    "reshape": [
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "reshape", "tensor": "a2", "shape": ["u0", "d0"]},
        ],
        [
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "narrow", "tensor": "a2", "dim": 1, "start": 0, "length": "u0"},
            {"op": "reshape", "tensor": "t0", "shape": [["mul", "d0", 2]]},
        ],
    ],
}
"""Every way in which the requirements of a consumer can fail, also forms that no generator grows."""


def handwritten(body: list[dict]) -> Program:
    items = [{"op": "item", "value": 2}, {"op": "item", "value": 3}]
    shapes = [["d0"], ["d1"], ["d0", "d1"]]
    params = [{"shape": shape, "dtype": "float32"} for shape in shapes]
    return Program.from_json({"schema": 1, "dims": [3, 4], "params": params, "body": items + body})


@pytest.mark.parametrize("name", _CONSUMERS)
def test_a_consumer_raises_exactly_if_one_of_its_requirements_is_false(name: str) -> None:
    for body in FORMS[name]:
        program, outcomes = handwritten(body), set()
        for sizes in product(range(4), range(4), range(-2, 5), range(-2, 5)):
            valuation: Valuation = {**dict(zip(("d0", "d1", "u0", "u1"), sizes, strict=True))}
            expected = first_failing(program, valuation)
            outcomes.add(expected is None)
            index = None if expected is None else expected.statement
            assert stopped_at(program, valuation) == index, (program_source(program), valuation, expected)
        assert outcomes == {True, False}


@pytest.mark.parametrize("name", _CONSUMERS)
def test_truth_and_eager_agree_on_grown_uses_of_a_consumer(name: str) -> None:
    drawn = draw_programs(
        70, sources=["item", "item", "nonzero"], checks=[], consumers=["zeros", name, name], max_statements=5
    )
    found, accepted = [], 0
    for index, program in enumerate(drawn):
        if any(statement.op == name for statement in program.body):
            some, yes, _ = disagreements(program, random.Random(index), 4)
            found, accepted = found + some, accepted + yes
    assert found == []
    assert accepted > 5


def test_truth_and_eager_agree_on_whole_programs() -> None:
    found, accepted, rejected = [], 0, 0
    for index, program in enumerate(nightly_programs()):
        some, yes, no = disagreements(program, random.Random(index), 4)
        found, accepted, rejected = found + some, accepted + yes, rejected + no
    assert found == []
    assert accepted > 50
    assert rejected > 200


def test_inputs_exist_exactly_where_the_guarantees_hold() -> None:
    outside = 0
    for index, program in enumerate(nightly_programs()):
        chance = random.Random(index)
        for _ in range(3):
            valuation = around(program, chance)
            if all(holds(term, valuation) for term in guarantees(program)):
                build_inputs(program, valuation)
            else:
                outside += 1
                with pytest.raises(Unrealisable):
                    build_inputs(program, valuation)
    assert outside > 50


def test_each_leaf_is_known_by_its_source() -> None:
    for program in nightly_programs():
        for leaf in leaves(program):
            construct, where = source_of(program, leaf)
            if leaf.startswith("d"):
                assert construct == "dim"
                assert Var(leaf) in program.params[int(where)].shape
            elif leaf.startswith("n"):
                assert (construct, where) == ("scalar", leaf)
            else:
                assert CONSTRUCTS[construct].kind == "source"


def test_a_leaf_that_the_program_lacks_has_no_source() -> None:
    for leaf in ("u999", "d999"):
        with pytest.raises(KeyError):
            source_of(nightly_programs()[0], leaf)
