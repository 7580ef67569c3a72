"""Statements in a child module mean what they mean without it, and what they make names the child."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import torch
from hypothesis import HealthCheck, find, settings

from properties.campaign.draw import without_local_constants
from properties.campaign.minimise import minimise
from properties.capture.frontends import capture
from strategies import Program, as_module, build_inputs, compile_program, example, program_source, programs
from strategies.source import standalone_source

BODY = [
    {"op": "item", "value": 3},
    {"op": "submodule", "length": 3},
    {"op": "check", "cond": ["ge", "u0", 1]},
    {"op": "item", "value": 4},
    {"op": "zeros", "shape": ["u0"]},
    {"op": "check", "cond": ["eq", "u1", ["add", "u0", 1]]},
]


def program(*body: dict[str, Any]) -> Program:
    return Program.from_json({"schema": 1, "dims": [], "params": [], "body": list(body)})


def test_what_a_child_binds_comes_back_from_it() -> None:
    expected = (
        "def forward(x0, x1):\n"
        "    u0 = x0.item()\n"
        "    def body():\n"
        "        torch._check(u0 >= 1)\n"
        "        u1 = x1.item()\n"
        "        t0 = torch.zeros(u0)\n"
        "        return t0, u1\n"
        "    t0, u1 = part(body)\n"
        "    torch._check(u1 == u0 + 1)\n"
        "    return t0, u1\n"
    )
    assert program_source(program(*BODY)) == expected
    assert program_source(program(*BODY), method=True) == expected.replace("(x0", "(self, x0").replace(
        "part(", "self.part("
    )


def test_a_function_a_module_and_a_printed_program_run_the_child() -> None:
    whole = program(*BODY)
    namespace: dict[str, Any] = {"torch": torch}
    exec(standalone_source(whole), namespace)
    module = as_module(whole)
    assert [name for name, _ in module.named_children()] == ["part"]
    for run in (compile_program(whole), module, namespace["forward"]):
        tensor, number = run(*build_inputs(whole, example(whole)))
        assert (tuple(tensor.shape), number) == ((3,), 4)


def test_nodes_of_a_child_name_it() -> None:
    for frontend in ("export", "export-strict"):
        graph = capture(program(*BODY), frontend).graph.graph
        stacks = [
            [path.split(".")[-1] for path, _ in node.meta["nn_module_stack"].values()]
            for node in graph.nodes
            if "item" in node.name or "scalar_dense" in node.name
        ]
        assert [bool(stack) and stack[-1] == "part" for stack in stacks] == [False, True], frontend


def test_a_child_goes_and_leaves_what_it_held() -> None:
    def zeros_of_an_item(found: Program) -> bool:
        return any(part.op == "zeros" for part in found.body) and len(found.body) > 1

    smallest = Program.from_json(minimise(program(*BODY).to_json(), zeros_of_an_item))
    assert [part.op for part in smallest.body] == ["item", "zeros"]


def test_a_fault_in_a_child_shrinks_to_the_child_and_what_it_needs() -> None:
    def planted(found: Program) -> bool:
        ops = [part.op for part in found.body]
        return any(first == "submodule" and second.startswith("item") for first, second in pairwise(ops))

    unhealthy = (HealthCheck.too_slow, HealthCheck.filter_too_much)
    quick = settings(
        max_examples=3000, database=None, derandomize=False, deadline=None, suppress_health_check=unhealthy
    )
    with without_local_constants():
        found = find(programs(profile="audit"), planted, settings=quick, random=random.Random(0))
    smallest = Program.from_json(minimise(found.to_json(), planted))
    assert len(smallest.body) == 2
