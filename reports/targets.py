"""What checking targets gave: which findings count, the exit status, and the files of a folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.folder import FolderError
from reports.known import KnownEntry, find_entry
from reports.status import ExitStatus, prevailing

Row = Mapping[str, Any]

MARKER = "check.json"
UNFINISHED = "cases.jsonl"
# A known fault of a pass still leaves the program that was checked without its assert, or with a wrong result.
FINE = ("same", "stricter", "both refuse")
ALWAYS_COUNT = ("RA101", "RA102", "RA103", "RA105", "RA201", "RA202")


def known_entry(finding: Row, entries: Sequence[KnownEntry], torch: str) -> KnownEntry | None:
    """The entry of the known list that ``finding`` matches."""
    fields = {name: finding[name] for name in ("property", "direction", "subject", "signature")}
    return find_entry(entries, **fields, torch=torch)


def counts(finding: Row, entries: Sequence[KnownEntry], torch: str) -> bool:
    """Whether ``finding`` fails a check."""
    return finding["property"] in ALWAYS_COUNT or known_entry(finding, entries, torch) is None


def status_of(rows: Sequence[Row], entries: Sequence[KnownEntry], torch: str) -> tuple[ExitStatus, str]:
    """The exit status of checked targets, and why."""
    found: Counter[ExitStatus] = Counter()
    for row in rows:
        if row["errors"] or row["outcome"] == "tool error":
            found[ExitStatus.TOOL_ERROR] += 1
        found[ExitStatus.NEW_FINDINGS] += sum(said not in FINE for said in row.get("in_place", {}).values())
        for result in row["subjects"].values():
            new = sum(counts(finding, entries, torch) for finding in result["findings"])
            if new:
                found[ExitStatus.NEW_FINDINGS] += new
            if any(item["status"] == "UNDECIDED" for item in result["verdicts"].values()):
                found[ExitStatus.UNDECIDED] += 1
    if not any(row["outcome"] in ("captured", "plain") for row in rows):
        found[ExitStatus.UNDECIDED] += 1
        if not found[ExitStatus.TOOL_ERROR]:
            return ExitStatus.UNDECIDED, "nothing was captured, so that nothing could be checked"
    status = prevailing(kind for kind, count in found.items() if count)
    texts = {
        ExitStatus.CLEAN: "clean",
        ExitStatus.NEW_FINDINGS: f"findings: {found[ExitStatus.NEW_FINDINGS]}",
        ExitStatus.TOOL_ERROR: "this tool failed, see the errors",
        ExitStatus.UNDECIDED: "not everything could be decided",
    }
    return status, texts.get(status, status.name.lower())


def check_folder(target: Path) -> None:
    """Whether a check's files can be put at ``target``: a new or empty folder, or an earlier check's.

    Raises:
        FolderError: if not; one line.
    """
    if target.exists() and not target.is_dir():
        raise FolderError(f"--output {target}: is not a folder")
    if (target / UNFINISHED).is_file():
        raise FolderError(f"--output {target}: holds a check that is not finished (--resume {target} goes on with it)")
    if target.is_dir() and any(target.iterdir()) and not (target / MARKER).is_file():
        allowed = "a new or an empty folder, or an earlier check"
        raise FolderError(f"--output {target}: holds something else (allowed: {allowed})")


def write(target: Path, head: Row, rows: Sequence[Row], markdown: str) -> None:
    """``log.jsonl`` (every row), ``check.json`` (the same as one document) and ``summary.md``.

    Raises:
        FolderError: if they cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row, sort_keys=True) for row in (head, *rows)]
        (target / "log.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (target / "summary.md").write_text(markdown, encoding="utf-8")
        document = json.dumps({**head, "targets": list(rows)}, indent=1, sort_keys=True)
        (target / MARKER).write_text(document + "\n", encoding="utf-8")
    except OSError as error:
        raise FolderError(f"--output {target}: cannot be written: {error.strerror}") from error


def by_outcome(rows: Sequence[Row]) -> Counter[str]:
    """How many rows had which outcome."""
    return Counter(row["outcome"] for row in rows)
