"""``summary.md``: the short form, for a pull request or a job's summary page."""

from __future__ import annotations

from collections.abc import Iterator

from reports.model import Finding, Report
from reports.render import wording
from reports.render.gaps import gaps
from reports.text import clipped, markdown, markdown_block, markdown_code, plural

# A summary that is longer than this is no summary; the rest stands on the page.
_SHOWN = 20
_LINES = 40


def files(report: Report) -> Iterator[tuple[str, str]]:
    """``summary.md``."""
    yield "summary.md", summary(report)


def summary(report: Report) -> str:
    """Verdict, new findings, subjects and known findings, in this order."""
    parts = [f"# {report.command.capitalize()}: {markdown(wording.headline(report))}"]
    torch = markdown(report.environment.get("torch", "?"))
    parts.append(
        f"{report.programs:,} programs, seed {report.plan['seed']}, torch {torch}, {report.seconds:.0f} s. "
        "Everything else is in `index.html`; every figure is a sum over rows of `log.jsonl`."
    )
    if report.new:
        parts.append("## New findings")
        parts += [_finding(finding) for finding in report.new[:_SHOWN]]
        if len(report.new) > _SHOWN:
            parts.append(f"{len(report.new) - _SHOWN} more are in `findings.jsonl`.")
    parts += ["## Subjects", _subjects(report)]
    if report.gates:
        parts += ["## What else was checked", _gates(report)]
    if report.known:
        parts += ["## Known findings", _known(report)]
    missing = gaps(report)
    if missing:
        parts.append("## Not run")
        parts.append("\n".join(f"- {markdown(what)}: {markdown(why)}" for what, why, _ in missing[:_SHOWN]))
    if report.expired:
        parts.append("## Known entries that have expired")
        parts.append(
            "\n".join(f"- {markdown(one.id)}, on {one.expires}: {markdown(one.title)}" for one in report.expired)
        )
    if report.unseen:
        parts.append("## Known entries that no longer reproduce")
        parts.append("\n".join(f"- {markdown(entry.id)}: {markdown(entry.title)}" for entry in report.unseen))
    if report.tool_errors:
        parts.append("## Errors of this tool")
        parts.append("\n".join(
            f"- {markdown(row['where'])}: {markdown(row['text'])}" for _, row in report.tool_errors[:_SHOWN]
        ))  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _finding(finding: Finding) -> str:
    row = finding.row
    lines = [
        f"### {markdown(row['property'])} {markdown(row['direction'])}, {markdown(row['subject'])}: "
        f"{markdown(row['title'])} ({finding.id}, {wording.label(finding)})",
        markdown_block(clipped(row["source"].rstrip(), _LINES), "python"),
    ]
    facts = [f"constraint: {markdown_code(row['constraint'])}"] if row["constraint"] else []
    facts.append("emitted: " + (", ".join(markdown_code(one) for one in row["emitted"]) or "nothing"))
    witness = row["witness"]
    if witness:
        pairs = wording.inputs(row, witness["inputs"])
        facts.append("input: " + ", ".join(markdown_code(f"{name} = {text}") for name, text in pairs))
        facts.append(f"eager {markdown(wording.ran(witness['eager']))}")
        facts.append(f"the graph {markdown(wording.ran(witness['after']))}")
    facts.append(
        f"seen in {plural(finding.hits, 'program')}; again: {markdown_code(wording.replay_command(finding.id))}"
    )
    return "\n\n".join([*lines, "\n".join(f"- {fact}" for fact in facts)])


def _subjects(report: Report) -> str:
    rows = [("subject", *wording.COLUMNS), ("---", *("---:" for _ in wording.COLUMNS))]
    rows += [
        (markdown(subject), *(markdown(cell) for cell in wording.cells(totals)))
        for subject, totals in report.subjects.items()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _gates(report: Report) -> str:
    lines = []
    for _, gate in report.gates:
        why = "; ".join([*map(str, gate.get("failed", []))][:8]) or str(gate.get("why") or "")
        lines.append(f"- {markdown(gate['part'])}: {markdown(gate['outcome'])}{f' ({markdown(why)})' if why else ''}")
    return "\n".join(lines)


def _known(report: Report) -> str:
    lines = []
    for finding in report.known[:_SHOWN]:
        known = finding.known
        about = f" {markdown(known.title)} (<{known.url}>)" if known else ""
        lines.append(f"- {finding.id} {markdown(finding.row['signature'])}: {plural(finding.hits, 'program')}.{about}")
    if len(report.known) > _SHOWN:
        lines.append(f"- and {len(report.known) - _SHOWN} more")
    return "\n".join(lines)
