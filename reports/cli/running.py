"""What the commands that run a campaign have in common, from what the user said to the exit status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reports import folder
from reports.cli.options import Chosen
from reports.cli.output import note

if TYPE_CHECKING:
    from reports.cli.campaign import Part


def run(
    ctx: click.Context,
    chosen: Chosen,
    name: str,
    planned: Callable[[], Mapping[str, Any]],
    parts: Callable[[Any], Sequence[Part]] = lambda plan: (),
) -> int:
    """Begins the run that ``chosen`` describes, or takes one up again, and returns the exit status.

    Args:
        name: the command, which a run keeps when it is resumed by another one.
        planned: what the plan needs besides ``chosen``; asked only if a run begins.
        parts: what this command does besides the search, for its plan.
    """
    # Everything that can be wrong with what the user gave is found out before any work and any file.
    from reports.publish import check_inputs

    check_inputs(chosen.known_file, chosen.store)
    from reports.cli import campaign
    from reports.cli.finish import finish
    from reports.cli.resuming import resumed

    how = campaign.How(chosen.jobs, chosen.timeout, chosen.memory, chosen.engine, chosen.address)
    target, command = chosen.target, name
    if chosen.resume is not None:
        target = chosen.resume
        plan, command = resumed(ctx, chosen.resume)
    else:
        folder.check(target)
        plan = campaign.plan_of(
            subjects=chosen.subjects,
            frontends=chosen.frontends,
            codes=chosen.codes,
            seed=chosen.seed,
            jobs=chosen.jobs,
            part=chosen.part,
            device=chosen.device,
            backends=chosen.backends,
            backend_share=chosen.backend_share,
            **planned(),
        )
        size = f"{plan.programs:,} programs" if plan.minutes is None else f"{plan.minutes:g} minutes"
        note(f"{name} of {', '.join(chosen.subjects)}: {size}, {chosen.jobs} workers")
    rows = campaign.collect(
        plan,
        target,
        command=command,
        how=how,
        resume=chosen.resume is not None,
        parts=parts(plan) if command == name else (),
        urgent=_unlisted(chosen.known_file),
    )
    return finish(rows, target, known_file=chosen.known_file, store=chosen.store, machine=chosen.machine)


def _unlisted(known_file: Path | None) -> Callable[[Sequence[str]], bool]:
    """Tells by its signature whether a finding is on none of the lists of known ones."""
    from properties.campaign.environment import environment
    from reports.known import find_entry, load_known

    entries, torch = load_known(known_file), str(environment()["torch"])

    def unlisted(signature: Sequence[str]) -> bool:
        subject, code, direction, _, skeleton = signature
        text = f"{code} {direction} {skeleton}".strip()
        found = find_entry(entries, property=code, direction=direction, subject=subject, signature=text, torch=torch)
        return found is None

    return unlisted
