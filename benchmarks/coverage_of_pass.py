"""Branch coverage of the pass, torch's and ours, that generated Programs reach by themselves.

Programs are drawn from a fixed seed and traced by every frontend. What runs under measurement is the pass alone, once
on the captured graph and once on its own result. Branches that no Program reached must stand in
``benchmarks/unreached.toml`` with the reason.
Run as ``python benchmarks/coverage_of_pass.py [--scale X] [--seed N]`` (``make coverage``).
Exit status: 0 if every unreached branch is explained and each part has at least 97 % of its branches, else 1.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import coverage
import torch
from torch.fx.experimental.symbolic_shapes import ShapeEnv

import runtime_assert
from properties.campaign.draw import draw, shard_seed
from properties.campaign.pool import prepare
from properties.capture.frontends import capture
from properties.capture.types import Capture, copy_module
from properties.errors import NotCaptured

TARGET = 0.97
PROGRAMS = {
    "shape_env": 400,
    "shape_env+deferred": 300,
    "make_fx": 300,
    "make_fx+deferred": 150,
    "export": 120,
    "export+deferred": 60,
    "export+named+deferred": 30,
    "export+decompositions": 20,
    "export-strict": 40,
    "export-strict+deferred": 20,
    "compile": 120,
    "compile+deferred": 60,
}
"""Programs of the nightly profile for each frontend, at scale 1."""
PARTS = {
    "torch/fx/passes/runtime_assert.py": [Path(torch.__file__).parent / "fx/passes/runtime_assert.py"],
    "runtime_assert/": sorted(Path(runtime_assert.__file__).parent.glob("*.py")),
}
REVIEWED = Path(__file__).with_name("unreached.toml")


@dataclass(frozen=True, order=True)
class Branch:
    """One jump in a source file, named by the text of its two lines, which outlasts a change of line numbers."""

    file: str
    line: str
    to: str


def torch_pass(module: torch.fx.GraphModule, env: ShapeEnv, name: str, export: bool) -> None:
    from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts

    insert_deferred_runtime_asserts(module, env, name, export=export)


def our_pass(module: torch.fx.GraphModule, env: ShapeEnv, name: str, export: bool) -> None:
    str(runtime_assert.insert_with_report(module, env, name, export=export))


Pass = Callable[[torch.fx.GraphModule, ShapeEnv, str, bool], None]


def main() -> int:
    """Measures, prints the table and what is not explained; see the module for the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of Programs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="print every unreached branch, the explained ones too")
    options = parser.parse_args()
    prepare()
    logging.disable(logging.CRITICAL)
    files = [str(path) for paths in PARTS.values() for path in paths]
    cov = coverage.Coverage(branch=True, include=files, data_file=None, config_file=False, messages=False)
    cov.set_option("report:exclude_also", ["if TYPE_CHECKING:"])
    tally = measure(cov, options.seed, options.scale)
    report = report_of(cov)
    print(f"torch {torch.__version__}, seed {options.seed}: " + ", ".join(f"{k} {v}" for k, v in tally.items()))
    reasons = {Branch(row["file"], row["line"], row["to"]): row["reason"] for row in reviewed()}
    met = [table(name, paths, report, reasons, options.list) for name, paths in PARTS.items()]
    return 0 if all(met) else 1


def measure(cov: coverage.Coverage, seed: int, scale: float) -> Counter[str]:
    """Runs both passes on the captures; only they are measured."""
    tally: Counter[str] = Counter()
    for place, (frontend, count) in enumerate(PROGRAMS.items()):
        for program in draw(shard_seed(seed, place, 0), "nightly", max(1, round(count * scale)), frontend):
            tally["programs"] += 1
            try:
                captured = capture(program, frontend)
            except NotCaptured:
                tally["not captured"] += 1
                continue
            for run in (torch_pass, our_pass):
                try:
                    twice(cov, run, captured)
                except Exception as error:  # noqa: BLE001 - a pass that raises is counted, and was measured
                    tally[f"{run.__name__} raised {type(error).__name__}"] += 1
                finally:
                    captured.state.restore(captured.shape_env)
    return tally


def twice(cov: coverage.Coverage, run: Pass, captured: Capture) -> None:
    """The pass on a copy of the captured graph, bodies first, and then on a copy of what it made."""
    first = captured.copy_of_graph()
    for module in (first, None):
        work = copy_module(first) if module is None else module
        for body in captured.bodies:
            body.state.restore(captured.shape_env)
            inner: Any = work.get_submodule(body.path)
            measured(cov, run, inner, captured.shape_env, body.name, body.export)
        captured.state.restore(captured.shape_env)
        measured(cov, run, work, captured.shape_env, captured.name, captured.export)


def measured(cov: coverage.Coverage, run: Pass, *arguments: Any) -> None:
    cov.start()
    try:
        run(*arguments)
    finally:
        cov.stop()


def report_of(cov: coverage.Coverage) -> dict[str, Any]:
    """coverage's own JSON report."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        cov.json_report(outfile=str(target), ignore_errors=True)
        return json.loads(target.read_text(encoding="utf-8"))


def reviewed() -> list[dict[str, str]]:
    return tomllib.loads(REVIEWED.read_text(encoding="utf-8"))["branch"]


def unreached(paths: Iterable[Path], report: dict[str, Any]) -> Iterable[Branch]:
    """The branches of ``paths`` that were not taken, each as often as it occurs."""
    measured = {Path(name).resolve(): found for name, found in report["files"].items()}
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        for start, end in measured.get(path.resolve(), {}).get("missing_branches", []):
            yield Branch(path.name, lines[start - 1].strip(), lines[end - 1].strip() if end > 0 else "exit")


def table(
    name: str, paths: Iterable[Path], report: dict[str, Any], reasons: dict[Branch, str], everything: bool
) -> bool:
    """Prints one part's line and its unexplained branches; whether it meets the target."""
    own = {path.resolve() for path in paths}
    summaries = [found["summary"] for file, found in report["files"].items() if Path(file).resolve() in own]
    branches = sum(item["num_branches"] for item in summaries)
    reached = sum(item["covered_branches"] for item in summaries)
    missing = sorted(unreached(own, report))
    unexplained = [branch for branch in missing if branch not in reasons]
    rate = reached / branches if branches else 0.0
    print(
        f"{name:<36}{reached:>5} of {branches:>4} branches {rate:>7.1%}, "
        f"{len(missing) - len(unexplained)} explained, {len(unexplained)} not"
    )
    for branch in missing if everything else unexplained:
        print(f"    {branch.file}: {branch.line}  ->  {branch.to}" + f"   [{reasons.get(branch, 'unexplained')}]")
    return rate >= TARGET and not unexplained


if __name__ == "__main__":
    sys.exit(main())
