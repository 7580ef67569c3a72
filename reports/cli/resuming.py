"""``--resume DIR``: what the user may say beside it, and whether the run there can go on here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from reports.store import read_journal

# The options that say what a run does, by the name of their parameter: beside --resume they may only repeat it.
_PLANNED = {
    "subjects": "subject",
    "frontends": "frontend",
    "codes": "property",
    "seed": "seed",
    "minutes": "minutes",
    "programs": "programs",
    "part": "shard",
    "device": "device",
    "backends": "backend",
    "backend_share": "backend-share",
}
# What may differ between two goes of a run: it changes how fast it is, and nothing that is found.
_FREE = ("cpus",)


def resumed(ctx: click.Context, folder: Path) -> tuple[Any, str]:
    """The plan and the command of the run in ``folder``, which can go on here.

    Raises:
        click.UsageError: if it was planned otherwise than the options of ``ctx`` say, or made by other versions; one
            line that names the first difference.
        JournalError: if there is no run, or it is damaged.
    """
    target = ctx.params["target"]
    if ctx.get_parameter_source("target") is not ParameterSource.DEFAULT and target != folder:
        raise click.UsageError(f"--output {target}: the report of a resumed run goes to {folder}")
    head = read_journal(folder).run
    for name, value in _given(ctx).items():
        there = _planned(head["plan"], name)
        if value != there:
            raise click.UsageError(f"--resume {folder}: that run has {name} {_shown(there)}, not {_shown(value)}")
    check_versions(folder, head)
    from properties.campaign.plan import Plan

    return Plan.from_json(head["plan"], jobs=ctx.params["jobs"]), str(head.get("command", "audit"))


def check_versions(folder: Path, head: Mapping[str, Any]) -> None:
    """Whether the run in ``folder`` that begins with ``head`` was made by what is installed here.

    Raises:
        click.UsageError: if not; one line that names the first difference.
    """
    from properties.campaign.environment import code, environment

    here = environment()
    for name, version in head["environment"].items():
        if name not in _FREE and here.get(name) != version:
            raise click.UsageError(f"--resume {folder}: that run has {name} {version}, here it is {here.get(name)}")
    digests = head.get("code", {})
    now = code([name for name in digests if name != "runtime-assert"])
    for name, digest in digests.items():
        if now.get(name) != digest:
            raise click.UsageError(f"--resume {folder}: the source of {name} has changed since that run began")


def _given(ctx: click.Context) -> dict[str, Any]:
    """What the user said about the plan, by the name of the option."""
    given = {
        option: ctx.params[name]
        for name, option in _PLANNED.items()
        if name in ctx.params and ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    if "all" in given.get("frontend", ()):
        from properties.campaign.plan import FRONTENDS

        given["frontend"] = FRONTENDS
    return {
        name: set(value) if name in ("subject", "property", "frontend", "backend") else value
        for name, value in given.items()
    }


def _planned(plan: Mapping[str, Any], name: str) -> Any:
    """What a plan says about the option ``name``, in the form in which the option says it."""
    cells = plan["cells"]
    sizes = {cell["programs"] for cell in cells}
    found: dict[str, Callable[[], Any]] = {
        "seed": lambda: plan["seed"],
        "minutes": lambda: plan.get("minutes"),
        "shard": lambda: tuple(plan["part"]) if plan.get("part") else None,
        "property": lambda: set(plan["properties"]),
        "subject": lambda: {subject for cell in cells for subject in cell["subjects"]},
        "frontend": lambda: {cell["frontend"] for cell in cells},
        "device": lambda: cells[0]["device"],
        "backend": lambda: set(plan["backends"]),
        "backend-share": lambda: plan["backend_share"],
        "programs": lambda: cells[0]["programs"] if len(sizes) == 1 and plan.get("minutes") is None else None,
    }
    return found[name]()


def _shown(value: Any) -> str:
    if isinstance(value, (set, frozenset)):
        return ", ".join(sorted(value))
    return "/".join(map(str, value)) if isinstance(value, tuple) else "none" if value is None else f"{value}"
