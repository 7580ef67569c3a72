"""``runtime-assert explain``: what a property guarantees, why, and how it is decided."""

from __future__ import annotations

import click

from reports.cli.output import as_json, line


@click.command()
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--json", "machine", is_flag=True, help="Print JSON.")
def command(codes: tuple[str, ...], machine: bool) -> None:
    """Explain properties (RA101), or list them all."""
    from properties.registry import properties

    known = properties()
    for code in codes:
        if code not in known:
            raise click.UsageError(f"property {code!r} is unknown; allowed: {', '.join(known)}")
    if machine:
        as_json([{"code": one, "name": known[one].name, "text": known[one].text} for one in codes or known])
    elif codes:
        line("\n\n".join(known[code].text for code in codes))
    else:
        line("\n".join(f"{code}  {entry.name}" for code, entry in known.items()))
