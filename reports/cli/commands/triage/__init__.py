"""``runtime-assert triage``: what people do with findings; one file a command, as in the folder above."""

from __future__ import annotations

import importlib
import pkgutil

import click

from reports.cli.lazy import LazyGroup


class _Triage(LazyGroup):
    def module_names(self) -> list[str]:
        return sorted(info.name for info in pkgutil.iter_modules(__path__))

    def load(self, name: str) -> click.Command:
        return importlib.import_module(f"{__name__}.{name}").command


@click.command(cls=_Triage, name="triage")
def command() -> None:
    """List, replay, shrink, merge, accept, compare and report findings.

    RUN is the folder of a run, as audit and fuzz write it. ID is the id of a finding, the name of a bucket, or the
    beginning of either.
    """
