"""Finds the commands, one file each in ``commands/``, and turns every error of the user into one line."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Sequence

import click

from reports.cli import commands
from reports.cli.lazy import LazyGroup
from reports.files import FileError
from reports.folder import FolderError
from reports.known import KnownFileError
from reports.place import PlaceError, check_place
from reports.reading import ReadingError
from reports.status import MEANING, ExitStatus
from reports.store import JournalError, StoreError, WriteError
from reports.text import one_line, plain

PROGRAM = "runtime-assert"

_STATUSES = ", ".join(f"{status.value} {meaning}" for status, meaning in MEANING.items())


class Commands(LazyGroup):
    """The commands in :mod:`reports.cli.commands`."""

    def module_names(self) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def load(self, name: str) -> click.Command:
        return importlib.import_module(f"{commands.__name__}.{name}").command


@click.command(
    cls=Commands,
    name=PROGRAM,
    epilog=f"Exit status: {_STATUSES}.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name=PROGRAM, prog_name=PROGRAM)
def group() -> None:
    """Finds faults of PyTorch's runtime-assert pass, by proof and by execution."""


def run(args: Sequence[str] | None = None) -> int:
    """Runs the command line ``args`` (``sys.argv`` without its first if None) and returns the exit status."""
    try:
        check_place()
        result = group.main(args=None if args is None else list(args), prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        chosen = error.ctx.command if error.ctx else group
        names = chosen.module_names() if isinstance(chosen, LazyGroup) else []
        return _fail(f"no command given; allowed: {', '.join(names)}")
    except click.ClickException as error:
        return _fail(error.format_message())
    except WriteError as error:
        return _fail(f"{error}; what was recorded stands, --resume goes on from it", ExitStatus.INCOMPLETE)
    except (PlaceError, FileError, FolderError, KnownFileError, ReadingError, JournalError, StoreError) as error:
        return _fail(str(error))
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted", ExitStatus.INCOMPLETE)
    except BrokenPipeError:
        # Whoever read our output has stopped; what was to be written is written, and nobody reads the rest.
        sys.stdout = None
        return int(ExitStatus.CLEAN)
    except ValueError as error:
        return _fail(str(error)) if _is_usage_error(error) else _broken()
    except Exception:  # noqa: BLE001 - the rim: Python itself would exit with 1, which stands for new findings
        return _broken()
    return int(result or 0)


def _is_usage_error(error: ValueError) -> bool:
    """Whether ``error`` is the campaign's UsageError, whose module is loaded only if a command needed it."""
    module = sys.modules.get("properties.errors")
    return module is not None and isinstance(error, module.UsageError)


def _broken() -> int:
    traceback.print_exc()
    return _fail("this tool failed, see above", ExitStatus.TOOL_ERROR)


def _fail(message: str, status: ExitStatus = ExitStatus.USAGE) -> int:
    print(f"{PROGRAM}: {one_line(plain(message), 1000)}", file=sys.stderr)
    return int(status)
