"""What speaks for the oracle of a run, in sentences: each is a sum over rows of the log or says that there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from reports.model import Report
from reports.text import one_line, plural, ranges

# Parts of an audit that put the checks themselves to the test.
_ABOUT_THE_ORACLE = ("mutants", "recall", "regression vectors", "regression corpus")

# The step under which queries are counted that no step decided.
_UNDECIDED = "none"


def oracle(report: Report) -> list[str]:
    """Sentences on mutants, recall, probes and this tool's own errors, with the lines of the log they come from."""
    found = [text for line, gate in report.gates for text in _gate(line, gate)]
    if not found:
        found.append("Mutants and known faults were not part of this run: see runtime-assert selfcheck.")
    return [*found, *_queries(report), *_probes(report), _own_errors(report)]


def _gate(line: int, gate: Mapping[str, Any]) -> Iterator[str]:
    if gate["part"] not in _ABOUT_THE_ORACLE:
        return
    name, count, failed = one_line(gate["part"]), gate.get("count", 0), len(gate.get("failed", []))
    if gate["outcome"] == "not run":
        yield f"{name.capitalize()}: not run ({one_line(gate.get('why') or 'no reason given')}; line {line})."
    else:
        yield f"{name.capitalize()}: {count - failed:,} of {count:,} as expected (line {line})."


def _probes(report: Report) -> Iterator[str]:
    shards = [(line, row) for line, row in enumerate(report.rows, start=1) if row["kind"] == "shard"]
    probes = sum(row.get("probes", 0) for _, row in shards)
    if probes:
        left = sum(row.get("boundaries_unreachable", 0) + row.get("boundaries_unrealisable", 0) for _, row in shards)
        yield (
            f"{probes:,} inputs at the boundaries of constraints were executed; for {left:,} boundaries no input "
            f"exists or can be built (lines {ranges(line for line, _ in shards)})."
        )


def recalled(report: Report) -> list[dict[str, str]]:
    """The public faults that were searched for, and within how many programs each was found: ``recall`` rows."""
    names = ("thread", "what", "subject", "frontend", "property")
    return [
        {
            **{name: one_line(row[name]) for name in names},
            "programs": f"{row['programs']:,}" if row["found"] else f"not within {row['programs']:,}",
            "line": str(line),
        }
        for line, row in enumerate(report.rows, start=1)
        if row["kind"] == "recall"
    ]


def _queries(report: Report) -> Iterator[str]:
    """Which step of the solver decided how many of the queries, and where its time went."""
    decided: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    lines: list[int] = []
    for line, row in enumerate(report.rows, start=1):
        if row["kind"] != "shard" or not row.get("solver"):
            continue
        lines.append(line)
        decided.update(row["solver"])
        seconds.update(row.get("solver_seconds", {}))
    left = decided.pop(_UNDECIDED, 0)
    total, time = sum(decided.values()), sum(seconds.values())
    if not total + left:
        return
    parts = ", ".join(
        f"{one_line(name)} {_share(count, total + left)}" for name, count in decided.most_common() if count
    )
    longest = ", ".join(f"{one_line(name)} {_share(spent, time)}" for name, spent in seconds.most_common(3) if spent)
    yield (
        f"How it was proved: {total + left:,} queries of the solver, decided by {parts or 'no step'}; "
        f"{f'{left:,} were left open (a verdict that needs one is UNDECIDED)' if left else 'none was left open'}. "
        f"Most of its {time:,.0f} seconds went into {longest or 'nothing'} (lines {ranges(lines)})."
    )


def _share(part: float, whole: float) -> str:
    """A part in percent; one that is there is never 0 %."""
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.0f} %" if percent >= 1 or not part else "< 1 %"


def _own_errors(report: Report) -> str:
    if not report.tool_errors:
        return "Every capture was proved equivalent to itself, and what the asserts say agreed with what graphs did."
    return f"{plural(len(report.tool_errors), 'error')} of this tool: see below."
