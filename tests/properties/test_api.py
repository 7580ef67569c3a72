"""The properties for one's own graphs: the documented example is true, and mistakes are one line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from properties import check
from properties.errors import UsageError
from properties.mutants import MUTANTS
from properties.verdict import Status

_TEXT = (Path(__file__).parents[2] / "docs" / "in-your-tests.md").read_text(encoding="utf-8")


def _example() -> dict[str, Any]:
    (code,) = re.findall(r"```python\n(.*?)```", _TEXT, re.S)
    names: dict[str, Any] = {}
    exec(compile(code, "docs/in-your-tests.md", "exec"), names)
    return names


@pytest.mark.parametrize("name", [name for name in _example() if name.startswith("test_")])
def test_the_documented_test_passes(name: str) -> None:
    _example()[name]()


def _traced() -> tuple[Any, Any]:
    traced: Callable[[], tuple[Any, Any]] = _example()["traced"]
    return traced()


@pytest.mark.parametrize(
    ("mutant", "code"),
    [
        ("drops-upper-bounds", "RA101"),
        ("lower-bounds-one-too-high", "RA101"),
        ("asserts-before-the-inputs", "RA202"),
        ("forgets-bindings", "RA204"),
        ("grows-on-every-run", "RA301"),
        ("messages-with-addresses", "RA304"),
        ("empties-deferred-asserts", "RA305"),
        ("asserts-twice", "RA401"),
    ],
)
def test_a_seeded_fault_is_not_proved_right(mutant: str, code: str) -> None:
    graph, env = _traced()
    report = check(graph, shape_env=env, subject=MUTANTS[mutant].subject)
    assert code in report.refuted or code in report.undecided
    assert code not in report.proved


def test_the_reference_pass_has_no_finding_and_says_what_needs_inputs() -> None:
    from runtime_assert import insert_deferred_runtime_asserts

    graph, env = _traced()
    report = check(graph, shape_env=env, subject=insert_deferred_runtime_asserts)
    assert not report.refuted
    assert {verdict.reason for verdict in report.undecided.values()} == {"needs inputs"}
    assert {"RA101", "RA301", "RA305"} <= set(report.proved)


def test_the_difference_is_shown_by_values() -> None:
    graph, env = _traced()
    verdict = check(graph, graph, shape_env=env).verdicts["RA101"]
    assert verdict.status is Status.UNDECIDED
    assert "'u0': " in verdict.detail


def test_what_only_the_pass_itself_can_tell_is_said_when_a_graph_is_given() -> None:
    graph, env = _traced()
    reasons = {code: verdict.reason for code, verdict in check(graph, graph, shape_env=env).undecided.items()}
    assert reasons["RA301"] == reasons["RA305"] == "needs the pass"
    assert reasons["RA201"] == "needs inputs"


def test_mistakes_are_named() -> None:
    graph, env = _traced()
    with pytest.raises(UsageError, match="either after="):
        check(graph, shape_env=env)
    with pytest.raises(UsageError, match="RA999"):
        check(graph, graph, shape_env=env, property_codes=("RA999",))


def test_importing_the_package_imports_no_torch() -> None:
    code = "import sys, properties; assert not {'torch', 'z3', 'sympy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
