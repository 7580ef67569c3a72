"""The same audit under several releases of torch, each in an environment of its own that is removed afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from reports.text import markdown, markdown_code, one_line

SCHEMA = "runtime-assert/matrix/1"
NEEDED_BYTES = 9 * 2**30
"""What an environment with torch's default packages takes, its CUDA libraries included, with room to unpack."""
_VERSION = re.compile(r"\d+(\.\d+){1,2}([abrc]+\d+)?(\+[a-z0-9.]+)?")
_RUN = ("environment", "programs", "complete", "subjects", "findings")
_ROOT = Path(__file__).resolve().parent.parent


class MatrixError(ValueError):
    """A mistake in the arguments, in one line."""


@dataclass(frozen=True, slots=True)
class Column:
    """One release: its findings as in ``run.json`` (None and ``reason`` if it could not be audited)."""

    version: str
    run: Mapping[str, Any] | None
    reason: str = ""


def versions_of(text: str) -> tuple[str, ...]:
    """The releases that a comma-separated ``text`` names, in its order.

    Raises:
        MatrixError: for anything that is no version.
    """
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for version in found:
        if not _VERSION.fullmatch(version):
            raise MatrixError(f"--matrix {version!r}: no version of torch; allowed: 2.13.0 and the like, with commas")
    if not found:
        raise MatrixError("--matrix: no version given")
    return found


def run_matrix(
    versions: Sequence[str],
    audit: Sequence[str],
    folder: Path | None,
    say: Callable[[str], None],
    keep: Path | None = None,
) -> list[Column]:
    """Audits each of ``versions`` with the arguments ``audit``, one after another; ``folder`` holds the environments.

    In ``keep`` the result of each release is kept as soon as it is there, and one that is there for the same arguments
    is taken as it is: a matrix that was cut off goes on where it was.

    Raises:
        MatrixError: if there is no room for an environment.
    """
    return [_kept(version, audit, folder, say, keep) for version in versions]


def _kept(
    version: str, audit: Sequence[str], folder: Path | None, say: Callable[[str], None], keep: Path | None
) -> Column:
    file = None if keep is None else keep / f"torch-{version}.json"
    if file is not None and file.is_file():
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["arguments"] == list(audit):
            say(f"torch {version}: audited before ({file})")
            return Column(version, document["run"])
    column = _column(version, audit, folder, say)
    if file is not None and column.run is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        brief = {name: column.run[name] for name in _RUN}
        file.write_text(json.dumps({"arguments": list(audit), "run": brief}, indent=1) + "\n", encoding="utf-8")
    return column


def _column(version: str, audit: Sequence[str], folder: Path | None, say: Callable[[str], None]) -> Column:
    with tempfile.TemporaryDirectory(prefix=f"runtime-assert-torch-{version}-", dir=folder) as place:
        free = shutil.disk_usage(place).free
        if free < NEEDED_BYTES:
            raise MatrixError(f"{place}: {free / 2**30:.1f} GiB free, an environment needs {NEEDED_BYTES / 2**30:.0f}")
        python = Path(place, "env", "bin" if os.name != "nt" else "Scripts", "python")
        say(f"torch {version}: setting up an environment (several GB, removed afterwards)")
        wanted = [f"torch=={version}", *_requirements()]
        for command in (
            [sys.executable, "-m", "venv", str(Path(place, "env"))],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                return Column(version, None, f"no environment: {_why(done.stderr or done.stdout)}")
        say(f"torch {version}: auditing")
        out = Path(place, "report")
        command = [str(python), "-m", "reports", "audit", "--output", str(out), *audit]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
        run = out / "run.json"
        if not run.is_file():
            return Column(version, None, f"the audit gave no report: {_why(done.stderr or done.stdout)}")
        return Column(version, json.loads(run.read_text(encoding="utf-8")))


def _requirements() -> list[str]:
    """What this application needs besides torch: the same releases as here."""
    found = []
    for text in metadata.requires("runtime-assert") or ():
        name = re.split(r"[\s<>=!;\[(]", text, maxsplit=1)[0]
        if "extra ==" not in text and name != "torch":
            found.append(f"{name}=={metadata.version(name)}")
    return found


def _why(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return one_line((errors or lines or ["no message"])[0], 200)


def matrix_json(columns: Sequence[Column]) -> dict[str, Any]:
    """The matrix as one document: for each bucket of findings its hits by release."""
    return {
        "schema": SCHEMA,
        "versions": [
            {
                "torch": column.version,
                "reason": column.reason,
                "programs": column.run["programs"] if column.run else 0,
                "environment": column.run["environment"] if column.run else {},
                "complete": bool(column.run and column.run["complete"]),
            }
            for column in columns
        ],
        "buckets": [{**dict(zip(_KEY, key, strict=True)), "hits": hits} for key, hits in buckets(columns).items()],
    }


_KEY = ("subject", "property", "direction", "signature", "known")


def buckets(columns: Sequence[Column]) -> dict[tuple[str, ...], dict[str, int]]:
    """For each cause (its known entry, else its signature) how many programs of each release fell in it."""
    found: dict[tuple[str, ...], dict[str, int]] = {}
    for column in columns:
        for finding in column.run["findings"] if column.run else ():
            known = finding["known"]
            entry = known["id"] if known else ""
            signature = "" if known else finding["signature"]
            key = (finding["subject"], finding["property"], finding["direction"], signature, entry)
            hits = found.setdefault(key, {})
            hits[column.version] = hits.get(column.version, 0) + finding["hits"]
    return dict(sorted(found.items()))


def matrix_markdown(columns: Sequence[Column]) -> str:
    """The matrix as a page: a line for each cause, a column for each release."""
    heads = [column.version for column in columns]
    lines = ["# Findings by release of torch", ""]
    lines += [
        "Each column is the same audit (same seed, same number of programs) in an environment of its own. A number"
    ]
    lines += [
        "is how many programs showed the cause, `·` that none did, `?` that the release could not be audited.",
        "",
    ]
    lines += [f"| subject | property | cause | {' | '.join(heads)} |", "|" + "---|" * (3 + len(heads))]
    for (subject, code, direction, signature, known), hits in buckets(columns).items():
        cause = markdown(known) if known else f"new: {markdown_code(signature)}"
        cells = [str(hits[c.version]) if c.version in hits else "·" if c.run else "?" for c in columns]
        lines.append(f"| {subject} | {code} {direction} | {cause} | {' | '.join(cells)} |")
    lines += [
        "",
        "| torch | programs | not captured | undecided | errors of this tool | remark |",
        "|---|---|---|---|---|---|",
    ]
    for column in columns:
        lines.append(f"| {column.version} | {_figures(column)} | {markdown(column.reason)} |")
    return "\n".join(lines) + "\n"


def _figures(column: Column) -> str:
    """Programs, and of all subjects the largest number that were not captured, not decided, or failed in this tool."""
    if column.run is None:
        return "0 | 0 | 0 | 0"
    subjects = list(column.run["subjects"].values())
    counts = [
        max((sum(item.get(name, {}).values()) for item in subjects), default=0)
        for name in ("not_captured", "undecided")
    ]
    errors = max((item.get("tool_error", 0) for item in subjects), default=0)
    return " | ".join(map(str, (column.run["programs"], *counts, errors)))
