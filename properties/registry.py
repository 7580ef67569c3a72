"""The properties by code, found by their file names; nothing is imported until one is used."""

from __future__ import annotations

import ast
import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from properties.case import Case
    from properties.verdict import Verdict

_FOLDER = Path(__file__).parent / "checks"


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its code, what it promises in a few words, and its whole text.

    ``share`` names the share of a campaign's Programs that it is asked of, because it costs much; empty for all.
    """

    code: str
    name: str
    text: str
    share: str = ""

    def check(self, case: Case) -> Verdict:
        """Decides the property on ``case``."""
        module = importlib.import_module(f"properties.checks.{self.code.lower()}")
        function: Callable[[Case], Verdict] = module.check
        return function(case)


@functools.cache
def properties() -> dict[str, Property]:
    """Every property by code, in the order of the codes."""
    found = {}
    for path in sorted(_FOLDER.glob("ra[0-9]*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        text = ast.get_docstring(module) or ""
        code, _, rest = text.splitlines()[0].partition(" ")
        found[code] = Property(code, rest.partition(":")[0], text, _share(module))
    return found


def _share(module: ast.Module) -> str:
    """The value of the module's ``SHARE``, which is read as its docstring is: without importing it."""
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            if names == ["SHARE"]:
                return str(statement.value.value)
    return ""


def explain(code: str) -> str:
    """What ``code`` guarantees, why it matters, how it is decided and what it cannot see.

    Raises:
        KeyError: if there is no such property.
    """
    return properties()[code].text
