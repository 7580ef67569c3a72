"""Programs checked a second on a device, and what the asserts of a graph cost each run there, ours and torch's.

Run as ``python benchmarks/bench_device.py [--device cpu|cuda] [--asserts N] [--launches N]``; prints a table and
changes nothing. On CUDA a launch is timed by events, on the CPU by the clock; each figure is a median of the launches.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import fx

from properties.campaign.check import check_program
from properties.campaign.draw import draw
from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.capture.types import copy_module
from properties.case import Case
from properties.checks.ra403 import synchronisations
from properties.devices import indexed, why_not_run
from properties.read.targets import is_assert
from properties.registry import properties
from properties.subjects import resolve
from strategies.program import Program

FRONTENDS = ("shape_env", "make_fx", "export")
SUBJECTS = ("reference", "torch")
WARM_UP = 20


def main() -> None:
    """Measures checking first, then the asserts of one graph; says so if the device is not at hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--programs", type=int, default=40, help="Programs a frontend")
    parser.add_argument("--asserts", type=int, default=100, help="checks of the program whose runs are timed")
    parser.add_argument("--launches", type=int, default=300, help="runs that a median is taken over")
    options = parser.parse_args()
    device = indexed(options.device)
    absent = why_not_run(device)
    if absent:
        print(f"{device}: not run: {absent}")
        return
    where = torch.cuda.get_device_name(device) if device != "cpu" else "cpu"
    print(f"programs checked a second on {where} (every property that is asked of all programs, subject reference)")
    for frontend in FRONTENDS:
        print(f"  {frontend:<12}{_checked(frontend, device, options.programs):>8.1f}")
    print(f"one run of a graph with {options.asserts} checks on {where}, median of {options.launches} launches")
    print(f"  {'subject':<12}{'asserts':>8}{'waits':>7}{'with, us':>10}{'without, us':>13}{'an assert, us':>15}")
    for name in SUBJECTS:
        print(_asserts(name, device, options.asserts, options.launches))


def _checked(frontend: str, device: str, count: int) -> float:
    codes = tuple(code for code, row in properties().items() if not row.share)
    subjects = {"reference": resolve("reference")}
    programs = draw(0, "audit", count + 3)
    for program in programs[:3]:
        check_program(program, frontend, subjects, codes, device=device)
    start = time.perf_counter()
    for program in programs[3:]:
        check_program(program, frontend, subjects, codes, device=device)
    return (len(programs) - 3) / (time.perf_counter() - start)


def _asserts(name: str, device: str, count: int, launches: int) -> str:
    captured = capture(_program(count), "make_fx", device)
    case = Case(facts_of(captured), name, resolve(name))
    if case.after is None:
        return f"  {name:<12}raises: {case.crash}"
    inputs = captured.arguments(captured.example())
    guarded = copy_module(case.after)
    bare = _without_asserts(case.after)
    emitted = sum(_is_assert(node) for node in guarded.graph.nodes)
    slow = _median(guarded, inputs, device, launches)
    fast = _median(bare, inputs, device, launches)
    waits = synchronisations(guarded.graph)
    each = (slow - fast) / max(1, emitted)
    return f"  {name:<12}{emitted:>8}{waits.total:>7}{slow:>10.1f}{fast:>13.1f}{each:>15.3f}"


def _program(count: int) -> Program:
    """An item, ``count`` checks on it of which no two say the same, and one use of it as a size."""
    checks = [{"op": "check", "cond": ["ne", "u0", 100 + index]} for index in range(count - 1)]
    return Program.from_json(
        {
            "schema": 1,
            "dims": [64],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "item", "value": 8},
                {"op": "check", "cond": ["ge", "u0", 2]},
                *checks,
                {"op": "zeros", "shape": ["u0"]},
            ],
        }
    )


def _is_assert(node: fx.Node) -> bool:
    return is_assert(node)


def _without_asserts(module: fx.GraphModule) -> fx.GraphModule:
    """A copy with every assert, and what only asserts use, taken out."""
    copy = copy_module(module)
    for node in list(copy.graph.nodes):
        if _is_assert(node):
            copy.graph.erase_node(node)
    copy.graph.eliminate_dead_code()
    copy.recompile()
    return copy


def _median(function: Callable[..., Any], inputs: tuple[Any, ...], device: str, launches: int) -> float:
    """Microseconds of one launch."""
    for _ in range(WARM_UP):
        function(*inputs)
    return statistics.median(_timed(function, inputs, device) for _ in range(launches))


def _timed(function: Callable[..., Any], inputs: tuple[Any, ...], device: str) -> float:
    if device == "cpu":
        start = time.perf_counter()
        function(*inputs)
        return (time.perf_counter() - start) * 1e6
    with torch.cuda.device(device):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        function(*inputs)
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) * 1e3


if __name__ == "__main__":
    main()
