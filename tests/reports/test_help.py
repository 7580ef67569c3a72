"""Every command's help: fast, without anything heavy, and the same as its page in docs/commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from reports.cli import main
from reports.cli.commands.completion import SHELLS
from reports.cli.group import group
from reports.cli.manual import command_paths, page

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ["torch", "z3", "sympy", "hypothesis", "rich", "jinja2", "tomlkit", "ray"]
PATHS = [" ".join(path) for path in command_paths(group)]


def test_there_is_help_for_every_command():
    assert {"audit", "explain", "triage list", "triage bisect", "completion"} <= set(PATHS)


def test_no_help_loads_anything_heavy():
    """One process asks for the help of every command and tells what was loaded."""
    code = (
        "import json, sys\nfrom reports.cli import main\n"
        f"for path in {PATHS!r}:\n    assert main([*path.split(), '--help']) == 0\n"
        f"print(json.dumps(sorted(set({HEAVY!r}) & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert json.loads(done.stdout.splitlines()[-1]) == [], done.stderr


@pytest.mark.parametrize("path", PATHS)
def test_the_page_of_a_command_is_its_help(path: str):
    """Written by ``python -m reports.cli.manual docs/commands``."""
    file = ROOT / "docs" / "commands" / f"{path.replace(' ', '-') or 'runtime-assert'}.md"
    assert page(group, path.split()) == file.read_text(encoding="utf-8")


def test_no_page_is_left_of_a_command_that_is_gone():
    expected = {f"{path.replace(' ', '-') or 'runtime-assert'}.md" for path in PATHS}
    assert {file.name for file in (ROOT / "docs" / "commands").glob("*.md")} == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]):
    assert main(["completion", shell]) == 0
    assert "_RUNTIME_ASSERT_COMPLETE" in capsys.readouterr().out


def test_commands_and_options_are_completed():
    def complete(words: str, last: int) -> str:
        environment = {**os.environ, "_RUNTIME_ASSERT_COMPLETE": "bash_complete"}
        environment |= {"COMP_WORDS": words, "COMP_CWORD": str(last), "PYTHONPATH": str(ROOT)}
        code = "import sys; sys.argv[0] = 'runtime-assert'; from reports.cli import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment
        ).stdout

    assert "plain,bisect" in complete("runtime-assert triage bi", 2)
    assert "plain,--subject" in complete("runtime-assert audit --sub", 2)


def test_every_option_says_what_it_is_for():
    for path in command_paths(group):
        command: click.Command = group
        for name in path:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), name)
            assert found is not None
            command = found
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert param.help, f"{' '.join(path)} {param.name}"


def test_the_description_of_the_command_line_names_every_option():
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name, command in ((name, group.get_command(click.Context(group), name)) for name in PATHS if " " not in name):
        if not name or command is None or isinstance(command, click.Group):
            continue
        for param in command.params:
            option = max(param.opts, key=len)
            if isinstance(param, click.Option) and not param.hidden and option != "--help":
                assert f"{option} " in text or f"{option}]" in text, f"{name} {option}"
