"""The stand-alone scripts: plain Python over torch alone, for every kind of finding."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.model import build
from reports.render.reproducer import files, script, scriptable
from tests.reports.conftest import finding, log

ACCEPTED = {"outcome": "accepted", "by": "", "error": "", "text": ""}


def rejected(by: str) -> dict[str, str]:
    return {"outcome": "rejected", "by": by, "error": "RuntimeError", "text": "no"}


def witness(eager: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    return {**finding()["witness"], "eager": eager, "after": after}


def of_backend(form: str) -> dict[str, Any]:
    others = {form: ACCEPTED}
    ran = {**witness(rejected("check"), rejected("assert")), "others": others}
    return {"subject": "backend", "stage": "backend", "property": "RA602", "witness": ran}


KINDS = {
    "missing": {},
    "missing, an operator rejects": {"witness": witness(rejected("check"), rejected("operator"))},
    "extra": {"direction": "extra", "property": "RA102", "witness": witness(ACCEPTED, rejected("assert"))},
    "impure": {"property": "RA305", "direction": "impure", "witness": witness(ACCEPTED, ACCEPTED)},
    "not idempotent": {"property": "RA301", "direction": "altered", "witness": witness(ACCEPTED, ACCEPTED)},
    "outputs": {"property": "RA201", "direction": "altered", "witness": witness(ACCEPTED, ACCEPTED)},
    "malformed": {"property": "RA202", "direction": "malformed", "witness": None},
    "crash": {"direction": "crash", "witness": None},
    **{form: of_backend(form) for form in ("aot_eager graph", "inductor callable", "aot_inductor package")},
}
FRONTENDS = ["shape_env", "make_fx", "export", "export-strict", "compile", "make_fx+deferred", "shape_env+deferred"]
FRONTENDS += ["export-strict+deferred", "compile+deferred", "export+decompositions"]


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_script_compiles_and_imports_only_torch_and_the_standard_library(kind: str, frontend: str):
    text = script(finding(**{**KINDS[kind], "frontend": frontend}), "2.13.0")
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"torch"}


@pytest.mark.parametrize(
    ("frontend", "changes", "status"),
    [
        # torch.compile lets the guards of the wrong assert through, so that it shows what the pass got wrong.
        ("compile", of_backend("aot_eager callable"), 1),
        ("make_fx", of_backend("aot_eager graph"), 0),
        ("export+decompositions", {}, 1),
        ("export+deferred", {}, 0),
    ],
)
def test_a_script_goes_the_way_of_its_finding(tmp_path: Path, frontend: str, changes: dict[str, Any], status: int):
    path = tmp_path / "reproducer.py"
    path.write_text(script(finding(frontend=frontend, **changes), "2.13.0"))
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, timeout=200, cwd=tmp_path)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("FAULT" if status else "the fault does not show") in done.stdout


def test_a_finding_between_two_devices_gets_no_script():
    ran = {**finding()["witness"], "others": {"cuda": ACCEPTED}}
    assert not scriptable(finding(subject="backend", property="RA601", witness=ran))


def test_only_what_the_installed_torch_shows_alone_gets_a_script():
    rows = [
        finding(id="00000001", bucket="000000000001", subject="torch"),
        finding(id="00000002", bucket="000000000002", subject="frontend"),
        finding(id="00000003", bucket="000000000003", subject="reference"),
        finding(id="00000004", bucket="000000000004", subject="mine.py:go"),
    ]
    made = [path for path, _ in files(build(log(*rows), ()))]
    assert made == ["findings/00000002.py", "findings/00000001.py"]


@pytest.mark.parametrize(
    ("frontends", "expected", "note"),
    [
        ({"make_fx": "REFUTED(missing)", "export": "REFUTED(missing)"}, "make_fx", "make_fx shows it as well"),
        ({"make_fx": "PROVED", "export": "REFUTED(missing)"}, "torch.export.export(", "export shows it as well"),
        ({"make_fx": "PROVED"}, "make_fx", "may not show"),
    ],
)
def test_a_finding_of_shape_env_takes_a_route_that_shows_it(frontends: dict[str, str], expected: str, note: str):
    text = script(finding(frontend="shape_env", frontends=frontends), "2.13.0")
    assert expected in text
    assert note in text


@pytest.mark.parametrize(("check", "status"), [("a0.shape[0] + a1.shape[0] == u0", 1), ("u0 <= 7", 0)])
def test_a_script_run_by_itself_tells_a_fault_from_none(tmp_path: Path, check: str, status: int):
    source = finding()["source"].replace("a0.shape[0] + a1.shape[0] == u0", check)
    path = tmp_path / "reproducer.py"
    path.write_text(script(finding(source=source), "2.13.0"))
    # -I: nothing of this project can be found by it.
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("FAULT: the graph accepts what eager rejects" in done.stdout) == bool(status)
    assert "eager                  rejects: RuntimeError" in done.stdout


def test_a_script_about_a_lost_message_compares_the_words(tmp_path: Path):
    body = "u0 = x0.item()\n    torch._assert_scalar(u0 <= 7, 'too large')\n    return a0, a1, u0"
    source = f"def forward(a0, a1, x0):\n    {body}\n"
    row = finding(property="RA502", direction="unhelpful", frontend="export", source=source)
    row["witness"]["after"] = {**row["witness"]["eager"], "by": "assert"}
    path = tmp_path / "reproducer.py"
    path.write_text(script(row, "2.13.0"))
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAULT: the assert does not say what the check says" in done.stdout


@pytest.mark.parametrize("frontend", ["make_fx", "export"])
def test_a_script_with_inputs_that_are_numbers_makes_them_symbolic(tmp_path: Path, frontend: str):
    body = ("u0 = x0.item()", "torch._check(u0 + n0 == a0.shape[0])", "return torch.zeros(u0)")
    source = "\n    ".join(("def forward(n0, a0, x0):", *body))
    made = {"example_inputs": ["3", "torch.ones(5)", "torch.tensor([2])"], "dynamic": [[], [0], []]}
    inputs = ["4", "torch.ones(5)", "torch.tensor([3])"]
    row = finding(
        source=source,
        frontend=frontend,
        input_names=["n0", "a0", "x0"],
        witness={**finding()["witness"], "inputs": inputs},
        **made,
    )
    path = tmp_path / "reproducer.py"
    path.write_text(script(row, "2.13.0"))
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert "eager                  rejects: RuntimeError" in done.stdout, done.stdout + done.stderr
    # The number is no constant: the check is about it.
    assert "n0" in done.stdout or "arg0" in done.stdout or "arg1" in done.stdout, done.stdout
