"""A stand-alone script per finding of torch itself: it imports only torch and shows the fault again."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from reports.model import Report
from reports.render import wording
from reports.render.reproducer_routes import Route, route
from reports.render.templates import template
from reports.text import one_line, plain
from strategies.input_forms import WRAPPER

# The script runs the installed torch, so it can show the faults of torch's pass and those of its front ends;
# any other subject is run again by ``runtime-assert replay``.
SUBJECTS = {
    "torch": "its runtime-assert pass",
    "frontend": "its tracing (no pass is to blame)",
    "backend": "what compiles or runs the graph (no pass is to blame)",
}

# Which way of showing a fault (``templates/reproducer/show_*``) fits a property; for others the witness is run.
_SHOWN_BY = {
    "RA104": "branches",
    "RA105": "checks",
    "RA201": "outputs",
    "RA202": "malformed",
    "RA203": "metadata",
    "RA204": "bindings",
    "RA301": "twice",
    "RA302": "stages",
    "RA303": "stages",
    "RA304": "runs",
    "RA305": "shape_env",
    "RA401": "redundant",
    "RA402": "redundant",
    "RA403": "waits",
    "RA501": "message",
    "RA601": "devices",
    "RA602": "backend",
}
# Those that look at what happens after the pass, so that the front end has to go on to its end.
_WHOLE = ("stages",)
# What the detail of a finding says, and which of several ways of looking at asserts or messages it asks for.
_REDUNDANCIES = {"holds for all values": "tautology", "follows from": "implied"}
_UNHELPFUL = {
    "message is empty": "no message",
    "names no condition": "no condition",
    "not asserted": "wrong condition",
    "line of the check": "no line",
}
_ATTRIBUTES = ("deferred_runtime_asserts", "guards", "replacements", "var_to_range")


def files(report: Report) -> Iterator[tuple[str, str]]:
    """``findings/ID.py`` for every finding that the installed torch alone can show."""
    for finding in report.findings:
        if not why_no_script(finding.row):
            yield f"findings/{finding.id}.py", script(finding.row, report.environment.get("torch", "?"))


def why_no_script(row: Mapping[str, Any]) -> str:
    """Why no script with torch alone can show a finding, in one line; empty if one can."""
    subject = row["subject"]
    if subject not in SUBJECTS:
        return f"it is a finding of {one_line(subject, 60)}, which torch alone does not show"
    if not row["example_inputs"] and row.get("shrunk") is False:
        return "it was not shrunk, or ended the process that found it, so that its row holds no inputs"
    kind = _kind(row)
    if kind == "backend" and _compiler(row) is None:
        return "its row does not say which backend disagreed"
    if row["property"] == "RA701" and not _disagrees(row):
        return "it is a difference from the reference pass, which a script with torch alone does not have"
    if kind in ("witness", "outputs", "backend", "stages") and not _inputs(row):
        return "its row holds no input that shows it"
    if kind == "witness" and not _disagrees(row):
        return "on the input of its row the program and its graph agree"
    return ""


def _compiler(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """(backend, form) of a finding of RA602: what ran is a ``graph``, a ``callable``, a ``package`` or a ``module``."""
    for name, _ in wording.other_runs(row.get("witness") or {}):
        found = re.fullmatch(r"(eager|aot_eager|inductor|aot_inductor) (graph|callable|package|module)", name)
        if found:
            return found[1], found[2]
    return None


def script(row: Mapping[str, Any], torch: str) -> str:
    """The script for the ``finding`` row of a campaign on this version of torch."""
    kind = _kind(row)
    backend, form = (_compiler(row) if kind == "backend" else None) or ("", "")
    way = Route(row["frontend"]) if form == "callable" else route(row)
    source = plain(row["source"]).strip()
    signature = re.search(r"def forward\(([^)]*)\)", source)
    deferred, decomposed = way.frontend.endswith("+deferred"), way.frontend.endswith("+decompositions")
    witness = row.get("witness") or {}
    text = template("reproducer/script.py.j2").render(
        title=one_line(row["title"]),
        property=one_line(row["property"]),
        direction=one_line(row["direction"]),
        torch=one_line(torch),
        blamed=SUBJECTS[row["subject"]],
        frontend=way.frontend,
        base=way.frontend.partition("+")[0],
        deferred=deferred,
        decomposed=decomposed,
        goes_on=form in ("module", "package") or (kind in _WHOLE and way.frontend.startswith("export")),
        guessed=way.guessed,
        named=way.named,
        backend=backend,
        form=form,
        notes=[*way.notes, *_comment(row)],
        source=source,
        parameters=signature.group(1) if signature else "*inputs",
        example_inputs=row["example_inputs"],
        input_names=repr([str(name) for name in row.get("input_names", ())]),
        # Inputs that are numbers are called n0, n1, ...
        numbers=[name for name in row.get("input_names", ()) if name.startswith("n")],
        unbacked=repr([list(axes) for axes in row["unbacked"]]) if row.get("unbacked") else "",
        wrapped=any(one.startswith(f"{WRAPPER}(") for one in row["example_inputs"]),
        jagged=any(one.startswith("torch.nested.") for one in row["example_inputs"]),
        dynamic=repr([list(dims) for dims in row["dynamic"]]),
        witness_inputs=_inputs(row) if kind in ("witness", "outputs", "backend", "stages", "devices") else [],
        kind=kind,
        eager_accepts=_accepts(witness, "eager"),
        eager_by=witness.get("eager", {}).get("by", ""),
        after_accepts=_accepts(witness, "after"),
        redundancy=_said(row, _REDUNDANCIES, "guarded") if row["property"] == "RA401" else "guarded",
        unhelpful=_said(row, _UNHELPFUL, "no line"),
        attributes=repr(_changed(row)),
    )
    # Loops and conditions of the template leave runs of blank lines behind.
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip() + "\n"


def _kind(row: Mapping[str, Any]) -> str:
    """Which way of showing the fault fits it."""
    code = row["property"]
    if row["direction"] == "crash" and code not in ("RA301", "RA302", "RA303", "RA601"):
        return "crash"
    return _SHOWN_BY.get(code, "witness")


def _inputs(row: Mapping[str, Any]) -> list[str]:
    return (row.get("witness") or {}).get("inputs") or []


def _disagrees(row: Mapping[str, Any]) -> bool:
    """Whether the input of the row shows a difference between the program and the graph after the pass."""
    witness = row.get("witness") or {}
    eager, after = _accepts(witness, "eager"), _accepts(witness, "after")
    late = not eager and witness.get("after", {}).get("by") != "assert"
    return eager != after or late or row["property"] == "RA502"


def _said(row: Mapping[str, Any], table: Mapping[str, str], otherwise: str) -> str:
    detail = str(row.get("detail") or "")
    return next((value for words, value in table.items() if words in detail), otherwise)


def _changed(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The attributes of the ShapeEnv that the detail of a finding of RA305 names, each on a line of its own."""
    lines = str(row.get("detail") or "").split("\n")
    return tuple(line for line in lines if re.fullmatch(r"[A-Za-z_]\w*", line)) or _ATTRIBUTES


def _accepts(witness: Mapping[str, Any], run: str) -> bool:
    return witness.get(run, {}).get("outcome") == "accepted"


def _comment(row: Mapping[str, Any]) -> list[str]:
    parts = [f"Constraint: {row['constraint']}"] if row.get("constraint") else []
    parts += [f"Emitted: {one}" for one in row.get("emitted", [])]
    parts += plain(row.get("detail") or "").split("\n")
    return [line for part in parts for line in textwrap.wrap(one_line(part, 2000), 100)]
