"""``index.html``: one self-contained page, without scripts and without anything from the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from markupsafe import Markup

from reports.model import Report
from reports.render import charts, wording
from reports.render.card import card
from reports.render.templates import template
from reports.status import MEANING, ExitStatus
from reports.text import clipped, ranges

_TONE = {ExitStatus.CLEAN: "good", ExitStatus.NEW_FINDINGS: "bad"}
_DOUBTS = {"not_captured": "NOT_CAPTURED", "undecided": "UNDECIDED", "vacuous": "VACUOUS"}


def files(report: Report) -> Iterator[tuple[str, str]]:
    """``index.html``."""
    yield "index.html", page(report)


def page(report: Report) -> str:
    """The whole page; everything in it that is not ours is escaped."""
    torch = report.environment.get("torch", "?")
    times, time_legend = charts.times(report)
    return template("page.html.j2").render(
        title=f"{MEANING[report.status]}: audit of the runtime-assert pass, torch {torch}",
        style=_style(),
        subtitle=f"{report.programs:,} generated programs, seed {report.plan['seed']}, torch {torch}, "
        f"{report.seconds:.0f} seconds",
        tone=_TONE.get(report.status, "warn"),
        verdict=MEANING[report.status].capitalize(),
        reasons=[text for _, text in report.reasons],
        columns=wording.COLUMNS,
        subjects=[(subject, wording.cells(totals)) for subject, totals in report.subjects.items()],
        new=[card(finding) for finding in report.new],
        known=[card(finding) for finding in report.known],
        unseen=report.unseen,
        outcome_legend=charts.OUTCOME_LEGEND,
        matrix=charts.matrix(report),
        invalid=_drawn(report),
        doubts=list(_doubts(report)),
        constructs=charts.constructs(report),
        programs=f"{report.programs:,}",
        times=times,
        time_legend=time_legend,
        environment=list(_environment(report)),
        tool_errors=[(line, row["where"], clipped(row["text"], 30)) for line, row in report.tool_errors[:50]],
        log_lines=f"{len(report.rows):,}",
    )


def _style() -> Markup:
    """Our own style sheet, the one text that goes into the page as it is."""
    return Markup(resources.files("reports.render.templates").joinpath("style.css").read_text("utf-8"))


def _drawn(report: Report) -> str:
    invalid = sum(cell.invalid for cell in report.cells)
    share = f" ({invalid / report.programs:.1%})" if report.programs else ""
    return f"{report.programs:,} programs drawn, {invalid:,} of them invalid in eager{share}."


def _doubts(report: Report) -> Iterator[dict[str, str]]:
    for subject, totals in report.subjects.items():
        for field, outcome in _DOUBTS.items():
            for reason, count in getattr(totals, field).items():
                yield {"subject": subject, "outcome": outcome, "reason": reason, "count": f"{count:,}"}


def _environment(report: Report) -> Iterator[tuple[str, str]]:
    yield from ((name, str(value)) for name, value in report.environment.items())
    plan: Mapping[str, Any] = report.plan
    yield "properties", ", ".join(plan["properties"])
    yield "seed", str(plan["seed"])
    yield "workers", str(plan["jobs"])
    for cell in report.cells:
        what = f"{cell.programs:,} of {cell.planned:,} programs, profile {cell.profile}, {cell.device}"
        where = f", lines {ranges(cell.lines)} of log.jsonl" if cell.lines else ", not run"
        yield f"cell {cell.index}: {cell.frontend}", what + where
