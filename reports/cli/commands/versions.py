"""``runtime-assert versions``: on what a verdict depends, and which findings show under which release of torch."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any, NoReturn

import click

from reports.cli.options import Jobs
from reports.cli.output import as_json, line, note


@click.command()
@click.option("--matrix", default=None, metavar="LIST", help="Audit under each of these releases of torch, as in 2.12.0,2.13.0: an environment each, one after another, removed afterwards.")  # fmt: skip  # noqa: E501
@click.option("--programs", type=click.IntRange(1), default=200, show_default=True, help="With --matrix: programs for each front end.")  # fmt: skip  # noqa: E501
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="With --matrix: the seed of each audit.")  # fmt: skip  # noqa: E501
@click.option("--work", type=click.Path(path_type=Path, file_okay=False, exists=True), default=None, help="With --matrix: folder for the environments (about 9 GiB, one at a time).")  # fmt: skip  # noqa: E501
@click.option("--output", "folder", type=click.Path(path_type=Path, file_okay=False), default=None, help="With --matrix: folder for matrix.json, matrix.md and the result of each release, which is not computed again.")  # fmt: skip  # noqa: E501
@click.option("--check", is_flag=True, help="Judge the stored cases again: which verdicts are others with these versions?")  # fmt: skip  # noqa: E501
@click.option("--corpus", type=click.Path(path_type=Path, file_okay=False, exists=True), default=None, help="With --check: folder of the cases.  [default: those of this package]")  # fmt: skip  # noqa: E501
@click.option("--jobs", type=Jobs(), default="auto", show_default=True, help="With --check: worker processes.")
@click.option("--json", "machine", is_flag=True, help="Print JSON.")
def command(
    matrix: str | None,
    programs: int,
    seed: int,
    work: Path | None,
    folder: Path | None,
    check: bool,
    corpus: Path | None,
    jobs: int,
    machine: bool,
) -> int:
    """Show the versions of everything that a verdict depends on.

    With --matrix, the findings by release of torch. With --check, whether the versions here change a verdict on the
    stored cases; exit status 1 if they do, unless it is one of torch's own pass under another release of torch.
    """
    if matrix is not None and check:
        raise click.UsageError("--matrix and --check exclude each other")
    if corpus is not None and not check:
        raise click.UsageError("--corpus needs --check")
    if matrix is not None:
        return _matrix(matrix, programs, seed, work, folder, machine)
    if check:
        return _check(corpus, jobs, machine)
    from properties.campaign.environment import environment

    found = {**environment(), "installed in": str(Path(__file__).resolve().parents[3])}
    if machine:
        as_json(found)
        return 0
    width = max(map(len, found))
    line("\n".join(f"{name:<{width}}  {value}" for name, value in found.items()))
    return 0


def _check(folder: Path | None, jobs: int, machine: bool) -> int:
    from properties.campaign import gates, regressions
    from properties.registry import properties
    from reports.status import ExitStatus

    folder = folder or regressions.CORPUS
    try:
        cases = regressions.load(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.UsageError(f"--corpus {str(folder)!r}: not a stored case: {error!r}") from error
    if not cases:
        raise click.UsageError(f"--corpus {str(folder)!r}: no stored case (*.json) there")
    note(f"judging {len(cases)} stored cases, {jobs} workers")
    *rows, gate = gates.corpus(cases, tuple(properties()), jobs)
    if machine:
        as_json({"versions": regressions.versions(), "outcome": gate["outcome"], "why": gate["why"], "cases": rows})
    else:
        for row in rows:
            if row["error"]:
                line(f"{row['case']}: cannot be told: {row['error']}")
            else:
                line("\n".join(row["changes"]) or f"{row['case']}: as recorded")
        changed = sum(bool(row["changes"]) for row in rows)
        line(
            f"\n{len(rows)} cases, {changed} with another verdict, {sum(bool(row['error']) for row in rows)} not judged"
        )
        line(gate["why"] or "the versions are those of the recording")
    return int(ExitStatus.NEW_FINDINGS if gate["outcome"] == "failed" else ExitStatus.CLEAN)


def _ended(number: int, frame: Any) -> NoReturn:
    """SIGTERM ends the matrix as Ctrl-C does, so that no environment of several GB is left behind."""
    raise KeyboardInterrupt


def _matrix(text: str, programs: int, seed: int, work: Path | None, folder: Path | None, machine: bool) -> int:
    from reports.matrix import MatrixError, matrix_json, matrix_markdown, run_matrix, versions_of
    from reports.status import ExitStatus

    audit = [
        "--search-only",
        "--programs",
        str(programs),
        "--seed",
        str(seed),
        "--subject",
        "reference",
        "--subject",
        "torch",
    ]
    signal.signal(signal.SIGTERM, _ended)
    try:
        columns = run_matrix(versions_of(text), audit, work, note, None if folder is None else folder / "runs")
    except MatrixError as error:
        raise click.UsageError(str(error)) from error
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "matrix.json").write_text(json.dumps(matrix_json(columns), indent=1) + "\n", encoding="utf-8")
        (folder / "matrix.md").write_text(matrix_markdown(columns), encoding="utf-8")
    if machine:
        as_json(matrix_json(columns))
    else:
        line(matrix_markdown(columns))
    missing = [f"{column.version} ({column.reason})" for column in columns if column.run is None]
    if missing:
        note(f"not audited: {'; '.join(missing)}")
        return int(ExitStatus.INCOMPLETE)
    return int(ExitStatus.CLEAN)
