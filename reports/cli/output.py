"""Writing to the terminal: JSON as it is, and text with foreign control characters made visible."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from reports.pipe import until_closed
from reports.text import plain


def line(text: str) -> None:
    """``text`` on stdout."""
    with until_closed():
        click.echo(plain(text))


def note(text: str) -> None:
    """``text`` on stderr: progress and remarks, which are no result."""
    click.echo(plain(text), err=True)


def as_json(value: Any) -> None:
    """``value`` as indented JSON on stdout, in ASCII, so that it can do nothing to a terminal."""
    with until_closed():
        click.echo(json.dumps(value, indent=2))


def deliver(text: str, target: Path | None) -> None:
    """``text`` to the file ``target``, or to stdout if there is none.

    Raises:
        FileError: if it cannot be written.
    """
    if target is None:
        line(text.rstrip("\n"))
        return
    from reports.files import write_text

    write_text(target, text)
    note(f"{target} written")
