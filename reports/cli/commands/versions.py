"""``runtime-assert versions``: on what a verdict depends, for a report or an issue."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import as_json, line


@click.command()
@click.option("--json", "machine", is_flag=True, help="Print JSON.")
def command(machine: bool) -> None:
    """Show the versions of everything that a verdict depends on."""
    from properties.campaign.environment import environment

    found = {**environment(), "installed in": str(Path(__file__).resolve().parents[3])}
    if machine:
        as_json(found)
        return
    width = max(map(len, found))
    line("\n".join(f"{name:<{width}}  {value}" for name, value in found.items()))
