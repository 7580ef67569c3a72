"""Mutates our own code with mutmut: ``python -m tests.quality.mutation [--minutes N] MODULE ...`` (``make selfcheck``).

Results are kept in ``mutants/``, so that a run is taken up where the last one ended. A mutant that survives has to
stand in ``survivors.toml`` with the reason why it is as good as the code; one that does not is told, and the exit
status is 1. So is an entry whose mutant was killed or is none any more.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SURVIVORS = Path(__file__).with_name("survivors.toml")
_STATUS = re.compile(r"^\s*(\S+__mutmut_\d+): (.+)$")


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


def listed() -> dict[Mutation, str]:
    """The mutants that may survive, each with the reason."""
    document = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return {Mutation(row["function"], row["old"], row["new"]): row["reason"] for row in document.get("survivor", ())}


def statuses(output: str, modules: Iterable[str]) -> dict[str, str]:
    """mutmut's verdict on each mutant of ``modules``, from what ``mutmut results --all true`` prints."""
    matches = (_STATUS.match(line) for line in output.splitlines())
    found = {match[1]: match[2] for match in matches if match}
    prefixes = tuple(f"{module}." for module in modules)
    return {name: status for name, status in found.items() if name.startswith(prefixes)}


def judged(statuses_: Mapping[str, str], survivors: Mapping[str, Mutation], known: Mapping[Mutation, str]) -> list[str]:
    """What is wrong, a line each: survivors without a reason, and reasons without a survivor."""
    alive = set(survivors.values())
    texts = [f"survives: {mutation} ({name})" for name, mutation in survivors.items() if mutation not in known]
    modules = {function_of(name).rpartition(".")[0] for name in statuses_}
    pending = any(status == "not checked" for status in statuses_.values())
    for mutation in known:
        about = any(mutation.function.startswith(f"{module}.") for module in modules)
        if about and mutation not in alive and not pending:
            texts.append(f"listed, but killed or gone: {mutation}")
    return texts


def _mutmut(*args: str, timeout: float | None = None) -> str:
    """What mutmut prints; after ``timeout`` seconds it is ended with all its workers, and what it found is kept."""
    command = [sys.executable, "-m", "mutmut", *args]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as running:
        try:
            output, _ = running.communicate(timeout=timeout)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as stopped:
            os.killpg(running.pid, signal.SIGTERM)
            running.communicate()
            if isinstance(stopped, KeyboardInterrupt):
                raise
            return ""
    if running.returncode not in (0, 1):
        sys.stderr.write(output[-3000:])
        raise SystemExit(f"mutmut ended with status {running.returncode}")
    return output


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", metavar="MODULE", help="such as properties.solver.normal")
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="how long to run mutants; 0 only tells what is known"
    )
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.minutes:
        patterns = [f"{module}.*" for module in options.modules]
        _mutmut("run", "--max-children", str(options.jobs), *patterns, timeout=options.minutes * 60)
    found = statuses(_mutmut("results", "--all", "true"), options.modules)
    alive = {name: mutation_of(name, _mutmut("show", name)) for name, status in found.items() if status == "survived"}
    counts = {status: list(found.values()).count(status) for status in sorted(set(found.values()))}
    problems = judged(found, alive, listed())
    print("\n".join(problems))
    print(f"{len(found)} mutants: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
