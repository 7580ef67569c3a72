"""A group of commands that are modules, each imported when it is asked for and not before."""

from __future__ import annotations

import click


class LazyGroup(click.Group):
    """A group whose commands are modules, each holding ``command``; subclasses say which and load them."""

    def module_names(self) -> list[str]:
        """The names of the commands, in order."""
        raise NotImplementedError

    def load(self, name: str) -> click.Command:
        """The command ``name``, one of :meth:`module_names`."""
        raise NotImplementedError

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self.module_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.load(cmd_name) if cmd_name in self.module_names() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.module_names():
            raise click.UsageError(f"unknown command {args[0]!r}; allowed: {', '.join(self.module_names())}", ctx)
        return super().resolve_command(ctx, args)
