"""``runtime-assert triage bisect``: the first version of torch that has a fault."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import as_json, line, note
from reports.cli.triage_options import JSON, KNOWN


@click.command()
@click.argument("source", metavar="RUN|SCRIPT", type=click.Path(path_type=Path))
@click.argument("name", metavar="[ID]", required=False)
@click.option("--python", "pythons", multiple=True, metavar="PATH", type=click.Path(path_type=Path), help="Interpreter that has a torch, the oldest first. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--torch", "versions", default=None, metavar="VERSION,...", help="Versions of torch to install, each in a virtual environment of its own, the oldest first.")  # fmt: skip  # noqa: E501
@click.option("--index-url", default=None, metavar="URL", help="Where pip finds torch.")
@click.option("--keep", "kept", default=None, metavar="DIR", type=click.Path(path_type=Path), help="Keep the environments here and use them again; without it they are removed.")  # fmt: skip  # noqa: E501
@click.option("--every", is_flag=True, help="Try every version instead of halving the range.")
@click.option("--timeout", type=click.FloatRange(1, 86_400), default=300.0, show_default=True, help="Seconds for each try.")  # fmt: skip  # noqa: E501
@KNOWN
@JSON
def command(
    source: Path,
    name: str | None,
    pythons: tuple[Path, ...],
    versions: str | None,
    index_url: str | None,
    kept: Path | None,
    every: bool,
    timeout: float,
    known_file: Path | None,
    machine: bool,
) -> int:
    """Name the first version that has a fault: of the finding ID of RUN, or of a script that triage repro wrote.

    Exits with 1 if a version has it, with 0 if none has, and with 4 if that could not be told.
    """
    import shutil
    import tempfile

    from reports.files import FileError
    from reports.status import ExitStatus
    from reports.triage.bisect import Trial, bisect
    from reports.triage.interpreters import VERSION, Attempt, check_interpreters, make_environment, run_script

    torches = tuple(part.strip() for part in versions.split(",")) if versions is not None else ()
    if bool(pythons) == bool(torches):
        raise click.UsageError("one of --python PATH... and --torch VERSION,... is needed")
    for version in torches:
        if not VERSION.fullmatch(version):
            raise click.UsageError(f"--torch {version!r} (allowed: versions joined by commas, such as 2.12.0,2.13.0)")
    check_interpreters(pythons)
    text = _script(source, name, known_file)
    work = Path(tempfile.mkdtemp(prefix="runtime-assert-bisect-"))
    labels = [str(path) for path in pythons] or list(torches)
    attempts: dict[int, Attempt] = {}
    try:
        script = work / "reproducer.py"
        script.write_text(text, encoding="utf-8")

        def attempt(place: int) -> Trial:
            try:
                if pythons:
                    interpreter = pythons[place]
                else:
                    note(f"installing torch {torches[place]}")
                    interpreter = make_environment((kept or work) / torches[place], torches[place], index_url=index_url)
                attempts[place] = run_script(interpreter.absolute(), script, seconds=timeout)
            except FileError as error:
                attempts[place] = Attempt(Trial.UNTESTABLE, str(error))
            note(f"{labels[place]}: {attempts[place].trial.value} ({attempts[place].text})")
            return attempts[place].trial

        result = bisect(len(labels), attempt, every=every)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if machine:
        trials = [{"version": labels[i], "trial": one.name.lower(), "text": attempts[i].text} for i, one in result.trials.items()]  # fmt: skip  # noqa: E501
        first = None if result.first_bad is None else labels[result.first_bad]
        as_json({"first_bad": first, "exact": result.exact, "trials": trials})
    elif result.first_bad is not None:
        doubt = "" if result.exact else " (those just before it could not be tried)"
        line(f"first bad: {labels[result.first_bad]}{doubt}")
    elif all(trial is Trial.GOOD for trial in result.trials.values()):
        line("no version has it")
    else:
        line("cannot be told: no version has it, but not all could be tried")
    if result.first_bad is not None:
        return int(ExitStatus.NEW_FINDINGS)
    return int(ExitStatus.CLEAN if set(result.trials.values()) == {Trial.GOOD} else ExitStatus.UNDECIDED)


def _script(source: Path, name: str | None, known_file: Path | None) -> str:
    """The script to try: the file itself, or the one of the finding."""
    from reports.files import read_text
    from reports.render.reproducer import script
    from reports.triage.runs import known_list, load_report
    from reports.triage.scripts import check_scriptable
    from reports.triage.select import select

    if name is None:
        if source.is_dir():
            raise click.UsageError(f"{source} is a folder: the ID of a finding is needed too")
        return read_text(source)
    report = load_report(source, known_list(known_file))
    row = select(report, name).row
    check_scriptable(row)
    return script(row, str(report.environment.get("torch", "?")))
