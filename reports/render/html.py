"""``index.html``: one self-contained page, without scripts and without anything from the network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from markupsafe import Markup

from reports.grouping import Finding
from reports.model import Report
from reports.render import charts, wording
from reports.render.card import card
from reports.render.gaps import gaps
from reports.render.oracle import oracle, recalled
from reports.render.support import support_map
from reports.render.templates import template
from reports.render.trends import trends
from reports.status import MEANING, ExitStatus
from reports.text import clipped, one_line, plural, ranges

_TONE = {ExitStatus.CLEAN: "good", ExitStatus.NEW_FINDINGS: "bad"}
_DOUBTS = {"not_captured": "NOT_CAPTURED", "undecided": "UNDECIDED", "vacuous": "VACUOUS"}
_GATE_TONE = {"passed": "good", "failed": "bad"}

# So many new findings stand open on the page; the others unfold. Behind _CARDS of a kind the page only counts.
_UNFOLDED = 12
_CARDS = 400
_ERRORS = 50


def files(report: Report) -> Iterator[tuple[str, str]]:
    """``index.html``."""
    yield "index.html", page(report)


def page(report: Report) -> str:
    """The whole page; everything in it that is not ours is escaped."""
    times, time_legend = charts.times(report)
    torch = report.environment.get("torch", "?")
    new, known = _cards(report.new, 0), _cards(report.known, len(report.new))
    missing = gaps(report)
    return template("page.html.j2").render(
        title=f"{MEANING[report.status]}: {wording.heading(report)}, torch {torch}",
        heading=wording.heading(report),
        style=_style(),
        subtitle=_subtitle(report),
        tone=_TONE.get(report.status, "warn"),
        verdict=MEANING[report.status].capitalize(),
        status=int(report.status),
        reasons=[text for _, text in report.reasons],
        tiles=list(_tiles(report)),
        shard_lines=ranges(line for cell in report.cells for line in cell.lines) or "none",
        columns=wording.COLUMNS,
        subjects=[(subject, wording.cells(totals)) for subject, totals in report.subjects.items()],
        gates=[_gate(line, row) for line, row in report.gates],
        new=new,
        known=known,
        new_count=f"{len(report.new):,}",
        known_count=f"{len(report.known):,}",
        new_left=len(report.new) - len(new),
        known_left=len(report.known) - len(known),
        unfolded=_UNFOLDED,
        unseen=report.unseen,
        expired=report.expired,
        outcome_legend=charts.OUTCOME_LEGEND,
        matrix=charts.matrix(report),
        invalid=_drawn(report),
        gaps=missing,
        not_run_count=plural(len(missing), "part"),
        not_run_one=len(missing) == 1,
        doubts=_doubts(report),
        support=support_map(report),
        constructs=charts.constructs(report),
        programs=f"{report.programs:,}",
        trends=trends(report),
        oracle=oracle(report),
        recalled=recalled(report),
        times=times,
        time_legend=time_legend,
        environment=list(_environment(report)),
        signed_on=f"torch {torch}",
        tool_errors=[(line, row["where"], clipped(row["text"], 30)) for line, row in report.tool_errors[:_ERRORS]],
        tool_errors_left=max(0, len(report.tool_errors) - _ERRORS),
        log_lines=f"{len(report.rows):,}",
    )


def _cards(findings: Sequence[Finding], before: int) -> list[dict[str, Any]]:
    return [card(finding, before + place) for place, finding in enumerate(findings[:_CARDS])]


def _style() -> Markup:
    """Our own style sheet, the one text that goes into the page as it is."""
    return Markup(resources.files("reports.render.templates").joinpath("style.css").read_text("utf-8"))


def _subtitle(report: Report) -> str:
    parts = [f"{report.programs:,} generated programs", f"seed {report.plan['seed']}"]
    parts.append(f"torch {report.environment.get('torch', '?')}")
    if report.started:
        parts.append(f"begun {report.started[:16].replace('T', ' ')} UTC")
    return ", ".join([*parts, f"{report.seconds:,.0f} seconds"])


def _tiles(report: Report) -> Iterator[tuple[str, str, str]]:
    """(name, value, tone) of the figures that are read first; all are sums over the table below them."""
    whole = sum(totals.programs for totals in report.subjects.values())
    decided = sum(totals.decided for totals in report.subjects.values())
    undecided = sum(totals.count("undecided") for totals in report.subjects.values())
    yield "programs", f"{report.programs:,}", ""
    yield "verdicts decided", f"{decided / whole:.1%}" if whole else "none", ""
    yield "undecided", f"{undecided:,}", "warn" if undecided else "good"
    yield "new findings", f"{len(report.new):,}", "bad" if report.new else "good"
    yield "known findings", f"{len(report.known):,}", ""
    yield "errors of this tool", f"{len(report.tool_errors):,}", "bad" if report.tool_errors else "good"


def _gate(line: int, row: Mapping[str, Any]) -> dict[str, str]:
    failed = [one_line(text, 120) for text in row.get("failed", [])]
    more = [f"and {len(failed) - 8} more"] if len(failed) > 8 else []
    return {
        "part": one_line(row["part"]),
        "outcome": one_line(row["outcome"]),
        "tone": _GATE_TONE.get(row["outcome"], "warn"),
        "count": f"{row.get('count', 0):,}",
        "remarks": "; ".join([*failed[:8], *more]) or one_line(row.get("why") or ""),
        "line": str(line),
    }


def _drawn(report: Report) -> str:
    invalid = sum(cell.invalid for cell in report.cells)
    share = f" ({invalid / report.programs:.1%})" if report.programs else ""
    return f"{report.programs:,} programs drawn, {invalid:,} of them invalid in eager{share}."


def _doubts(report: Report) -> list[dict[str, str]]:
    """One row for each outcome and reason; most reasons befall every subject alike."""
    counts: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for subject, totals in report.subjects.items():
        for field, outcome in _DOUBTS.items():
            for reason, count in getattr(totals, field).items():
                counts[outcome, reason][subject] = count
    return [
        {
            "outcome": outcome,
            "reason": one_line(reason),
            "subjects": "all" if len(by_subject) == len(report.subjects) > 1 else ", ".join(by_subject),
            "count": f"{max(by_subject.values()):,}",
        }
        for (outcome, reason), by_subject in sorted(
            counts.items(), key=lambda item: (item[0][0], -max(item[1].values()), item[0][1])
        )
    ]


def _environment(report: Report) -> Iterator[tuple[str, str]]:
    yield from ((name, str(value)) for name, value in report.environment.items())
    plan: Mapping[str, Any] = report.plan
    yield "properties", ", ".join(plan["properties"])
    yield "seed", str(plan["seed"])
    for cell in report.cells:
        what = f"{cell.programs:,} of {cell.planned:,} programs, profile {cell.profile}, {cell.device}"
        where = f", lines {ranges(cell.lines)} of log.jsonl" if cell.lines else ", not run"
        yield f"cell {cell.index}: {cell.frontend}", what + where
