"""``runtime-assert check``: a user's own code, or code that torch and others ship."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from reports import targets
from reports.cli.cases import Cases
from reports.cli.options import Jobs
from reports.cli.output import as_json, line, note
from reports.text import markdown_block


@click.command()
@click.argument("target")
@click.option("--input", "inputs", multiple=True, metavar="SPEC", help="An example input, as in float32[4,d], mask:bool[d], int64[1]=7 or int=5; a named size is dynamic. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--subject", "subjects", multiple=True, metavar="NAME", show_default="torch; reference too for torch:...", help="Pass to check: torch, reference, identity, mutant:NAME, package.module:callable or file.py:callable. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--frontend", "frontends", multiple=True, metavar="NAME", show_default="export", help="How the code is traced: export, export-strict, make_fx, compile, or all. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--property", "codes", multiple=True, metavar="CODE", show_default="all", help="Property to check, see the command explain. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--only", "only", multiple=True, metavar="TEXT", help="Of torch:examples, torch:operators or torch:models only those whose name has TEXT. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--in-place", "exchange", is_flag=True, help="Also export and compile with our pass in torch's place, and compare.")  # fmt: skip  # noqa: E501
@click.option("--jobs", type=Jobs(), default="auto", show_default=True, help="Worker processes for torch:...")
@click.option("--output", "folder", type=click.Path(path_type=Path), default=None, help="Folder for log.jsonl, check.json and summary.md.")  # fmt: skip  # noqa: E501
@click.option("--resume", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None, metavar="DIR", help="Go on with the check of torch:... in DIR that was cut off; everything else as before.")  # fmt: skip  # noqa: E501
@click.option("--known", "known_file", type=click.Path(path_type=Path), default=None, help="Known findings, besides the shipped ones.")  # fmt: skip  # noqa: E501
@click.option("--json", "machine", is_flag=True, help="Print JSON.")
def command(
    target: str,
    inputs: tuple[str, ...],
    subjects: tuple[str, ...],
    frontends: tuple[str, ...],
    codes: tuple[str, ...],
    only: tuple[str, ...],
    exchange: bool,
    jobs: int,
    folder: Path | None,
    resume: Path | None,
    known_file: Path | None,
    machine: bool,
) -> int:
    """Check TARGET: package.module:callable, file.py:callable, program.pt2, or torch:examples, :operators, :models.

    Traces the code, runs the pass, and tells of each runtime assert what it protects, where it comes from and
    whether it is needed; which constraints are not checked; and every property that does not hold. Example
    inputs come from --input, from example_inputs beside the code, or from a function that returns (model, inputs).
    """
    from reports.known import load_known

    known = load_known(known_file)
    many = target.startswith("torch:")
    if resume is not None:
        if not many:
            raise click.UsageError("--resume: is for torch:...; code of your own is checked in one go")
        if folder not in (None, resume):
            raise click.UsageError(f"--output {folder}: the result of a resumed check goes to {resume}")
        folder = resume
    elif folder is not None:
        targets.check_folder(folder)

    from properties.targets import run_target

    def progress(done: int, total: int, name: str) -> None:
        if total > 1:
            note(f"{done} of {total} ({name})")

    asked = {"target": target, "subject": list(subjects), "frontend": list(frontends), "property": list(codes)}
    asked |= {"only": list(only), "in-place": exchange}
    # What the user's code prints is no part of the result.
    with (
        contextlib.redirect_stdout(sys.stderr),
        Cases(folder if many else None, asked) if resume is None else Cases.resumed(resume, asked) as cases,
    ):
        if cases.done:
            note(f"{len(cases.done)} cases were checked before")
        of_collection = {"jobs": jobs, "done": cases.done, "keep": cases.keep} if many else {}
        head, rows = run_target(
            target,
            inputs=inputs,
            subjects=subjects,
            frontends=frontends,
            codes=codes,
            only=only,
            exchange=exchange,
            progress=progress,
            **of_collection,
        )
    from reports.render.targets import table, target_lines

    torch = str(head["environment"].get("torch", ""))
    if folder is not None:
        shown = table(rows, known, torch)
        if not many:
            shown += (
                "\n" + markdown_block("\n\n".join("\n".join(target_lines(row, known, torch)) for row in rows)) + "\n"
            )
        targets.write(folder, head, rows, f"# {target}\n\ntorch {torch}\n\n{shown}")
        cases.finished()
    if machine:
        as_json({**head, "targets": rows})
    elif many:
        line(table(rows, known, torch))
    else:
        line("\n\n".join("\n".join(target_lines(row, known, torch)) for row in rows))
    status, why = targets.status_of(rows, known, torch)
    note(f"verdict: {why} (exit status {int(status)})")
    return int(status)
