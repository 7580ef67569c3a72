"""Python interpreters to try a script under: those that are there, and those that are made for a version of torch."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from reports.files import FileError
from reports.text import one_line
from reports.triage.bisect import Trial

VERSION = re.compile(r"\d+(?:\.\d+){1,3}(?:[a-z0-9.+]*)?")


_START = 60.0
"""Seconds within which an interpreter has to start."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What running the script under one interpreter gave; ``text`` is the end of what it printed."""

    trial: Trial
    text: str


def check_interpreters(paths: tuple[Path, ...]) -> None:
    """Raises FileError, with one line, unless every path is an executable file."""
    for path in paths:
        if not path.is_file():
            raise FileError(f"--python {path}: there is no such file")
        if not os.access(path, os.X_OK):
            raise FileError(f"--python {path}: cannot be executed")


def run_script(interpreter: Path, script: Path, *, seconds: float) -> Attempt:
    """Runs ``script`` alone (``-I``: nothing of this project is on its path).

    Status 1 with the word FAULT printed is the fault, 0 is none; a script that raised, hung or could not start has
    tried nothing.
    """
    command = [str(interpreter), "-I", str(script)]
    if not _is_python(interpreter):
        return Attempt(Trial.UNTESTABLE, "it is no Python interpreter")
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds, cwd="/")
    except subprocess.TimeoutExpired:
        return Attempt(Trial.UNTESTABLE, f"no end within {seconds:.0f} s")
    except OSError as error:
        return Attempt(Trial.UNTESTABLE, str(error.strerror))
    if done.returncode == 1 and "FAULT" in done.stdout:
        return Attempt(Trial.BAD, _last(done.stdout))
    if done.returncode == 0:
        return Attempt(Trial.GOOD, _last(done.stdout))
    return Attempt(Trial.UNTESTABLE, f"status {done.returncode}: {_last(done.stderr or done.stdout)}")


def _is_python(interpreter: Path) -> bool:
    """Whether it runs Python: many a program takes any arguments and ends with 0, which would stand for no fault."""
    command = [str(interpreter), "-I", "-c", "print(6 * 7)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_START, cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == "42"


def make_environment(folder: Path, torch: str, *, index_url: str | None) -> Path:
    """A virtual environment in ``folder`` with that version of torch; returns its interpreter. One that is there
    already, with the version on record, is used again.

    Raises:
        FileError: if it cannot be made, with pip's last line.
    """
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / ".torch-version"
    if done.exists() and done.read_text() == torch:
        return python
    index = ["--index-url", index_url] if index_url else []
    # numpy is not needed, but without it torch warns on every import.
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *index]
    for command in ([sys.executable, "-m", "venv", str(folder)], [*install, f"torch=={torch}", "numpy"]):
        try:
            made = subprocess.run(command, capture_output=True, text=True, errors="replace")
        except OSError as error:
            raise FileError(f"torch {torch}: {error.strerror}") from error
        if made.returncode:
            raise FileError(f"torch {torch}: could not be installed: {_last(made.stderr)}")
    done.write_text(torch)
    return python


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return one_line(lines[-1], 200) if lines else ""
