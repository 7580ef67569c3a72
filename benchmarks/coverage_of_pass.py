"""Branch coverage of the pass, torch's and ours, that generated Programs reach by themselves.

Programs are drawn from a fixed seed and traced by every front end, and the pass alone is measured, in three steps:

- *as traced*: on the captured graphs as torch calls the pass there, on what it made of them, and on what the other of
  the two made of them. This is what generated Programs reach alone.
- *and respelled*: also on these graphs as other tracers would have written them, and on graphs that are no Program's
  any more (``properties/capture/respelling.py`` and ``foreign.py``).
- *and obliged otherwise*: also with conditions that no Program leaves in a ShapeEnv
  (``properties/capture/obligations.py``).

Each is told of all branches and of those that can be reached at all; the last is held against the target.

Branches that nothing reached must stand in ``benchmarks/unreached.toml`` with the reason. Only one that begins with
``unreachable:`` takes a branch out of the reachable ones: it is a proof that says why no graph and no ShapeEnv can take
that branch, not only that these Programs do not. A row of the file whose branch was reached, or is not there any more,
is told too, because its reason is wrong.
Run as ``python benchmarks/coverage_of_pass.py [--scale X] [--seed N]`` (``make coverage``).
Exit status: 0 if every unreached branch is explained, no row is stale and each part has at least 97 % of the branches
that can be reached, else 1. Below scale 1 branches are missing that only need more Programs.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import logging
import multiprocessing
import os
import random
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import coverage
import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

import runtime_assert
from properties.campaign.draw import draw, shard_seed
from properties.campaign.pool import prepare
from properties.capture.foreign import FOREIGN
from properties.capture.frontends import capture
from properties.capture.obligations import other_obligations
from properties.capture.respelling import FAITHFUL, Respelling, respelled
from properties.capture.types import Capture, copy_module
from properties.errors import NotCaptured
from strategies.drawing.floats import FLOATS
from strategies.drawing.logic import LOGIC
from strategies.drawing.quotients import QUOTIENTS

TARGET = 0.97
UNREACHABLE = "unreachable:"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PROGRAMS = {
    "shape_env": 200,
    "shape_env+deferred": 150,
    "make_fx": 150,
    "make_fx+deferred": 75,
    "export": 60,
    "export+deferred": 30,
    "export+named+deferred": 15,
    "export+decompositions": 10,
    "export-strict": 20,
    "export-strict+deferred": 10,
    "compile": 60,
    "compile+deferred": 30,
}
"""Programs of the nightly profile for each frontend, at scale 1."""
NARROWED: Sequence[tuple[str, int, Mapping[str, Any]]] = (
    ("shape_env", 75, {"checks": tuple(FLOATS), "sources": ("item_float", "item")}),
    ("make_fx", 30, {"checks": tuple(FLOATS), "sources": ("item_float", "item")}),
    ("compile", 20, {"checks": tuple(FLOATS), "sources": ("item_float", "item")}),
    ("shape_env", 50, {"checks": tuple(QUOTIENTS), "sources": ("item", "tolist")}),
    ("shape_env", 50, {"checks": tuple(LOGIC), "sources": ("item", "tolist")}),
    ("make_fx+deferred", 30, {"checks": tuple(LOGIC), "sources": ("item", "nonzero")}),
    ("shape_env", 30, {"checks": ("sum_of_many", "product"), "sources": ("tolist",), "max_statements": 40}),
    ("make_fx", 10, {"sources": ("item_bool",)}),
    ("export", 7, {"sources": ("item_bool",)}),
    ("export+named+deferred", 10, {"checks": ("dim_bound", "item_and_dim"), "sources": ("item",)}),
)
"""Programs of a few forms of check and of sources alone, of which the usual ones have each but seldom."""
TRACED, RESPELLED, OBLIGED = KINDS = ("as traced", "respelled", "obliged otherwise")
HABITS: Sequence[tuple[str, Mapping[str, Respelling]]] = (
    (RESPELLED, FAITHFUL),
    (RESPELLED, FOREIGN),
    (OBLIGED, {"obligations of other traces": other_obligations}),
)
BODY = "reenter_make_fx"
"""The name by which torch calls the pass for the body of an operator."""
NOT_THE_PASS = frozenset({"__init__.py", "installer.py", "diagnosis.py"})
"""Files of ``runtime_assert/`` that are not the pass: they put it in torch's place, and explain failed asserts."""
PARTS = {
    "torch/fx/passes/runtime_assert.py": [Path(torch.__file__).parent / "fx/passes/runtime_assert.py"],
    "runtime_assert/": sorted(
        path for path in Path(runtime_assert.__file__).parent.glob("*.py") if path.name not in NOT_THE_PASS
    ),
}
REVIEWED = Path(__file__).with_name("unreached.toml")


@dataclass(frozen=True, order=True)
class Branch:
    """One jump in a source file, named by the text of its two lines, which outlasts a change of line numbers.

    ``place`` tells jumps of the same text apart: it counts them from 1 in the order of the file.
    """

    file: str
    line: str
    to: str
    place: int = 1

    def __str__(self) -> str:
        return f"{self.file}: {self.line}  ->  {self.to}" + (f"  (number {self.place})" if self.place > 1 else "")


@dataclass(frozen=True)
class Part:
    """The branches of one part: all of them, and those that graphs of each kind of :data:`KINDS` reached."""

    every: frozenset[Branch]
    by_kind: Mapping[str, frozenset[Branch]]

    def reached(self, *kinds: str) -> frozenset[Branch]:
        """The branches that graphs of one of ``kinds``, or of any kind, reached."""
        return frozenset().union(*(self.by_kind[kind] for kind in kinds or self.by_kind))

    def missing(self) -> list[Branch]:
        return sorted(self.every - self.reached())

    def __or__(self, other: Part) -> Part:
        return Part(self.every | other.every, {kind: self.by_kind[kind] | other.by_kind[kind] for kind in KINDS})


def torch_pass(module: fx.GraphModule, env: ShapeEnv, name: str, export: bool) -> None:
    from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts

    insert_deferred_runtime_asserts(module, env, name, export=export)


def our_pass(module: fx.GraphModule, env: ShapeEnv, name: str, export: bool) -> None:
    str(runtime_assert.insert_with_report(module, env, name, export=export))


def our_pass_strictly(module: fx.GraphModule, env: ShapeEnv, name: str, export: bool) -> None:
    runtime_assert.insert_with_report(module, env, name, export=export, strict=True)


Pass = Callable[[fx.GraphModule, ShapeEnv, str, bool], None]
PASSES: tuple[Pass, ...] = (torch_pass, our_pass)


def main() -> int:
    """Measures, prints the table and what is not explained; see the module for the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of Programs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="print every unreached branch, the explained ones too")
    parser.add_argument(
        "--traced", action="store_true", help="measure graphs as traced alone, and print what they do not reach"
    )
    options = parser.parse_args()
    tally, parts = measured_in_workers(options.seed, options.scale, options.jobs, options.traced)
    print(f"torch {torch.__version__}, seed {options.seed}: " + ", ".join(f"{k} {v}" for k, v in tally.items()))
    print(f"not measured, because they are not the pass: {', '.join(sorted(NOT_THE_PASS))} of runtime_assert/")
    if options.traced:
        print_untraced(parts)
        return 0
    met = report(parts, reasons_of(REVIEWED), options.list)
    return 0 if met else 1


@dataclass(frozen=True)
class Measures:
    """A measurement of the same files for each kind of graph."""

    by_kind: Mapping[str, coverage.Coverage]

    @classmethod
    def of(cls, files: Iterable[Path]) -> Measures:
        names = [str(path) for path in files]

        def new() -> coverage.Coverage:
            cov = coverage.Coverage(branch=True, include=names, data_file=None, config_file=False, messages=False)
            cov.set_option("report:exclude_also", ["if TYPE_CHECKING:"])
            return cov

        return cls({kind: new() for kind in KINDS})

    def part(self, paths: Sequence[Path]) -> Part:
        """What was found out about the branches of ``paths``."""
        found = {kind: branches(cov, paths) for kind, cov in self.by_kind.items()}
        every = frozenset().union(*(every for every, _ in found.values()))
        return Part(every, {kind: taken for kind, (_, taken) in found.items()})


def branches(cov: coverage.Coverage, paths: Sequence[Path]) -> tuple[frozenset[Branch], frozenset[Branch]]:
    """All branches of ``paths``, also of those that did not run, and the ones that were taken."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        cov.json_report(morfs=[str(path) for path in paths], outfile=str(target), ignore_errors=True)
        found = json.loads(target.read_text(encoding="utf-8"))["files"]
    files = {Path(name).resolve(): lines for name, lines in found.items()}
    every: set[Branch] = set()
    taken: set[Branch] = set()
    for path in paths:
        measured = files[path.resolve()]
        executed = {tuple(jump) for jump in measured.get("executed_branches", [])}
        named = names_of(path, executed | {tuple(jump) for jump in measured.get("missing_branches", [])})
        every |= named.keys()
        taken |= {branch for branch, jump in named.items() if jump in executed}
    return frozenset(every), frozenset(taken)


