"""The command line: ``runtime-assert COMMAND``. Starting it imports neither torch nor a solver."""

from __future__ import annotations

from collections.abc import Sequence

from reports.cli.group import run


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status (see :mod:`reports.status`)."""
    return run(args)
