"""Certificates: what one solver proved another one confirms, from files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cvc5 as cvc5_module
import pytest

from properties.campaign.plan import audit_plan
from properties.campaign.shard import run_shard
from properties.certificates import manifest, smtlib
from strategies.terms import Var, apply


def _answer(text: str) -> str:
    cvc5: Any = cvc5_module
    solver = cvc5.Solver()
    solver.setOption("tlimit-per", "20000")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "certificate")
    symbols = parser.getSymbolManager()
    while True:
        command = parser.nextCommand()
        if command.isNull():
            raise AssertionError("the certificate asks nothing")
        found = command.invoke(solver, symbols).strip()
        if found:
            return found


def test_a_second_solver_confirms_the_certificates_of_a_run(tmp_path: Path) -> None:
    plan = audit_plan(subjects=("reference", "mutant:drops-equalities"), frontends=("shape_env",), programs=25, jobs=1,
                      certificates=str(tmp_path))  # fmt: skip
    run_shard(plan, 0, 0, 25)
    rows = manifest(tmp_path)
    assert {row["expected"] for row in rows} >= {"unsat", "sat"}
    answers = {str(row["file"]): _answer((tmp_path / str(row["file"])).read_text()) for row in rows}
    assert {str(row["file"]): row["expected"] for row in rows} == answers


def test_every_file_is_in_the_manifest_and_the_other_way_round(tmp_path: Path) -> None:
    plan = audit_plan(
        subjects=("reference",), frontends=("shape_env",), programs=10, jobs=1, certificates=str(tmp_path)
    )
    run_shard(plan, 0, 0, 10)
    assert {str(row["file"]) for row in manifest(tmp_path)} == {path.name for path in tmp_path.glob("*.smt2")}


@pytest.mark.parametrize(
    ("hold", "broken", "expected"),
    [
        (apply("ge", "u0", 3), apply("ge", apply("floordiv", "u0", -2), -9), "sat"),
        (apply("float_ge", Var("f", "float"), 1.5), apply("float_gt", Var("f", "float"), 1.0), "unsat"),
        (apply("eq", apply("mod", "u0", 4), 1), apply("eq", apply("mod", "u0", 2), 1), "unsat"),
    ],
)
def test_a_question_means_the_same_to_the_second_solver(hold, broken, expected) -> None:
    assert _answer(smtlib([hold], [broken])) == expected
