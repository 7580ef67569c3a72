"""The pages of docs/commands, one a command, made from the help itself: ``python -m reports.cli.manual DIR``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from reports.cli.group import PROGRAM

_WIDTH = 100


def command_paths(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command below ``group`` by its words, the group itself first."""
    yield above
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from command_paths(found, (*above, name))
        elif found is not None:
            yield (*above, name)


def page(group: click.Group, words: list[str]) -> str:
    """The page of the command that ``words`` name: its help as the terminal shows it, at a fixed width."""
    command: click.Command = group
    names = group.context_settings.get("help_option_names")
    context = click.Context(group, info_name=PROGRAM, terminal_width=_WIDTH, help_option_names=names)
    for word in words:
        if not isinstance(command, click.Group):
            raise ValueError(f"{word!r}: not a group of commands")
        found = command.get_command(context, word)
        if found is None:
            raise ValueError(f"no command {word!r}")
        command = found
        context = click.Context(command, info_name=word, parent=context, terminal_width=_WIDTH)
    title = " ".join([PROGRAM, *words])
    note = "Made from the command's own help by `python -m reports.cli.manual docs/commands`."
    return f"# {title}\n\n```\n{command.get_help(context).rstrip()}\n```\n\n{note}\n"


def write(group: click.Group, folder: Path) -> None:
    """Writes every page to ``folder``, and removes those of commands that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    made = set()
    for path in command_paths(group):
        file = folder / f"{'-'.join(path) or PROGRAM}.md"
        file.write_text(page(group, list(path)), encoding="utf-8")
        made.add(file)
    for file in folder.glob("*.md"):
        if file not in made:
            file.unlink()


if __name__ == "__main__":
    from reports.cli.group import group

    write(group, Path(sys.argv[1]))
