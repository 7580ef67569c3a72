"""The mutants of our own code: mutmut changes it, and what each mutant changes is told by its lines."""

from __future__ import annotations

import difflib
import hashlib
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents

PACKAGES = ("properties", "reports", "runtime_assert", "strategies", "tests")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of a function: the lines that went and those that came, without indentation.

    mutmut numbers mutants, and the numbers shift with every edit; the lines do not.
    """

    function: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.function}: {self.old!r} -> {self.new!r}"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One of mutmut's mutants. ``digest`` stands for its text, a verdict on it holds as long as that is the same."""

    name: str
    mutation: Mutation
    digest: str

    @property
    def function(self) -> str:
        """mutmut's name of the function that it is a mutant of."""
        return self.name.rpartition("__mutmut_")[0]


def function_of(name: str) -> str:
    """The function that mutmut's ``name`` of a mutant is about: ``package.module.Class.function``."""
    module, _, mangled = name.rpartition(".")
    plain = re.sub(r"__mutmut_\d+$", "", mangled)
    return f"{module}.{plain.removeprefix('xǁ').replace('ǁ', '.') if 'ǁ' in plain else plain.removeprefix('x_')}"


def mutation_of(name: str, old: Sequence[str], new: Sequence[str]) -> Mutation:
    """What mutmut's mutant ``name`` changes, from the lines of the function and those of the mutant."""
    before, after = ([line.strip() for line in lines] for lines in (old, new))
    lines = list(difflib.unified_diff(before, after, lineterm=""))[2:]
    went, came = (" ".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
    return Mutation(function_of(name), went, came)


def mutants_of(module: str, text: str) -> tuple[str, list[Mutant]]:
    """``text``, the source of ``module``, with all its mutants in it, which are asleep, and these mutants."""
    made = mutate_file_contents(module, text)
    lines, spans = made.code.splitlines(), made.line_span_by_function_name

    def body(function: str) -> list[str]:
        span = spans[function]
        return [line.replace(function, "function") for line in lines[span.start - 1 : span.end]]

    found: list[Mutant] = []
    for name in made.mutant_names:
        mutated = body(name)
        change = mutation_of(f"{module}.{name}", body(f"{name.rpartition('__mutmut_')[0]}__mutmut_orig"), mutated)
        digest = hashlib.sha256("\n".join((change.function, *mutated)).encode()).hexdigest()[:16]
        found.append(Mutant(f"{module}.{name}", change, digest))
    return made.code, found


def planted(modules: Iterable[str], source: Path, target: Path) -> list[Mutant]:
    """Copies the packages from ``source`` to ``target``, with the mutants of ``modules`` in them."""
    for package in PACKAGES:
        shutil.rmtree(target / package, ignore_errors=True)
        shutil.copytree(source / package, target / package, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    shutil.copy(source / "pyproject.toml", target)
    found: list[Mutant] = []
    for module in modules:
        path = target / f"{module.replace('.', '/')}.py"
        code, mutants = mutants_of(module, path.read_text(encoding="utf-8"))
        path.write_text(code, encoding="utf-8")
        found += mutants
    return found
