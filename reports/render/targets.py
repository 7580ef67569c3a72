"""Checked targets as text: one at length, or many as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from reports.known import KnownEntry
from reports.targets import FINE, by_outcome, known_entry
from reports.text import markdown, markdown_code, one_line, plural

Row = Mapping[str, Any]


def target_lines(row: Row, entries: Sequence[KnownEntry], torch: str) -> list[str]:
    """Everything that checking one target through one front end gave."""
    title = f"{row['target']} through {row['frontend']}"
    if row["outcome"] == "plain":
        return [title, "  torch recorded nothing for run time"]
    if row["outcome"] != "captured":
        said = "torch refuses to trace it" if row["outcome"] == "refused" else "this tool failed"
        return [title, f"  {said}: {row['reason']}", *_place("  at", row)]
    lines = [title]
    if row.get("note"):
        lines.append(f"  {row['note']}")
    if row["fixed"]:
        values = ", ".join(f"{name} = {value}" for name, value in row["fixed"].items())
        lines.append(f"  fixed while tracing, so that no other value was looked at: {values}")
    for name, result in row["subjects"].items():
        lines += _subject(name, result, row, entries, torch)
    lines += [f"  with our pass in torch's place, {stage}: {said}" for stage, said in row.get("in_place", {}).items()]
    lines += [f"  not known: {text}" for text in row.get("not_known", ())]
    lines += [f"  error of this tool: {one_line(error)}" for error in row["errors"]]
    return lines


def _subject(name: str, result: Row, row: Row, entries: Sequence[KnownEntry], torch: str) -> list[str]:
    asserts = result["asserts"]
    states = Counter(item["state"] for item in asserts)
    summary = ", ".join(f"{count} {state}" for state, count in states.items())
    head = f"{plural(len(asserts), 'runtime assert')}" + (f" ({summary})" if summary else "")
    pass_ = "" if name == "file" else f"pass {name}: "
    lines = ["", f"  {pass_}{head} for {plural(row['obligations'], 'recorded constraint')}"]
    if not asserts and not row["obligations"] and not result["crash"]:
        lines[-1] += ": torch settled every check while tracing"
    if result["crash"]:
        lines.append(f"    the pass raised {result['crash']}")
    for item in asserts:
        lines += _assert(item)
    if result["unchecked"]:
        lines += ["", "    not checked by any assert"]
    for item in result["unchecked"]:
        lines.append(f"      {item['condition']} ({_ORIGINS.get(item['origin'], item['origin'])}): {item['why']}")
        lines += _place("        from" if item["source_of"] == "check" else "        value read at", item)
    for finding in result["findings"]:
        lines += ["", *_finding(finding, entries, torch)]
    return [*lines, "", *_verdicts(result["verdicts"])]


# How the constraints of each origin are called, see properties.capture.facts.Obligation.
_ORIGINS = {
    "deferred": "a check that tracing recorded",
    "range": "a range that tracing recorded",
    "replacement": "an equality by which tracing replaced the value",
    "existing": "a check in the graph",
}


def _assert(item: Row) -> list[str]:
    why = f": {item['why']}" if item["why"] else ""
    by = ", written by the code itself" if item["by"] == "the code" else ""
    lines = ["", f"    {item['condition']}", f"      {item['state']}{why}{by}"]
    protected: dict[str, list[str]] = {}
    for text in item["protects"]:
        origin, _, condition = text.partition(": ")
        protected.setdefault(condition, []).append(str(_ORIGINS.get(origin, origin)))
    for condition, origins in protected.items():
        said = "" if condition == item["condition"] else f": {condition}"
        lines.append(f"      protects {' and '.join(origins)}{said}")
    if item["message"]:
        lines.append(f"      says {one_line(item['message'], 160)}")
    return lines + _place("      from" if item["source_of"] == "check" else "      value read at", item)


def _place(before: str, item: Row) -> list[str]:
    if not item["source"]:
        return []
    return [f"{before} {item['source']}" + (f": {one_line(item['line'], 100)}" if item.get("line") else "")]


def _verdicts(verdicts: Mapping[str, Row]) -> list[str]:
    lines = []
    for code, item in verdicts.items():
        if item["status"] == "UNDECIDED":
            about = f": {item['constraint']}" if item["constraint"] else ""
            detail = f"; {one_line(item['detail'], 160)}" if item["detail"] else ""
            lines.append(f"    {code} undecided{about} ({item['text']}{detail})")
    proved = [code for code, item in verdicts.items() if item["status"] == "PROVED"]
    if proved:
        lines.append(f"    holds: {', '.join(proved)}")
    vacuous = [f"{code} ({item['why']})" for code, item in verdicts.items() if item["status"] == "VACUOUS"]
    if vacuous:
        lines.append(f"    does not apply: {', '.join(vacuous)}")
    return lines


def _finding(finding: Row, entries: Sequence[KnownEntry], torch: str) -> list[str]:
    entry = known_entry(finding, entries, torch)
    about = f": {finding['constraint']}" if finding["constraint"] else ""
    lines = [f"    {finding['property']} {finding['direction']} ({finding['property_name']}){about}"]
    lines += _place("      from" if finding["source_of"] == "check" else "      value read at", finding)
    if finding["detail"]:
        lines.append(f"      {one_line(finding['detail'])}")
    witness = finding["witness"]
    if witness is not None and not witness["is_example"]:
        values = ", ".join(f"{name} = {value}" for name, value in witness["values"].items())
        lines.append(f"      for {values}:")
        lines.append(f"        eager {_said(witness['eager'])}; the guarded graph {_said(witness['after'])}")
    if entry is not None:
        lines.append(f"      known: {entry.title} ({entry.url})")
    return lines


def _said(outcome: Row) -> str:
    if outcome["outcome"] == "accepted":
        return "accepts"
    return f"rejects by {outcome['by']} ({one_line(outcome['error'] + ': ' + outcome['text'], 120)})"


def table(rows: Sequence[Row], entries: Sequence[KnownEntry], torch: str) -> str:
    """Many targets as Markdown: counts, a line for each captured one, and torch's refusals by reason."""
    parts = [_counts(rows), _exchanged(rows), _captured(rows, entries, torch), _refused(rows)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counts(rows: Sequence[Row]) -> str:
    lines = [
        "| front end | targets | with run-time constraints | without | refused by torch | errors of this tool |",
        "|---|---|---|---|---|---|",
    ]
    for frontend in dict.fromkeys(row["frontend"] for row in rows):
        own = [row for row in rows if row["frontend"] == frontend]
        found = by_outcome(own)
        errors = sum(row["outcome"] == "tool error" or bool(row["errors"]) for row in own)
        lines.append(
            f"| {frontend} | {len(own)} | {found['captured']} | {found['plain']} | {found['refused']} | {errors} |"
        )
    return "\n".join(lines)


def _exchanged(rows: Sequence[Row]) -> str:
    """How often what came of our pass in torch's place, and each case in which that is not the same."""
    told = [(row, stage, said) for row in rows for stage, said in row.get("in_place", {}).items()]
    if not told:
        return ""
    counts = Counter((stage, said.split(":")[0]) for _, stage, said in told)
    lines = ["| our pass in torch's place | result | cases |", "|---|---|---|"]
    lines += [f"| {stage} | {said} | {count} |" for (stage, said), count in sorted(counts.items())]
    odd = [f"- {markdown(row['target'])}, {stage}: {markdown(said)}" for row, stage, said in told if said not in FINE]
    return "\n".join([*lines, "", *odd] if odd else lines)


def _captured(rows: Sequence[Row], entries: Sequence[KnownEntry], torch: str) -> str:
    captured = [row for row in rows if row["outcome"] == "captured"]
    if not captured:
        return ""
    names = list(dict.fromkeys(name for row in captured for name in row["subjects"]))
    heads = [f"{name}: asserts | {name}: findings | {name}: ms" for name in names]
    ratio = " | ratio |" if {"torch", "reference"} <= set(names) else " |"
    lines = [f"| target | front end | nodes | constraints | {' | '.join(heads)}{ratio}"]
    lines.append("|" + "---|" * (4 + 3 * len(names) + (1 if ratio != " |" else 0)))
    for row in captured:
        cells = [markdown(row["target"]), row["frontend"], str(row["nodes"]), str(row["obligations"])]
        for name in names:
            result = row["subjects"][name]
            cells += [str(len(result["asserts"])), _codes(result, entries, torch), f"{result['seconds'] * 1e3:.2f}"]
        if ratio != " |":
            own, theirs = row["subjects"]["reference"]["seconds"], row["subjects"]["torch"]["seconds"]
            cells.append(f"{theirs / own:.2f}" if own else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _codes(result: Row, entries: Sequence[KnownEntry], torch: str) -> str:
    texts = [
        f"{item['property']} {item['direction']}{' (known)' if known_entry(item, entries, torch) else ''}"
        for item in result["findings"]
    ]
    open_ones = sum(item["status"] == "UNDECIDED" for item in result["verdicts"].values())
    texts += [f"{open_ones} undecided"] if open_ones else []
    return ", ".join(texts) or "none"


def _refused(rows: Sequence[Row]) -> str:
    refused = [row for row in rows if row["outcome"] not in ("captured", "plain")]
    if not refused:
        return ""
    lines = ["| not captured | front end | reason |", "|---|---|---|"]
    lines += [f"| {markdown(row['target'])} | {row['frontend']} | {markdown_code(row['reason'])} |" for row in refused]
    return "\n".join(lines)
