"""Mutates our own code with mutmut: ``python -m tests.quality.mutation [--minutes N] MODULE ...`` (``make selfcheck``).

Verdicts are kept in ``mutants/``: a run goes on with what the last ones left, and tries again what survived without a
reason. A mutant that survives, or that no test reaches, has to stand in ``survivors.toml`` with the reason why it is as
good as the code; one that does not is told, and so is an entry whose mutant was killed or is none any more.

Exit status: 0 nothing to tell, though time may have been up (it says how many are left); 1 something to tell; 3 mutants
were not checked because mutmut failed, or because the time was up before the first one.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.quality import mutmut_tool
from tests.quality.mutmut_tool import MutmutFailed

SURVIVORS = Path(__file__).with_name("survivors.toml")
_PENDING = "not checked"
_KILLED = ("killed", "timeout", "segfault", _PENDING)
"""Verdicts that ask for no reason (yet). One who never ends was noticed, too."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of a function: the lines that went and those that came, without indentation.

    mutmut numbers mutants, and the numbers shift with every edit; the lines do not.
    """

    function: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.function}: {self.old!r} -> {self.new!r}"


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


def function_of(name: str) -> str:
    """The function that mutmut's ``name`` of a mutant is about: ``package.module.Class.function``."""
    module, _, mangled = name.rpartition(".")
    plain = re.sub(r"__mutmut_\d+$", "", mangled)
    return f"{module}.{plain.removeprefix('xǁ').replace('ǁ', '.') if 'ǁ' in plain else plain.removeprefix('x_')}"


def mutation_of(name: str, diff: str) -> Mutation:
    """What ``diff``, as mutmut shows it, changes."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    old = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    new = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return Mutation(function_of(name), old, new)


def listed() -> Reasons:
    """The mutants that may survive, each with the reason."""
    document: dict[str, list[dict[str, Any]]] = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    rows, kinds = document.get("survivor", []), document.get("kind", [])
    return Reasons(
        {Mutation(row["function"], row["old"], row["new"]): row["reason"] for row in rows},
        tuple(Kind(re.compile(row["old"]), tuple(row["new"]), row["reason"]) for row in kinds),
    )


def alive(statuses: Mapping[str, str]) -> dict[str, Mutation]:
    """The mutants that no test killed."""
    names = [name for name, status in statuses.items() if status not in _KILLED]
    return {name: mutation_of(name, diff) for name, diff in mutmut_tool.diffs(names).items()}


def judged(statuses: Mapping[str, str], survivors: Mapping[str, Mutation], known: Reasons) -> list[str]:
    """What is wrong, a line each: survivors without a reason, and reasons without a survivor."""
    texts = [
        f"{statuses[name]}: {mutation} ({name})" for name, mutation in survivors.items() if not known.explain(mutation)
    ]
    still = set(survivors.values())
    modules = {function_of(name).rpartition(".")[0] for name in statuses}
    pending = any(status == _PENDING for status in statuses.values())
    for mutation in known.single:
        about = any(mutation.function.startswith(f"{module}.") for module in modules)
        if about and mutation not in still and not pending:
            texts.append(f"listed, but killed or gone: {mutation}")
    return texts


def check(modules: Sequence[str], seconds: float, jobs: int, known: Reasons, tell: Callable[[str], None]) -> bool:
    """Tries what has no verdict, and again what survived without a reason, for so many seconds; False if time was up.

    Raises:
        MutmutFailed: if mutants were left that time was not the reason for.
    """
    end = time.monotonic() + seconds
    found = mutmut_tool.results(modules)
    again = [name for name, mutation in alive(found).items() if not known.explain(mutation)]
    names = [*_pending(found), *again]
    # A single mutant brings the copy of the code up to date: what was edited since has no verdict then.
    names = names or list(found)[:1] or [f"{module}.*" for module in modules]
    tried = 0
    while names:
        run = mutmut_tool.run(names, jobs, end - time.monotonic(), tell)
        left = _pending(mutmut_tool.results(modules))
        tried += run.tried
        if not run.finished:
            if left and not tried:
                raise MutmutFailed(f"the time was up before a mutant was tried, at: {run.phase}")
            return not left
        if left == names:
            raise MutmutFailed(f"mutmut leaves {len(left)} mutants alone, such as {left[0]}")
        names = left
    return True


def _pending(statuses: Mapping[str, str]) -> list[str]:
    return [name for name, status in statuses.items() if status == _PENDING]


def summary(module: str, statuses: Mapping[str, str], explained: Collection[str]) -> str:
    """The figures of ``module`` in a line; ``explained`` names the survivors that have a reason."""
    own = {name: status for name, status in statuses.items() if name.startswith(f"{module}.")}
    counts = Counter("with a reason" if name in explained else status for name, status in own.items())
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items(), key=lambda item: -item[1]))
    return f"{module}: {len(own)} mutants: {told}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", metavar="MODULE", help="such as properties.solver.normal")
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="how long to run mutants; 0 only tells what is known"
    )
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    known, finished = listed(), True
    try:
        if options.minutes:
            seconds = options.minutes * 60
            finished = check(options.modules, seconds, options.jobs, known, lambda text: print(text, flush=True))
        found = mutmut_tool.results(options.modules)
        survivors = alive(found)
    except MutmutFailed as failed:
        print(failed, file=sys.stderr)
        return 3
    problems = judged(found, survivors, known)
    print("\n".join(problems))
    explained = {name for name, mutation in survivors.items() if known.explain(mutation)}
    for module in options.modules:
        print(summary(module, found, explained))
    if not finished:
        print(f"The time was up with {len(_pending(found))} mutants not checked: the next run goes on with them.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