def names_of(path: Path, jumps: Iterable[tuple[int, ...]]) -> dict[Branch, tuple[int, ...]]:
    """Each jump of a file, two numbers of lines, by the name that it has in the reasons."""
    lines = path.read_text(encoding="utf-8").splitlines()
    counts: Counter[tuple[str, str]] = Counter()
    named: dict[Branch, tuple[int, ...]] = {}
    for start, end in sorted(jumps):
        text = lines[start - 1].strip(), lines[end - 1].strip() if end > 0 else "exit"
        counts[text] += 1
        named[Branch(path.name, *text, counts[text])] = (start, end)
    return named


def measured_in_workers(
    seed: int, scale: float, jobs: int, traced_alone: bool = False
) -> tuple[Counter[str], dict[str, Part]]:
    """What all rows of Programs reach together; each has a worker of its own, and so depends on no other's caches."""
    usual = [(frontend, count, {}) for frontend, count in PROGRAMS.items()]
    tasks = [
        (shard_seed(seed, place, 0), frontend, max(1, round(count * scale)), narrowed, traced_alone)
        for place, (frontend, count, narrowed) in enumerate((*usual, *NARROWED))
    ]
    tally: Counter[str] = Counter()
    parts = {name: Part(frozenset(), dict.fromkeys(KINDS, frozenset())) for name in PARTS}
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, max_tasks_per_child=1) as pool:
        for counted, found in pool.map(measure, *zip(*tasks, strict=True)):
            tally += counted
            parts = {name: part | found[name] for name, part in parts.items()}
    return tally, parts


def measure(
    seed: int, frontend: str, count: int, narrowed: Mapping[str, Any], traced_alone: bool = False
) -> tuple[Counter[str], dict[str, Part]]:
    """Runs both passes on the captures of ``count`` Programs, ``traced_alone`` or as others write them, too.

    Only the passes are measured.
    """
    prepare()
    logging.disable(logging.CRITICAL)
    # torch prints the graphs that it gives up on.
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the life of this worker
    measures = Measures.of([path for paths in PARTS.values() for path in paths])
    tally: Counter[str] = Counter()
    for program in draw(seed, "nightly", count, frontend, narrowed):
        tally["programs"] += 1
        try:
            captured = capture(program, frontend)
        except NotCaptured:
            tally["not captured"] += 1
            continue
        key = program.key()
        for first in PASSES:
            with attempts(tally, f"{TRACED}, {first.__name__}", captured):
                as_traced(measures.by_kind[TRACED], first, captured)
        if traced_alone:
            continue
        for run, (kind, habits) in itertools.product(PASSES, HABITS):
            with attempts(tally, f"{kind}, {run.__name__}", captured):
                as_respelled(measures.by_kind[kind], run, captured, key, habits)
        with attempts(tally, "strictly", captured):
            module, env = respelled_copy(captured, key, FOREIGN), captured.shape_env
            measured(measures.by_kind[RESPELLED], our_pass_strictly, module, env, captured.name, captured.export)
    return tally, {name: measures.part(paths) for name, paths in PARTS.items()}


class attempts(AbstractContextManager["attempts"]):
    """Counts what a pass raises, which was measured up to there, and puts the ShapeEnv back."""

    def __init__(self, tally: Counter[str], what: str, captured: Capture) -> None:
        self._tally, self._what, self._captured = tally, what, captured

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> bool:
        self._captured.state.restore(self._captured.shape_env)
        raised = kind is not None and issubclass(kind, Exception)
        if raised and kind is not None:
            self._tally[f"{self._what} raised {kind.__name__}"] += 1
        return raised


def as_traced(cov: coverage.Coverage, first: Pass, captured: Capture) -> None:
    """A pass on a copy of the captured graph, then each of the two on what it made of it."""
    module = captured.copy_of_graph()
    on_graph(cov, first, captured, module)
    for second in PASSES:
        on_graph(cov, second, captured, copy_module(module))


