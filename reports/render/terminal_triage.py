"""What the triage commands print: lists of buckets, one finding, two runs side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reports.grouping import Finding
from reports.model import Report
from reports.render import wording
from reports.render.machine import brief
from reports.render.terminal import evidence, printed
from reports.text import one_line, plain, plural
from reports.triage.diff import Change, Diff
from reports.triage.select import Selected


def print_list(report: Report, findings: Sequence[Finding]) -> None:
    """The buckets by coarse cause, and what is wrong with the known list."""
    parts: list[RenderableType] = []
    for cause, group in groupby(sorted(findings, key=_cause), key=_cause):
        parts.append(Text(one_line(": ".join(part for part in cause[1:] if part), 200), style="bold"))
        parts += [_line(finding) for finding in group]
    if not findings:
        parts.append(Text("no finding"))
    for title, entries in (("no longer reproduce", report.unseen), ("have expired", report.expired)):
        if entries:
            parts.append(Text(f"\nKnown entries that {title}", style="bold"))
            parts += [Text(f"  {one_line(entry.id)}: {one_line(entry.title)}") for entry in entries]
    printed(parts)


def print_finding(found: Selected) -> None:
    """A finding with its evidence, its bucket and how to see it again."""
    row, finding = found.row, found.finding
    parts: list[RenderableType] = [
        Text(f"{one_line(row['subject'])}, traced by {one_line(row['frontend'])}", style="bold"),
        Text(plain(row["source"]).rstrip()),
        Text(""),
        *evidence(row),
        Text(""),
        *_facts(found),
        Text(f"  {'again':<14}{wording.replay_command(finding.id)}"),
    ]
    printed(parts)


def print_diff(result: Diff, before: Report, after: Report) -> None:
    """New, fixed and remaining causes, and what cannot be told."""
    titles = [f"torch {one_line(report.environment.get('torch', '?'), 40)}" for report in (before, after)]
    parts: list[RenderableType] = [Text(f"A: {titles[0]}, B: {titles[1]}", style="bold")]
    for name, changes, style in (
        ("new in B", result.new, "red"),
        ("fixed in B", result.fixed, "green"),
        ("still there", result.still, ""),
        ("not looked for in B", result.not_looked, "yellow"),
    ):
        parts.append(Text(f"\n{name}: {len(changes)}", style=f"bold {style}".strip()))
        parts += [_change(change) for change in changes]
    if not result.complete:
        parts.append(Text("\none of the runs did not finish, so that what seems fixed may not be", style="yellow"))
    printed(parts)


def diff_json(result: Diff) -> dict[str, Any]:
    """The same for machines."""
    lists = {"new": result.new, "fixed": result.fixed, "still": result.still, "not_looked": result.not_looked}
    found: dict[str, Any] = {
        name: [
            {side: None if one is None else brief(one) for side, one in (("a", change.before), ("b", change.after))}
            for change in changes
        ]
        for name, changes in lists.items()
    }
    return {**found, "complete": result.complete, "status": int(result.status)}


def _cause(finding: Finding) -> tuple[str, ...]:
    """The coarse level of the signature, new ones first."""
    row = finding.row
    return ("0" if finding.new else "1", row["subject"], f"{row['property']} {row['direction']}", str(row.get("cause", "")))  # fmt: skip  # noqa: E501


def _line(finding: Finding) -> Text:
    row = finding.row
    state = "new" if finding.new else f"known as {finding.known.id}" if finding.known else ""
    if finding.expired and finding.known:
        state = f"new: {finding.known.id} has expired"
    more = f", {len(finding.others) + 1} findings" if finding.others else ""
    text = f"  {row['id']}  {one_line(finding.bucket, 40)}  {one_line(row['constraint'] or row['signature'], 120)}"
    return Text(f"{text}  ({plural(finding.hits, 'program')}{more}; {one_line(state)})", style="red" if finding.new else "")  # fmt: skip  # noqa: E501


def _facts(found: Selected) -> Iterable[Text]:
    row, finding = found.row, found.finding
    facts = {
        "bucket": finding.bucket,
        "cause": row.get("cause", ""),
        "signature": row["signature"],
        "programs": f"{finding.hits:,}",
        "known as": f"{finding.known.id} ({finding.known.url})" if finding.known else "",
        "front ends": ", ".join(f"{name} {text}" for name, text in row.get("frontends", {}).items()),
        "others": ", ".join(other["id"] for _, other in finding.others[:12]),
        "log line": str(found.line),
    }
    return [Text(f"  {name:<14}{one_line(value, 400)}") for name, value in facts.items() if value]


def _change(change: Change) -> Text:
    finding = change.finding
    row = finding.row
    counts = [f"{one.hits:,}" if one else "none" for one in (change.before, change.after)]
    what = one_line(row["constraint"] or row["signature"], 120)
    head = f"  {row['id']}  {one_line(row['property'])} {one_line(row['direction'])}, {one_line(row['subject'], 60)}"
    return Text(f"{head}: {what}  (programs: {counts[0]} in A, {counts[1]} in B; {wording.label(finding)})")
