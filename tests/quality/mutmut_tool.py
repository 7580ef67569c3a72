"""Runs mutmut within a limit of time, tells how far it is, and says why it failed if it did."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

LOG = Path("mutants") / "run.log"
"""All that the last run printed."""
_PHASES = (
    "Generating mutants",
    "Listing all tests",
    "Running stats",
    "Running clean tests",
    "Running forced fail test",
    "Running mutation testing",
)
_TRIED = "    worker exit code "
_STATUS = re.compile(r"^\s*(\S+__mutmut_\d+): (.+)$")
_POLL_SECONDS, _TELL_SECONDS = 1.0, 30.0
_GRACE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended: whether it had time for all it was to do, in which phase, and how many mutants it tried."""

    finished: bool
    phase: str
    tried: int


class MutmutFailed(Exception):
    """mutmut ended before it had tried what it was asked to try."""


def statuses(output: str, modules: Iterable[str]) -> dict[str, str]:
    """mutmut's verdict on each mutant of ``modules``, from what ``mutmut results --all true`` prints."""
    matches = (_STATUS.match(line) for line in output.splitlines())
    found = {match[1]: match[2] for match in matches if match}
    prefixes = tuple(f"{module}." for module in modules)
    return {name: status for name, status in found.items() if name.startswith(prefixes)}


def results(modules: Iterable[str]) -> dict[str, str]:
    """The verdicts that the folder of mutants holds."""
    return statuses(_said("results", "--all", "true"), modules)


def diffs(names: Sequence[str]) -> dict[str, str]:
    """What each mutant changes."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(lambda name: _said("show", name), names), strict=True))


def run(names: Sequence[str], jobs: int, seconds: float, tell: Callable[[str], None]) -> Run:
    """Tries the mutants that ``names`` (or patterns) say, again if they were tried before.

    mutmut first brings its copy of the code up to date. Its own run without names would leave what has a verdict
    alone, but knows no modules.

    Raises:
        MutmutFailed: if it ended with an error.
    """
    LOG.parent.mkdir(exist_ok=True)
    start = time.monotonic()
    with LOG.open("wb") as log:
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs), *names]
        running = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    where, when = Run(False, "", 0), 0.0
    try:
        while running.poll() is None and time.monotonic() - start < seconds:
            time.sleep(_POLL_SECONDS)
            now, passed = progress(_log()), time.monotonic() - start
            if now.phase != where.phase or (now != where and passed - when > _TELL_SECONDS):
                tell(f"{passed:4.0f} s  {now.phase}" + (f": {now.tried} mutants tried" if now.tried else ""))
                where, when = now, passed
        finished = running.poll() is not None
    finally:
        _end(running)
    now = progress(_log())
    if finished and running.returncode:
        raise MutmutFailed(f"mutmut ended with status {running.returncode} at: {now.phase}\n{_tail(_log())}")
    return replace(now, finished=finished)


def progress(log: str) -> Run:
    """How far the run that printed ``log`` is."""
    phase = max(_PHASES, key=log.rfind) if any(name in log for name in _PHASES) else "Starting"
    return Run(False, phase, log.count(_TRIED))


def _tail(log: str, lines: int = 60) -> str:
    """The last lines that say something: a spinner's turns are left out."""
    said = (line.rstrip() for line in re.split(r"[\r\n]+", log))
    return "\n".join([line for line in said if line and line[0] not in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"][-lines:])


def _log() -> str:
    return LOG.read_text(encoding="utf-8", errors="replace")


def _end(running: subprocess.Popen[bytes]) -> None:
    """Lets mutmut write down what it has, as on Ctrl-C, and ends it with all its workers if it does not."""
    if running.poll() is None:
        running.send_signal(signal.SIGINT)
        try:
            running.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def _said(*args: str) -> str:
    done = subprocess.run([sys.executable, "-m", "mutmut", *args], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MutmutFailed(f"mutmut {' '.join(args)} ended with status {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout
