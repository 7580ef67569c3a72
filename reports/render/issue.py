"""The draft of a bug report in the sections of torch's own form: the bug, error logs, versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.render import wording
from reports.render.reproducer import SUBJECTS, script
from reports.text import markdown, markdown_block, markdown_code, plural

FORM = "https://github.com/pytorch/pytorch/issues/new?template=pt2-bug-report.yml"

# What of the environment a report on torch is about; the rest of this tool's versions only made the finding.
_THEIRS = ("torch", "python", "platform", "sympy", "cuda", "gpu", "triton", "numpy")


def draft(row: Mapping[str, Any], environment: Mapping[str, Any], *, hits: int) -> str:
    """Markdown for the form at FORM, from a ``finding`` row and the environment of its run."""
    torch = str(environment.get("torch", "?"))
    parts = [
        f"<!-- Draft for {FORM}. Check it, look for an older report, and take this line out. -->",
        f"Title: {markdown(_title(row))}",
        "### 🐛 Describe the bug",
        f"{markdown(_sentence(row))}",
        "Minimal program:",
        markdown_block(row["source"].rstrip(), "python"),
        _facts(row),
        "#### Ablation",
        _ablation(row),
        "#### Minimal reproducer",
        "It imports only torch, and exits with 1 as long as the fault is there.",
        markdown_block(script(row, torch).rstrip(), "python"),
        "### Error logs",
        markdown_block(_observed(row)),
        "### Versions",
        markdown_block("\n".join(f"{name}: {environment[name]}" for name in _THEIRS if name in environment)),
        "Please add the output of `python -m torch.utils.collect_env` here.",
        f"Found by generating programs (topic: fuzzer) and shrinking; seen in {plural(hits, 'program')}. No tolerance "
        "and no random number is involved: the comparison is whether inputs are accepted or rejected.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(row: Mapping[str, Any]) -> str:
    where = "runtime asserts" if row["subject"] == "torch" else f"tracing through {row['frontend']}"
    return f"[{where}] {row['title']}: {row['constraint'] or row['signature']}"


def _sentence(row: Mapping[str, Any]) -> str:
    blamed = SUBJECTS.get(row["subject"], row["subject"])
    text = f"In {blamed}: {row['title']}"
    return f"{text}. The constraint is {row['constraint']}." if row["constraint"] else f"{text}."


def _facts(row: Mapping[str, Any]) -> str:
    lines = []
    if row["required"]:
        lines.append("- required of the graph: " + ", ".join(map(markdown_code, row["required"])))
    lines.append("- asserted by the graph: " + (", ".join(map(markdown_code, row["emitted"])) or "nothing"))
    witness = row["witness"]
    if witness:
        pairs = wording.inputs(row, witness["inputs"])
        lines.append("- input: " + ", ".join(markdown_code(f"{name} = {text}") for name, text in pairs))
    return "\n".join(lines)


def _ablation(row: Mapping[str, Any]) -> str:
    """A table of front ends, and one of backends where other executions were made."""
    tables = []
    if row.get("frontends"):
        rows = [f"| {markdown(name)} | {markdown(text)} |" for name, text in row["frontends"].items()]
        tables.append("\n".join(["| front end | the fault |", "|---|---|", *rows]))
    others = wording.other_runs(row["witness"] or {})
    if others:
        rows = [f"| {markdown(name)} | {markdown(wording.ran(one))} |" for name, one in others]
        tables.append("\n".join(["| backend | what it does with the input |", "|---|---|", *rows]))
    return "\n\n".join(tables) or "Not made."


def _observed(row: Mapping[str, Any]) -> str:
    witness = row["witness"]
    if not witness:
        return row["detail"] or "No exception: see the graph that the reproducer prints."
    runs = (("eager", "eager"), ("before", "graph before the pass"), ("after", "graph after the pass"))
    lines = [f"{title}: {wording.ran(witness[name])}" for name, title in runs]
    lines += [f"{name}: {wording.ran(one)}" for name, one in wording.other_runs(witness)]
    return "\n".join([*lines, *([row["detail"]] if row["detail"] else [])])
