"""What a run did not look at, and why: what is not run is never a pass, so it is said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from reports.model import Report
from reports.text import one_line, plural, ranges


def gaps(report: Report) -> list[tuple[str, str, str]]:
    """(what, why, lines of the log) of everything that a reader could take for covered and is not."""
    return [*_gates(report), *_not_run(report), *_cells(report), *_choices(report)]


def _gates(report: Report) -> Iterator[tuple[str, str, str]]:
    for line, gate in report.gates:
        if gate["outcome"] == "not run":
            yield one_line(gate["part"]), one_line(gate.get("why") or "no reason given"), str(line)


def _not_run(report: Report) -> Iterator[tuple[str, str, str]]:
    """What shards could not execute where they ran, by reason: no CUDA device, no C++ compiler."""
    programs: Counter[tuple[str, str, str]] = Counter()
    lines: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for line, row in enumerate(report.rows, start=1):
        if row["kind"] == "shard":
            for why, count in row.get("not_run", {}).items():
                key = (str(row["frontend"]), str(row.get("device", "cpu")), str(why))
                programs[key] += count
                lines[key].append(line)
    for (frontend, device, why), count in programs.items():
        yield (
            f"{one_line(frontend, 40)} on {one_line(device, 40)}: executions for {plural(count, 'program')}",
            one_line(why),
            ranges(lines[frontend, device, why]),
        )


def _cells(report: Report) -> Iterator[tuple[str, str, str]]:
    for cell in report.cells:
        # A plan with a time limit says 0: as many programs as the time allows.
        if cell.programs < cell.planned or not cell.programs:
            what = f"{cell.frontend} on {cell.device}"
            of = f"{cell.programs:,} of {cell.planned:,} programs" if cell.planned else "no program"
            yield what, f"the run ended before: {of} were run", ranges(cell.lines) or "none"
        for subject, totals in cell.totals.items():
            if totals.count("not_captured") == totals.programs > 0:
                yield (
                    f"{subject} on {cell.frontend}",
                    f"all {plural(totals.programs, 'program')} were refused by tracing",
                    ranges(cell.lines),
                )


def _choices(report: Report) -> Iterator[tuple[str, str, str]]:
    """What exists and the plan left out."""
    from properties.campaign.plan import FRONTENDS
    from properties.registry import properties

    left = [name for name in FRONTENDS if name not in {cell.frontend for cell in report.cells}]
    if left:
        yield f"front ends {', '.join(left)}", "not part of the plan", "1"
    left = [code for code in properties() if code not in report.plan["properties"]]
    if left:
        yield f"properties {', '.join(left)}", "not part of the plan", "1"
    if all(cell.device == "cpu" for cell in report.cells):
        yield "devices other than the CPU", "not part of the plan", "1"
