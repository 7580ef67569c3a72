"""``runtime-assert completion``: the script by which a shell completes commands and options."""

from __future__ import annotations

import click

from reports.cli.output import line

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the completion script of a shell, to be sourced from its start-up file.

    bash: eval "$(runtime-assert completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc; fish: runtime-assert
    completion fish > ~/.config/fish/completions/runtime-assert.fish
    """
    from click.shell_completion import get_completion_class

    from reports.cli.group import PROGRAM, group

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell!r} (allowed: {', '.join(SHELLS)})")
    # The script only: asking click's bash class for its source would first start bash to ask for its version.
    completion = kind(group, {}, PROGRAM, "_RUNTIME_ASSERT_COMPLETE")
    line(kind.source_template % completion.source_vars())
