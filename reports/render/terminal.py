"""The terminal: the table of subjects, the findings and the verdict. Foreign text is never read as markup."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from reports.model import Finding, Report
from reports.pipe import until_closed
from reports.render import wording
from reports.status import ExitStatus
from reports.text import one_line, plain, plural

# A pipe has no width of its own; this one holds the table.
_PIPE_WIDTH = 120
_NARROW = 100


def print_report(report: Report, folder: Path) -> None:
    """Prints ``report``, whose files are in ``folder``, to stdout."""
    printed(report_parts(report, folder, narrow=_width() < _NARROW))


def print_replay(row: Mapping[str, Any]) -> None:
    """Prints what running a case again gave, to stdout."""
    printed(replay_parts(row))


def _width() -> int:
    return Console().width if sys.stdout.isatty() else _PIPE_WIDTH


def printed(parts: Iterable[RenderableType]) -> None:
    """Prints ``parts`` to stdout, as wide as the terminal is."""
    console = _Console(width=_width(), highlight=False, emoji=False, markup=False)
    with until_closed():
        for part in parts:
            # Sentences are left for the terminal to wrap, so that a line can be searched for and copied.
            console.print(part, soft_wrap=isinstance(part, Text))


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Rich would end the process with 1, which stands for new findings.
        raise BrokenPipeError


def report_parts(report: Report, folder: Path, *, narrow: bool) -> list[RenderableType]:
    """Subjects, findings, where the files are, and the verdict on the last line."""
    parts: list[RenderableType] = _narrow(report) if narrow else [_wide(report)]
    for title, findings in (("New findings", report.new), ("Known findings", report.known)):
        if findings:
            parts.append(Text(f"\n{title}", style="bold"))
            parts += [line for finding in findings for line in _listed(finding)]
    if report.gates:
        parts.append(Text("\nWhat else was checked", style="bold"))
        parts += [_gate(gate) for _, gate in report.gates]
    if report.expired:
        parts.append(Text("\nKnown entries that have expired", style="bold"))
        parts += [_indented(f"{entry.id}, on {entry.expires}: {entry.title}") for entry in report.expired]
    if report.unseen:
        parts.append(Text("\nKnown entries that no longer reproduce", style="bold"))
        parts += [_indented(f"{entry.id}: {entry.title}") for entry in report.unseen]
    if report.not_run:
        parts.append(Text("\nNot run", style="bold"))
        parts += [_indented(f"{text} ({plural(count, 'program')})") for text, count in report.not_run.items()]
    if report.tool_errors:
        parts.append(Text("\nErrors of this tool", style="bold"))
        parts += [_indented(f"{row['where']}: {row['text']}") for _, row in report.tool_errors[:5]]
        if len(report.tool_errors) > 5:
            parts.append(_indented(f"and {len(report.tool_errors) - 5} more in run.json"))
    style = {ExitStatus.CLEAN: "bold green", ExitStatus.NEW_FINDINGS: "bold red"}.get(report.status, "bold yellow")
    parts.append(Text(f"\nreport: {plain(folder)}/index.html"))
    parts.append(Text(f"verdict: {wording.headline(report)} (exit status {int(report.status)})", style=style))
    return parts


def _gate(gate: Mapping[str, Any]) -> Text:
    why = "; ".join([*map(str, gate.get("failed", []))][:8]) or gate.get("why") or ""
    style = {"passed": "green", "failed": "red"}.get(gate["outcome"], "yellow")
    return _indented(f"{gate['part']}: {gate['outcome']}{f' ({why})' if why else ''}", style=style)


def _wide(report: Report) -> Table:
    table = Table(title=_title(report), title_justify="left", title_style="bold")
    table.add_column("subject", overflow="fold")
    for name in wording.COLUMNS:
        table.add_column(name, justify="right", max_width=24)
    for subject, totals in report.subjects.items():
        cells = wording.cells(totals, wording.on_lines)
        table.add_row(Text(one_line(subject)), *(Text(cell) for cell in cells))
    return table


def _narrow(report: Report) -> list[RenderableType]:
    """One block per subject, for terminals that are too narrow for the table."""
    parts: list[RenderableType] = [Text(_title(report), style="bold")]
    for subject, totals in report.subjects.items():
        parts.append(Text(one_line(subject), style="bold"))
        grid = Table.grid(padding=(0, 2))
        for name, cell in zip(wording.COLUMNS, wording.cells(totals, wording.on_lines), strict=True):
            grid.add_row(Text(f"  {name}"), Text(cell))
        parts.append(grid)
    return parts


def _title(report: Report) -> str:
    torch = one_line(report.environment.get("torch", "?"), 40)
    return f"{report.programs:,} programs, seed {report.plan['seed']}, torch {torch}, {report.seconds:.0f} s"


def _listed(finding: Finding) -> list[Text]:
    row = finding.row
    head = f"{finding.id}  {row['property']} {row['direction']}, {row['subject']}: {row['title']}"
    about = f"{row['constraint'] or row['signature']}  ({plural(finding.hits, 'program')}"
    about += f"; known as {finding.known.id}: {finding.known.url})" if finding.known else ")"
    style = "red" if finding.new else ""
    return [_indented(head, style=style), _indented(about, indent=12, style="dim")]


def _indented(text: object, *, indent: int = 2, style: str = "") -> Text:
    return Text(" " * indent + one_line(text, 2000), style=style)


def replay_parts(row: Mapping[str, Any]) -> list[RenderableType]:
    """The program, what each property says about it, and each fault with its evidence."""
    parts: list[RenderableType] = [
        Text(f"{one_line(row['subject'])}, traced by {one_line(row['frontend'])}", style="bold"),
        Text(plain(row["source"]).rstrip()),
        Text(""),
    ]
    if row["refusal"]:
        parts.append(Text(f"not captured: {one_line(row['refusal'])}"))
    parts += [Text(f"{one_line(code)}  {one_line(verdict)}") for code, verdict in row["verdicts"].items()]
    parts += [Text(f"error of this tool: {one_line(error)}", style="yellow") for error in row["errors"]]
    for finding in row["findings"]:
        parts += [Text(""), *evidence(finding)]
    return parts


def evidence(row: Mapping[str, Any]) -> list[RenderableType]:
    """What a ``finding`` row shows: constraint, required, emitted, the input and what it did."""
    parts: list[RenderableType] = [
        Text(
            f"{one_line(row['property'])} {one_line(row['direction'])}: {one_line(row['title'])}",
            style="bold red",
        )
    ]
    if row["constraint"]:
        parts.append(_pair("constraint", row["constraint"]))
    parts.append(_pair("required", "; ".join(row["required"]) or "nothing"))
    parts.append(_pair("emitted", "; ".join(row["emitted"]) or "nothing"))
    witness = row["witness"]
    if witness:
        pairs = wording.inputs(row, witness["inputs"])
        parts.append(_pair("input", ", ".join(f"{name} = {text}" for name, text in pairs)))
        runs = (("eager", "eager"), ("before", "graph before"), ("after", "graph after"))
        parts += [_pair(title, wording.ran(witness[name])) for name, title in runs]
        parts += [_pair(one_line(name, 60), wording.ran(one)) for name, one in wording.other_runs(witness)]
    if row["detail"]:
        parts += [
            Text("  detail"),
            *(_indented(line, indent=4) for line in plain(row["detail"]).splitlines()),
        ]
    return parts


def _pair(name: str, text: object) -> Text:
    return Text(f"  {name:<12}  {one_line(text, 2000)}")