def as_respelled(cov: coverage.Coverage, run: Pass, captured: Capture, seed: str, habits: Mapping[str, Any]) -> None:
    """The pass, twice, on the captured graph as others write it: as it is called there, or as for a body elsewhere."""
    name, export = random.Random(seed).choice(((captured.name, captured.export), (BODY, not captured.export)))
    module = respelled_copy(captured, seed, habits)
    for _ in range(2):
        measured(cov, run, module, captured.shape_env, name, export)


def respelled_copy(captured: Capture, seed: str, habits: Mapping[str, Any]) -> fx.GraphModule:
    """The captured graph as others write it, with the ShapeEnv that goes with it."""
    module = captured.copy_of_graph()
    captured.state.restore(captured.shape_env)
    respelled(module, captured.shape_env, seed, habits)
    return module


def on_graph(cov: coverage.Coverage, run: Pass, captured: Capture, module: fx.GraphModule) -> None:
    """The pass on all bodies of ``module``, innermost first, and on ``module``, as torch calls it for both."""
    for body in captured.bodies:
        body.state.restore(captured.shape_env)
        inner: Any = module.get_submodule(body.path)
        measured(cov, run, inner, captured.shape_env, body.name, body.export)
    captured.state.restore(captured.shape_env)
    with hooked(module) if captured.export else nullcontext():
        measured(cov, run, module, captured.shape_env, captured.name, captured.export)


def hooked(module: fx.GraphModule) -> AbstractContextManager[None]:
    """The hook on new nodes with which ``torch.export`` calls the pass (``apply_runtime_assertion_pass``)."""
    from torch._export.passes._node_metadata_hook import _node_metadata_hook, _set_node_metadata_hook

    told = {"stack_trace": "(torch.export)"}
    found: Any = _set_node_metadata_hook(module, functools.partial(_node_metadata_hook, metadata=told))
    return found


def measured(cov: coverage.Coverage, run: Pass, *arguments: Any) -> None:
    cov.start()
    try:
        run(*arguments)
    finally:
        cov.stop()


def reasons_of(path: Path) -> dict[Branch, str]:
    """The reviewed branches with their reasons; a row with ``python`` is about these versions of it alone."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["branch"]
    return {
        Branch(row["file"], row["line"], row["to"], row.get("place", 1)): row["reason"]
        for row in rows
        if PYTHON in row.get("python", [PYTHON])
    }


def report(parts: Mapping[str, Part], reasons: Mapping[Branch, str], everything: bool = False) -> bool:
    """Prints a paragraph for each part and the stale rows; whether all is as it should be."""
    missing = {branch for part in parts.values() for branch in part.missing()}
    met = [paragraph(name, part, reasons, everything) for name, part in parts.items()]
    stale = sorted(reasons.keys() - missing)
    if stale:
        print(f"{len(stale)} rows of {REVIEWED.name} are stale: their branch was reached, or is not there any more")
    for branch in stale:
        print(f"    {branch}")
    return all(met) and not stale


def print_untraced(parts: Mapping[str, Part]) -> None:
    """Prints, for each part, the branches that graphs as traced do not reach."""
    for name, part in parts.items():
        missing = sorted(part.every - part.by_kind[TRACED])
        reached = len(part.every) - len(missing)
        print(f"{name}: {len(part.every)} branches, {reached} reached by graphs as traced, not reached:")
        for branch in missing:
            print(f"    {branch}")


def paragraph(name: str, part: Part, reasons: Mapping[Branch, str], everything: bool) -> bool:
    """Prints one part's figures and its unexplained branches; whether it meets the target."""
    missing = part.missing()
    unexplained = [branch for branch in missing if branch not in reasons]
    proved = [branch for branch in missing if reasons.get(branch, "").startswith(UNREACHABLE)]
    every, reachable = len(part.every), len(part.every) - len(proved)
    print(f"{name}: {every} branches, of which {reachable} can be reached")
    for number, kind in enumerate(KINDS, start=1):
        reached = len(part.reached(*KINDS[:number]))
        both = f"{share(reached, every):.1%} of all, {share(reached, reachable):.1%} of those that can be reached"
        print(f"    {'and ' * (number > 1) + kind:<24}{reached:>5}: {both}")
    others = len(missing) - len(proved) - len(unexplained)
    print(
        f"    not reached: {len(proved)} proved unreachable, {others} for another reason, {len(unexplained)} for none"
    )
    for branch in missing if everything else unexplained:
        print(f"    {branch}   [{reasons.get(branch, 'unexplained')}]")
    return share(len(part.reached()), reachable) >= TARGET and not unexplained


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


if __name__ == "__main__":
    sys.exit(main())
