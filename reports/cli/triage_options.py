"""Arguments and options that the triage commands share, so that they are called and described alike."""

from __future__ import annotations

from pathlib import Path

import click

RUN = click.argument("run", type=click.Path(path_type=Path))
ID = click.argument("name", metavar="ID")
KNOWN = click.option("--known", "known_file", type=click.Path(path_type=Path), default=None, show_default="known.toml in this folder, if it is there", help="Known findings; buckets.toml beside it holds merges and splits.")  # fmt: skip  # noqa: E501
JSON = click.option("--json", "machine", is_flag=True, help="Print JSON.")
NOTE = click.option("--note", "note_text", default="", help="Why; kept in the file.")
OUTPUT = click.option("--output", "target", type=click.Path(path_type=Path), default=None, show_default="stdout", help="File to write to.")  # fmt: skip  # noqa: E501
