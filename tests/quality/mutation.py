"""Mutates our own code: ``python -m tests.quality.mutation [--minutes N] MODULE ...`` (``make selfcheck``).

mutmut says what the mutants are; tests.quality.mutation_run tries them. Verdicts are kept in ``mutants/``: a run goes
on with what the last ones left, and tries again what survived without a reason. A mutant that survives, or that no test
reaches, has to stand in ``survivors.toml`` with the reason why it is as good as the code; one that does not is told,
and so is an entry whose mutant was killed or is none any more.

Exit status: 0 nothing to tell, though time may have been up (it says how many are left); 1 something to tell; 2 not the
name of a module; 3 mutants were not checked because the tests fail without them, or the time was up before the first.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.quality.mutants import Mutant, Mutation, planted
from tests.quality.mutation_run import TIME_UP_STATUS, VERDICTS, Plan, verdicts

TREE = Path("mutants")
"""Where the code with the mutants is, and the verdicts on them."""
SURVIVORS = Path(__file__).with_name("survivors.toml")
_PENDING = "not checked"
_KILLED = ("killed", "timeout", "segfault", _PENDING)
"""Verdicts that ask for no reason (yet). One who never ends was noticed, too."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A change that makes no difference wherever it is made: what matches ``old`` becomes one of ``new``."""

    old: re.Pattern[str]
    new: tuple[str, ...]
    reason: str

    def covers(self, mutation: Mutation) -> bool:
        """Whether ``mutation`` is such a change, at one place."""
        line = mutation.old
        changed = (
            line[: match.start()] + match.expand(new) + line[match.end() :]
            for match in self.old.finditer(line)
            for new in self.new
        )
        return mutation.new in changed


@dataclass(frozen=True, slots=True)
class Reasons:
    """Which mutants may survive, and why."""

    single: Mapping[Mutation, str]
    kinds: tuple[Kind, ...] = ()

    def explain(self, mutation: Mutation) -> bool:
        return mutation in self.single or any(kind.covers(mutation) for kind in self.kinds)


def listed() -> Reasons:
    """The mutants that may survive, each with the reason."""
    document: dict[str, list[dict[str, Any]]] = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    rows, kinds = document.get("survivor", []), document.get("kind", [])
    return Reasons(
        {Mutation(row["function"], row["old"], row["new"]): row["reason"] for row in rows},
        tuple(Kind(re.compile(row["old"]), tuple(row["new"]), row["reason"]) for row in kinds),
    )


def judged(mutants: Sequence[Mutant], statuses: Mapping[str, str], known: Reasons) -> list[str]:
    """What is wrong, a line each: survivors without a reason, and reasons without a survivor."""
    lived = [mutant for mutant in mutants if statuses[mutant.name] not in _KILLED]
    texts = [
        f"{statuses[mutant.name]}: {mutant.mutation} ({mutant.name})"
        for mutant in lived
        if not known.explain(mutant.mutation)
    ]
    still = {mutant.mutation for mutant in lived}
    modules = {mutant.function.rpartition(".")[0] for mutant in mutants}
    pending = {mutant.mutation for mutant in mutants if statuses[mutant.name] == _PENDING}
    for mutation in known.single:
        about = any(mutation.function.startswith(f"{module}.") for module in modules)
        if about and mutation not in still and mutation not in pending:
            texts.append(f"listed, but killed or gone: {mutation}")
    return texts


def summary(module: str, mutants: Sequence[Mutant], statuses: Mapping[str, str], known: Reasons) -> str:
    """The figures of ``module`` in a line."""
    own = [mutant for mutant in mutants if mutant.name.startswith(f"{module}.")]
    counts = Counter(_told(statuses[mutant.name], mutant.mutation, known) for mutant in own)
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items(), key=lambda item: -item[1]))
    return f"{module}: {len(own)} mutants" + (f": {told}" if told else "")


def _told(status: str, mutation: Mutation, known: Reasons) -> str:
    return "with a reason" if status not in _KILLED and known.explain(mutation) else status


def tried(plan: Plan) -> int:
    """Tries mutants in a process that has the folder's code, not this one's; its exit status."""
    path = Path("plan.json")
    plan.write(TREE / path)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(TREE.absolute())}
    command = [sys.executable, "-m", "tests.quality.mutation_run", str(path)]
    return subprocess.run(command, cwd=TREE, env=environment, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", metavar="MODULE", help="such as properties.solver.normal")
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="how long to run mutants; 0 only tells what is known"
    )
    parser.add_argument("--budget", type=float, default=20.0, help="a mutant survives so many seconds of tests")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    known, status = listed(), 0
    for module in options.modules:
        if not Path(f"{module.replace('.', '/')}.py").is_file():
            parser.error(f"{module} is no module of this project, such as properties.solver.normal")
    mutants = planted(options.modules, Path.cwd(), TREE)
    if options.minutes:
        excused = frozenset(mutant.digest for mutant in mutants if known.explain(mutant.mutation))
        pairs = tuple((mutant.name, mutant.digest) for mutant in mutants)
        seconds = options.minutes * 60
        plan = Plan(tuple(options.modules), pairs, excused, options.jobs, seconds, options.budget)
        status = tried(plan)
    said = verdicts(TREE / VERDICTS)
    statuses = {mutant.name: said.get(mutant.digest, {}).get("status", _PENDING) for mutant in mutants}
    pending = sum(status == _PENDING for status in statuses.values())
    if status not in (0, TIME_UP_STATUS) or (pending and status == 0 and options.minutes):
        print(f"the run of the mutants ended with status {status}, and {pending} were not checked", file=sys.stderr)
        return 3
    if mutants and pending == len(mutants):
        print("the time was up before a mutant was tried", file=sys.stderr)
        return 3
    problems = judged(mutants, statuses, known)
    print(*problems, sep="\n")
    for module in options.modules:
        print(summary(module, mutants, statuses, known))
    if pending:
        print(f"The time was up with {pending} mutants not checked: the next run goes on with them.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
