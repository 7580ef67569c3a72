"""A stand-alone script per finding of torch itself: it imports only torch and shows the fault again."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from reports.model import Report
from reports.render import wording
from reports.render.templates import template
from reports.text import one_line, plain

# The script runs the installed torch, so it can show the faults of torch's pass and those of its front ends;
# any other subject is run again by ``runtime-assert replay``.
SUBJECTS = {
    "torch": "its runtime-assert pass",
    "frontend": "its tracing (no pass is to blame)",
    "backend": "what compiles or runs the graph (no pass is to blame)",
}

# Front ends that a short script can go through, the more direct one first.
_ROUTES = ("make_fx", "export", "export-strict", "make_fx+deferred", "export+deferred", "export-strict+deferred")
_ROUTES += ("export+decompositions",)


def files(report: Report) -> Iterator[tuple[str, str]]:
    """``findings/ID.py`` for every finding that the installed torch alone can show."""
    for finding in report.findings:
        if scriptable(finding.row):
            yield f"findings/{finding.id}.py", script(finding.row, report.environment.get("torch", "?"))


def scriptable(row: Mapping[str, Any]) -> bool:
    """Whether a script with torch alone can try to show a finding; one between two devices it cannot."""
    return row["subject"] in SUBJECTS and (row["subject"] != "backend" or _compiler(row) is not None)


def _compiler(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """(backend, form) of a finding of RA602: what was compiled is a ``graph``, a ``callable`` or a ``package``."""
    for name, _ in wording.other_runs(row.get("witness") or {}):
        found = re.fullmatch(r"(eager|aot_eager|inductor|aot_inductor) (graph|callable|package)", name)
        if found:
            return found[1], found[2]
    return None


def script(row: Mapping[str, Any], torch: str) -> str:
    """The script for the ``finding`` row of a campaign on this version of torch."""
    backend, form = (_compiler(row) if row["subject"] == "backend" else None) or ("", "")
    frontend, notes = _route(row, form)
    witness = row.get("witness") or {}
    source = plain(row["source"]).strip()
    signature = re.search(r"def forward\(([^)]*)\)", source)
    text = template("reproducer.py.j2").render(
        title=one_line(row["title"]),
        property=one_line(row["property"]),
        direction=one_line(row["direction"]),
        torch=one_line(torch),
        blamed=SUBJECTS[row["subject"]],
        frontend=frontend,
        base=frontend.partition("+")[0],
        deferred=frontend.endswith("+deferred"),
        decomposed=frontend.endswith("+decompositions"),
        backend=backend,
        form=form,
        notes=[*notes, *_comment(row)],
        source=source,
        parameters=signature.group(1) if signature else "*inputs",
        example_inputs=row["example_inputs"],
        # Inputs that are numbers are called n0, n1, ...
        numbers=[name for name in row.get("input_names", ()) if name.startswith("n")],
        unbacked=repr([list(axes) for axes in row["unbacked"]]) if row.get("unbacked") else "",
        dynamic=repr([list(dims) for dims in row["dynamic"]]),
        witness_inputs=witness.get("inputs", []),
        kind=_kind(row),
        eager_accepts=_accepts(witness, "eager"),
        after_accepts=_accepts(witness, "after"),
    )
    # Loops and conditions of the template leave runs of blank lines behind.
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip() + "\n"


def _kind(row: Mapping[str, Any]) -> str:
    """Which way of showing the fault fits it."""
    if row["subject"] == "backend":
        return "backend"
    if row["direction"] == "crash":
        return "crash"
    fixed = {"RA305": "shape_env", "RA301": "twice"}.get(row["property"])
    if fixed:
        return fixed
    witness = row.get("witness")
    if not witness or not witness.get("inputs"):
        return "show"
    if _accepts(witness, "eager") and _accepts(witness, "after"):
        return "outputs" if row["property"] == "RA201" else "show"
    return "witness"


def _accepts(witness: Mapping[str, Any], run: str) -> bool:
    return witness.get(run, {}).get("outcome") == "accepted"


def _route(row: Mapping[str, Any], form: str = "") -> tuple[str, list[str]]:
    """The front end of the script, and what has to be said if it is not the one of the finding."""
    found = row["frontend"]
    if form == "callable":
        return found, []
    if found.endswith("+decompositions"):
        return found, ["The first call of the pass is torch's own, too; the finding was made behind one that is right."]
    if found in _ROUTES:
        return found, []
    likest = sorted(_ROUTES, key=lambda one: one.endswith("+deferred") != found.endswith("+deferred"))
    also = [one for one in likest if str(row.get("frontends", {}).get(one, "")).startswith("REFUTED")]
    if also:
        return also[0], [f"The finding was made through {one_line(found)}; {also[0]} shows it as well."]
    return _ROUTES[0], [
        f"The finding was made through {one_line(found)}, which this script cannot do. Through {_ROUTES[0]}",
        "the fault may not show; then `runtime-assert replay` of the finding's JSON file is the way.",
    ]


def _comment(row: Mapping[str, Any]) -> list[str]:
    parts = [f"Constraint: {row['constraint']}"] if row.get("constraint") else []
    parts += [f"Emitted: {one}" for one in row.get("emitted", [])]
    parts += plain(row.get("detail") or "").split("\n")
    return [line for part in parts for line in textwrap.wrap(one_line(part, 2000), 100)]
