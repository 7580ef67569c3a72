"""Through which front end a stand-alone script goes, and how it tells torch about the sizes of the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.text import one_line
from strategies.program import Program, ProgramError
from strategies.semantics import all_inputs
from strategies.source import render_term
from strategies.terms import Apply, Const, Term, Var, variables

# Front ends that a script can go through, the more direct one first.
_PLAIN = ("make_fx", "export", "export-strict", "compile")
_ROUTES = (*_PLAIN, "export+named", *(f"{one}+deferred" for one in (*_PLAIN, "export+named")), "export+decompositions")
# What torch derives one named ``Dim`` from another by.
_DERIVED = ("add", "sub", "mul")


@dataclass(frozen=True, slots=True)
class Named:
    """The named ``Dim``s of a program: ``roots``, and (input, axis, expression) for each size that has a name."""

    roots: tuple[str, ...]
    sizes: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A front end, what has to be said of it, and whether nobody has seen that the fault shows there."""

    frontend: str
    notes: tuple[str, ...] = ()
    guessed: bool = False
    named: Named | None = None


def route(row: Mapping[str, Any]) -> Route:
    """The front end of the script of a finding: its own, or another one that shows the fault."""
    found = row["frontend"]
    if found in _ROUTES:
        named = _named(row) if "+named" in found else None
        if "+named" not in found or named is not None:
            return Route(found, _notes(found), named=named)
    likest = sorted(_ROUTES, key=lambda one: one.endswith("+deferred") != found.endswith("+deferred"))
    also = [one for one in likest if str(row.get("frontends", {}).get(one, "")).startswith("REFUTED")]
    for other in also:
        named = _named(row) if "+named" in other else None
        if "+named" not in other or named is not None:
            said = f"The finding was made through {one_line(found)}; {other} shows it as well."
            return Route(other, (said, *_notes(other)), named=named)
    said = (
        f"The finding was made through {one_line(found)}, which this script cannot do: there constraints are issued",
        f"without a program that torch traces. Through {_ROUTES[0]} the fault may not show; then the script cannot",
        "tell, and `runtime-assert replay` of the finding's JSON file is the way.",
    )
    return Route(_ROUTES[0], said, guessed=True)


def _notes(frontend: str) -> tuple[str, ...]:
    if not frontend.endswith("+decompositions"):
        return ()
    return ("The first call of the pass is torch's own, too; the finding was made behind one that is right.",)


def _named(row: Mapping[str, Any]) -> Named | None:
    """None if the program of the row cannot be read."""
    try:
        program = Program.from_json(row["program"])
        inputs = all_inputs(program)
    except (ProgramError, KeyError, ValueError):
        return None
    roots = tuple(f"d{index}" for index, size in enumerate(program.dims) if size > 1)
    sizes = tuple(
        (position, axis, render_term(size, {name: name for name in roots}))
        for position, item in enumerate(inputs)
        for axis, size in enumerate(item.shape)
        if not isinstance(size, Const) and variables(size) <= set(roots) and _derivable(size)
    )
    return Named(roots, sizes)


def _derivable(size: Term) -> bool:
    if isinstance(size, Apply):
        return size.op in _DERIVED and len(size.args) == 2 and all(map(_derivable, size.args))
    return isinstance(size, (Var, Const))
