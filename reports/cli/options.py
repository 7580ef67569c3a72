"""The options that several commands share, and the values that they take."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Jobs(click.ParamType):
    """A number of worker processes, or ``auto`` for one per core."""

    name = "auto|N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "auto":
            return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        try:
            number = int(str(value))
        except ValueError:
            number = 0
        if not 1 <= number <= 1024:
            self.fail(f"{value!r} (allowed: auto, or a number from 1 to 1024)", param, ctx)
        return number


class Part(click.ParamType):
    """One of several parts of a plan, ``i/n``."""

    name = "i/n"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        first, slash, parts = str(value).partition("/")
        if slash and first.isdecimal() and parts.isdecimal() and 1 <= int(first) <= int(parts) <= 10_000:
            return int(first), int(parts)
        return self.fail(f"{value!r} (allowed: i/n with 1 <= i <= n, such as 2/8)", param, ctx)


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator, listed in this order."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_SUBJECT = "reference, torch, identity, mutant:NAME, package.module:callable or file.py:callable. Repeatable."
_FRONTENDS = "How programs are traced; besides these: export-strict, compile and variants, or all. Repeatable."

SECOND_OPINION = click.option(
    "--second-opinion",
    is_flag=True,
    help="Let a second solver, cvc5, confirm every answer of the first; a disagreement is an error of this tool.",
)


def check_second_opinion(wanted: bool) -> None:
    """Whether what ``--second-opinion`` needs is there; nothing is imported.

    Raises:
        click.UsageError: if it is wanted and cvc5 is not installed.
    """
    if wanted and importlib.util.find_spec("cvc5") is None:
        raise click.UsageError("--second-opinion: cvc5 is not installed (pip install -e '.[cvc5]')")


what = together(
    click.option(
        "--subject",
        "subjects",
        multiple=True,
        metavar="NAME",
        default=("reference", "torch"),
        show_default="reference and torch",
        help=f"Pass to check: {_SUBJECT}",
    ),
    click.option(
        "--frontend",
        "frontends",
        multiple=True,
        metavar="NAME",
        show_default="shape_env, make_fx and export",
        default=(),
        help=_FRONTENDS,
    ),
    click.option(
        "--property",
        "codes",
        multiple=True,
        metavar="CODE",
        show_default="all",
        default=(),
        help="Property to check, see the command explain. Repeatable.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**63 - 1),
        default=0,
        show_default=True,
        help="Same seed, same versions: same findings.",
    ),
)
"""What is checked: subjects, front ends, properties, seed."""

execution = together(
    click.option(
        "--device",
        default="cpu",
        show_default=True,
        metavar="NAME",
        help="Device of the programs: cpu, cuda or cuda:N.",
    ),
    click.option(
        "--backend",
        "backends",
        multiple=True,
        metavar="NAME",
        default=(),
        show_default="aot_eager",
        help="What a share of the programs is compiled with: aot_eager, inductor, aot_inductor, or eager (as it "
        "is, with the guards of the inputs). Repeatable.",
    ),
    click.option(
        "--backend-share",
        type=float,
        default=None,
        show_default="0.005",
        metavar="SHARE",
        help="Of how many of the programs, from 0 to 1.",
    ),
)
"""What runs the programs: a device, and compilers behind the pass."""

how = together(
    click.option("--jobs", type=Jobs(), default="auto", show_default=True, help="Worker processes."),
    click.option(
        "--timeout",
        type=click.FloatRange(0.1, 86_400),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="Time for one program, after which its worker is ended and replaced; three times that on the second try.",
    ),
    click.option(
        "--memory",
        type=click.IntRange(0, 1 << 24),
        default=4096,
        show_default=True,
        metavar="MIB",
        help="Memory for a worker beyond what it starts with; 0 for no limit.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="Where the workers are: on this machine, or on a Ray cluster.",
    ),
    click.option("--address", default=None, metavar="HOST:PORT", help="The Ray cluster, for --engine ray."),
    click.option(
        "--shard",
        "part",
        type=Part(),
        default=None,
        help="Do only the i-th of n parts of the plan; compare --merge joins them.",
    ),
    click.option(
        "--resume",
        type=click.Path(path_type=Path),
        default=None,
        metavar="DIR",
        help="Go on with the run in DIR where it was cut off.",
    ),
)
"""How it is done: workers, limits, engine, parts, resuming."""


def where(default: str) -> Decorator:
    """Where the report goes, and what is listed as known."""
    return together(
        click.option(
            "--output",
            "target",
            type=click.Path(path_type=Path),
            default=Path(default),
            show_default=True,
            help="Folder for the report.",
        ),
        click.option(
            "--store",
            type=click.Path(path_type=Path),
            default=None,
            show_default="store.sqlite in the folder",
            metavar="FILE",
            help="Store of many runs, for trends.",
        ),
        click.option(
            "--known",
            "known_file",
            type=click.Path(path_type=Path),
            default=None,
            help="Known findings, besides the shipped ones.",
        ),
        click.option("--json", "machine", is_flag=True, help="Print the content of run.json instead of the table."),
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The values of the options of :func:`run`."""

    subjects: tuple[str, ...]
    frontends: tuple[str, ...]
    codes: tuple[str, ...]
    seed: int
    device: str
    backends: tuple[str, ...]
    backend_share: float | None
    jobs: int
    timeout: float
    memory: int
    engine: str
    address: str | None
    part: tuple[int, int] | None
    resume: Path | None
    target: Path
    store: Path | None
    known_file: Path | None
    machine: bool


def run(default: str, *first: Decorator) -> Decorator:
    """The options of a command that runs a campaign whose report goes to ``default``, with its own ``first``.

    The command is called with the context, :class:`Chosen`, and its own options by name.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(ctx: click.Context, **values: Any) -> Any:
            chosen = Chosen(**{field.name: values.pop(field.name) for field in fields(Chosen)})
            return function(ctx, chosen, **values)

        return together(*first, what, execution, how, where(default))(click.pass_context(command))

    return decorate
