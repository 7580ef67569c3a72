"""The stand-alone scripts: plain Python over torch alone, for every kind of finding."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.model import build
from reports.render.reproducer import files, script, why_no_script
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


def run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """What a script does by itself (-I: nothing of this project can be found by it)."""
    path = folder / "reproducer.py"
    path.write_text(text)
    command = [sys.executable, "-I", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=folder)


def size(name: str) -> dict[str, Any]:
    return {"dtype": "float32", "shape": [name]}


NAMED = {"schema": 1, "dims": [3, 4], "params": [size("d0"), size("d1")], "body": [{"op": "item", "value": 7}]}
KINDS = {
    "missing": {},
    "missing, an operator rejects": {"witness": witness(rejected("check"), rejected("operator"))},
    "extra": {"direction": "extra", "property": "RA102", "witness": witness(ACCEPTED, rejected("assert"))},
    "impure": {"property": "RA305", "direction": "impure", "witness": witness(ACCEPTED, ACCEPTED)},
    "not idempotent": {"property": "RA301", "direction": "altered", "witness": witness(ACCEPTED, ACCEPTED)},
    "outputs": {"property": "RA201", "direction": "altered", "witness": witness(ACCEPTED, ACCEPTED)},
    "malformed": {"property": "RA202", "direction": "malformed", "witness": None},
    "crash": {"direction": "crash", "witness": None},
    **{
        form: of_backend(form)
        for form in ("aot_eager graph", "inductor callable", "aot_inductor package", "eager module")
    },
    **{
        f"{code} {detail}": {"property": code, "detail": detail}
        for code, detail in [
            ("RA104", ""),
            ("RA105", ""),
            ("RA203", ""),
            ("RA204", ""),
            ("RA302", ""),
            ("RA303", ""),
            ("RA304", ""),
            ("RA401", "_assert_scalar_default holds for all values"),
            ("RA401", "one follows from the other"),
            ("RA402", ""),
            ("RA403", ""),
            ("RA501", "the message is empty"),
            ("RA501", "names no condition"),
            ("RA501", "shows a condition that is not asserted"),
            ("RA501", "names the line of the check"),
            ("RA502", ""),
        ]
    },
    "devices": {"subject": "backend", "property": "RA601"},
}
FRONTENDS = ["shape_env", "make_fx", "export", "export-strict", "compile", "make_fx+deferred", "shape_env+deferred"]
FRONTENDS += [
    "export-strict+deferred",
    "compile+deferred",
    "export+decompositions",
    "export+named",
    "export+named+deferred",
]


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
        ("compile", {}, 1),
        ("export+named", {"program": NAMED}, 1),
    ],
)
def test_a_script_goes_the_way_of_its_finding(tmp_path: Path, frontend: str, changes: dict[str, Any], status: int):
    done = run(tmp_path, script(finding(frontend=frontend, **changes), "2.13.0"))
    assert done.returncode == status, done.stdout + done.stderr
    assert ("FAULT" if status else "the fault does not show") in done.stdout


DEVICES = {"subject": "backend", "property": "RA601", "direction": "missing"}


def test_a_script_between_two_devices_says_that_it_needs_cuda(tmp_path: Path):
    done = run(tmp_path, script(finding(**DEVICES), "2.13.0").replace("torch.cuda.is_available()", "False"))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "torch finds no CUDA device here" in done.stdout


@pytest.mark.parametrize(("check", "status"), [("True", 0), ("type(u0) is not int or not ONCE or not ONCE.pop()", 1)])
def test_a_script_between_two_devices_compares_how_runs_end(tmp_path: Path, check: str, status: int):
    """The second device is the CPU again; a program that rejects an input only once stands for one that differs."""
    source = finding()["source"].replace("a0.shape[0] + a1.shape[0] == u0", check)
    text = script(finding(**DEVICES, source="ONCE = [True]\n\n\n" + source), "2.13.0")
    text = text.replace('("cpu", "cuda")', '("cpu", "cpu")').replace("torch.cuda.is_available()", "True")
    done = run(tmp_path, text)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("FAULT: the devices disagree about: eager" in done.stdout) == bool(status)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"subject": "mine.py:go"}, "a finding of mine.py:go"),
        ({"example_inputs": [], "shrunk": False, "witness": None, "direction": "hang"}, "holds no inputs"),
        ({"property": "RA701", "witness": witness(ACCEPTED, ACCEPTED)}, "a difference from the reference pass"),
        ({"subject": "backend", "property": "RA602"}, "which backend disagreed"),
        ({"witness": None}, "no input that shows it"),
        ({"witness": witness(ACCEPTED, ACCEPTED)}, "the program and its graph agree"),
    ],
)
def test_what_torch_alone_cannot_show_is_said_in_one_line(changes: dict[str, Any], why: str):
    said = why_no_script(finding(**changes))
    assert why in said
    assert "\n" not in said


def test_a_script_that_fails_otherwise_says_that_it_cannot_tell(tmp_path: Path):
    text = script(finding(source="def forward(a0, a1, x0):\n    raise OSError('no such file')\n"), "2.13.0")
    done = run(tmp_path, text)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "this script cannot tell" in done.stdout


def test_a_script_through_another_front_end_calls_nothing_mended(tmp_path: Path):
    source = finding()["source"].replace("a0.shape[0] + a1.shape[0] == u0", "u0 <= 7")
    done = run(tmp_path, script(finding(source=source, frontend="shape_env", frontends={}), "2.13.0"))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "goes through another front end" in done.stdout


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
    done = run(tmp_path, script(finding(source=source), "2.13.0"))
    assert done.returncode == status, done.stdout + done.stderr
    assert ("FAULT: the graph accepts what eager rejects" in done.stdout) == bool(status)
    assert "eager                  rejects: RuntimeError" in done.stdout


def test_a_script_about_a_lost_message_compares_the_words(tmp_path: Path):
    body = "u0 = x0.item()\n    torch._assert_scalar(u0 <= 7, 'too large')\n    return a0, a1, u0"
    source = f"def forward(a0, a1, x0):\n    {body}\n"
    row = finding(property="RA502", direction="unhelpful", frontend="export", source=source)
    row["witness"]["after"] = {**row["witness"]["eager"], "by": "assert"}
    done = run(tmp_path, script(row, "2.13.0"))
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
    done = run(tmp_path, script(row, "2.13.0"))
    assert "eager                  rejects: RuntimeError" in done.stdout, done.stdout + done.stderr
    # The number is no constant: the check is about it.
    assert "n0" in done.stdout or "arg0" in done.stdout or "arg1" in done.stdout, done.stdout
