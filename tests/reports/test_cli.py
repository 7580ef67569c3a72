"""The command line: starts fast, refuses in one line, and ends with the status that the report calls for."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sqlite3
import subprocess
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from properties.campaign.plan import audit_plan
from properties.campaign.units import Limits
from properties.errors import UsageError
from reports.cli import campaign, main
from tests.reports.conftest import ENVIRONMENT, finding, shard, tally

ROOT = Path(__file__).resolve().parents[2]
HEAD = {"kind": "run", "schema": 1, "id": "r1", "started": "2026-01-01T00:00:00Z", "environment": ENVIRONMENT}
HEAVY = {"torch", "z3", "sympy", "hypothesis", "rich", "jinja2"}


def started(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The real command line in a process of its own."""
    command = [sys.executable, "-m", "reports", *args]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, **options)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a campaign in place that emits given rows instead of tracing programs."""

    def install(*rows: Mapping[str, Any], interrupted: bool = False, replayed: Mapping[str, Any] | None = None) -> None:
        def run(plan: Any, append: Callable[[Mapping[str, Any]], None], **_: Any) -> bool:
            for number, row in enumerate(rows):
                append({"kind": "unit", "unit": ["search", 0, number], "rows": [row], "hits": []})
            if interrupted:
                os.kill(os.getpid(), signal.SIGTERM)
            return True

        def rows_of(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
            units = [row for record in records if record["kind"] == "unit" for row in record["rows"]]
            return [records[0], *units, records[-1]]

        def check_arguments(subjects: tuple[str, ...], *_: object) -> None:
            if "broken" in subjects:
                raise UsageError("subject 'broken' is unknown; allowed: reference, torch")

        module = types.SimpleNamespace(
            audit_plan=audit_plan,
            check_arguments=check_arguments,
            head=lambda plan, command: {**HEAD, "plan": plan.to_json(), "command": command},
            run=run,
            rows_of=rows_of,
            Limits=Limits,
            replay=lambda *_, **__: replayed,
        )
        monkeypatch.setattr(campaign, "_campaign", lambda: module)

    return install


SHARDS = [shard(cell, 0) for cell in (0, 1)]
AUDIT = (
    "audit",
    "--search-only",
    "--frontend",
    "shape_env",
    "--frontend",
    "make_fx",
    "--programs",
    "50",
    "--jobs",
    "1",
)


def test_help_leaves_everything_heavy_unloaded():
    code = f"import sys; from reports.cli import main; main(['--help']); print(sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("audit", "explain", "replay", "versions"):
        assert command in done.stdout


@pytest.mark.parametrize("command", ["explain", "versions"])
def test_light_commands_leave_torch_unloaded(command: str):
    code = f"import sys; from reports.cli import main; print(main(['{command}']), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "0 False"


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        ([], ["no command", "audit"]),
        (["nope"], ["'nope'", "audit", "replay"]),
        (["audit", "--nope"], ["--nope"]),
        (["audit", "--jobs", "none"], ["'none'", "auto"]),
        (["audit", "--jobs", "0"], ["'0'", "auto"]),
        (["audit", "--seed", "-1"], ["-1"]),
        (["audit", "--programs", "0"], ["programs=0", "at least 1"]),
        (["audit", "--programs-scale", "nan"], ["programs-scale=nan"]),
        (["audit", "--programs", "1", "--programs-scale", "1"], ["--programs-scale"]),
        (["audit", "--frontend", "onnx"], ["'onnx'", "shape_env, make_fx, export"]),
        (["audit", "--property", "RA999"], ["'RA999'", "RA101"]),
        (["audit", "--known", "none.toml"], ["none.toml", "cannot be read"]),
        (["audit", "--output", "file"], ["file", "is not a folder"]),
        (["audit", "--output", "foreign"], ["foreign", "holds something else"]),
        (["audit", "--output", "/proc/nowhere"], ["/proc/nowhere", "cannot be written"]),
        (["explain", "RA999"], ["'RA999'", "RA101"]),
        (["replay"], ["FILE"]),
        (["replay", "none.json"], ["none.json", "cannot be read"]),
        (["replay", "foreign/thesis.json"], ["thesis.json", "not a finding"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    parts: list[str],
):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.json").write_text("{}")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    assert main(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("runtime-assert: ")
    assert err.count("\n") == 1
    for part in parts:
        assert part in err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("subject.py", "raise RuntimeError('two\\nlines')", "RuntimeError: two"),
        ("subject.py", "import sys; sys.exit(3)", "exits when it is imported"),
        ("subject.py", "go = 3", "has no callable"),
        ("subject.py", "def go(gm): pass", "(gm, shape_env, name, export=False)"),
        ("subject.py", "class go: pass", "(gm, shape_env, name, export=False)"),
        ("other.py", "", "there is no file"),
        ("subject.py", "def go(:", "SyntaxError"),
    ],
    ids=["raises", "exits", "no callable", "other arguments", "no arguments", "no file", "no Python"],
)
def test_a_subject_that_cannot_be_used_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, part: str
):
    (tmp_path / name).write_text(text)
    target = tmp_path / "out"
    assert main(["audit", "--subject", f"{tmp_path}/subject.py:go", "--output", str(target)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("runtime-assert: ")
    assert part in err
    assert not target.exists()


def test_a_process_of_its_own_says_one_line_and_exits_with_2(tmp_path: Path):
    done = started("audit", "--subject", "nope", "--output", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "'nope'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_ours_is_no_finding(tmp_path: Path, fake: Callable[..., None], capsys: pytest.CaptureFixture[str]):
    fake({"kind": "shard"})
    assert main([*AUDIT, "--output", str(tmp_path / "out")]) == 3
    assert "KeyError" in capsys.readouterr().err
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["journal.jsonl"]


def test_a_refused_subject_leaves_nothing_behind(tmp_path: Path, fake: Callable[..., None]):
    fake()
    assert main([*AUDIT, "--subject", "broken", "--output", str(tmp_path / "out")]) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (SHARDS, 0),
        ([*SHARDS, finding(subject="reference")], 1),
        ([*SHARDS, {"kind": "tool_error", "where": "w", "text": "t", "program": None, "case": {}}], 3),
        ([shard(0, 0, torch=tally(proved=49, undecided={"rlimit": 1})), SHARDS[1]], 4),
        (SHARDS[:1], 5),
    ],
    ids=["clean", "finding", "tool error", "undecided", "incomplete"],
)
def test_an_audit_writes_its_report_and_exits_with_its_status(
    tmp_path: Path, fake: Callable[..., None], capsys: pytest.CaptureFixture[str], rows: list[Any], expected: int
):
    fake(*rows)
    target = tmp_path / "out"
    assert main([*AUDIT, "--output", str(target)]) == expected
    assert json.loads((target / "run.json").read_text())["status"] == expected
    out, err = capsys.readouterr()
    assert "reference" in out
    assert f"{target}/index.html" in out
    assert f"(exit status {expected})" in out.splitlines()[-1]
    assert "100 programs" in err


def test_the_users_list_of_known_findings_excuses_a_finding(tmp_path: Path, fake: Callable[..., None]):
    fake(*SHARDS, finding(subject="mine.py:go"))
    known = tmp_path / "known.toml"
    known.write_text(
        '[[known]]\nid = "mine"\ntitle = "t"\nurl = "https://example.org"\nproperty = "RA101"\n'
        'direction = "missing"\n'
        'subject = "mine.py:go"\nsignature = "RA101 missing *"\nversions = ">=2.11"\n'
    )
    command = [*AUDIT, "--output", str(tmp_path / "out")]
    assert main(command) == 1
    assert main([*command, "--known", str(known)]) == 0


def test_an_interrupted_audit_reports_what_it_has_and_exits_with_5(
    tmp_path: Path, fake: Callable[..., None], capsys: pytest.CaptureFixture[str]
):
    handler = signal.getsignal(signal.SIGTERM)
    fake(SHARDS[0], interrupted=True)
    assert main([*AUDIT, "--output", str(tmp_path / "out")]) == 5
    assert signal.getsignal(signal.SIGTERM) is handler
    document = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (document["complete"], document["subjects"]["torch"]["programs"]) == (False, 50)
    assert "make_fx (0 of 50)" in capsys.readouterr().out


def test_json_prints_what_run_json_holds(tmp_path: Path, fake: Callable[..., None], capsys: pytest.CaptureFixture[str]):
    fake(*SHARDS)
    assert main([*AUDIT, "--json", "--output", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "run.json").read_text())


REPLAYED = {
    "kind": "replay", "subject": "torch", "frontend": "make_fx", "source": "def forward(x0):\n    return x0\n",
    "valid": True, "refusal": "", "verdicts": {"RA101": "PROVED"}, "findings": [], "errors": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected", "said"),
    [
        ({}, 0, "no fault shows"),
        ({"findings": [finding()], "verdicts": {"RA101": "REFUTED(missing)"}}, 1, "the fault shows"),
        ({"errors": ["tool: broke"], "verdicts": {}}, 3, "this tool failed"),
        ({"refusal": "data-dependent", "verdicts": {}}, 4, "not captured"),
        ({"verdicts": {"RA101": "UNDECIDED(rlimit)"}}, 4, "nothing is decided"),
        ({"verdicts": {}}, 4, "nothing is decided"),
    ],
    ids=["clean", "shows", "tool error", "not captured", "undecided", "nothing"],
)
def test_a_replay_says_whether_the_fault_shows(
    tmp_path: Path,
    fake: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    expected: int,
    said: str,
):
    fake(replayed={**REPLAYED, **change})
    file = tmp_path / "finding.json"
    file.write_text(json.dumps(finding()))
    assert main(["replay", str(file)]) == expected
    out, err = capsys.readouterr()
    assert "def forward(x0):" in out
    assert said in err
    if expected == 1:
        assert "constraint    a0.shape[0] + a1.shape[0] == u0" in out
        assert "eager         rejects by a check: RuntimeError: Expected cond" in out
        assert "graph after   accepts" in out


def test_explain_prints_a_propertys_text(capsys: pytest.CaptureFixture[str]):
    assert main(["explain", "RA101"]) == 0
    assert capsys.readouterr().out.startswith("RA101 emits what is required")


def test_explain_and_versions_speak_json(capsys: pytest.CaptureFixture[str]):
    assert main(["explain", "--json"]) == 0
    assert {"code": "RA101", "name": "emits what is required"}.items() <= json.loads(capsys.readouterr().out)[0].items()
    assert main(["versions", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["torch"].startswith("2.")


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m reports explain RA101 RA102 RA201 RA305 | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.stderr == ""


def test_triage_reads_what_a_run_wrote(fake: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Both ends at once: a plan as a run writes it down, and what the readers of a log ask of it."""
    fake(*SHARDS, finding())
    target = str(tmp_path / "out")
    assert main([*AUDIT, "--output", target]) == 0
    capsys.readouterr()
    assert main(["triage", "list", target]) == 0
    assert "0a1b2c3d" in capsys.readouterr().out
    for command in (["show", target, "0a1b"], ["issue", target, "0a1b"], ["repro", target, "0a1b"]):
        assert main(["triage", *command]) == 0
    assert main(["triage", "diff", target, target]) == 0


@pytest.mark.parametrize(
    ("args", "status"),
    [(["triage", "diff", "clean", "found"], 1), (["triage", "list", "found"], 0), (["explain", "--json"], 0)],
)
def test_the_exit_status_does_not_depend_on_who_reads(
    fake: Callable[..., None], tmp_path: Path, args: list[str], status: int
):
    """As with ``| head -0``: the reader is gone before the first line comes."""
    known = tmp_path / "known.toml"
    known.write_text("")
    for name, rows in (("clean", SHARDS), ("found", [*SHARDS, finding(direction="extra", signature="RA101 extra x")])):
        fake(*rows)
        main([*AUDIT, "--output", str(tmp_path / name)])
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "reports", *args]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120, env=environment, cwd=tmp_path
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (status, "")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: sqlite3.connect(path).execute("PRAGMA user_version = 999"), "a store of schema 999, newer than"),
        (lambda path: path.write_bytes(b"no database" * 100), "file is not a database"),
        (lambda path: path.mkdir(), "unable to open database file"),
        (lambda path: path.rmdir() if path.exists() else None, ""),
    ],
)
def test_a_store_that_cannot_be_used_is_told_before_any_work(
    fake: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    made: Callable[[Path], Any],
    said: str,
):
    fake(*SHARDS)
    store = tmp_path / "store.sqlite"
    made(store)
    target = tmp_path / "out"
    assert main([*AUDIT, "--output", str(target), "--store", str(store)]) == (2 if said else 0)
    if said:
        assert said in capsys.readouterr().err
        assert not target.exists()


def _limited(kibibytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line with a quick engine where no file may grow beyond a size: what a full disk looks like."""
    command = f"ulimit -f {kibibytes}; exec {sys.executable} -m tests.soak.stand_in fuzz {' '.join(arguments)}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=120, env=environment, cwd=ROOT
    )


@pytest.mark.parametrize(
    ("kibibytes", "what"), [(24, "journal.jsonl"), (39, "cannot be written"), (56, "store.sqlite")]
)
def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(tmp_path: Path, kibibytes: int, what: str):
    """In the middle of the search, while the report is written, and at the store."""
    target = str(tmp_path / "out")
    done = _limited(kibibytes, "--programs 1200 --subject torch --frontend shape_env --output", target)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 5, done.stderr
    assert what in last
    assert last.endswith("what was recorded stands, --resume goes on from it")
    assert "Traceback" not in done.stderr
    again = _limited(100_000, "--resume", target)
    assert again.returncode == 1, again.stderr
    assert "resuming: " in again.stderr
    assert "7 new findings in torch" in again.stdout


@pytest.mark.parametrize("name", ["audit", "fuzz"])
def test_a_second_opinion_needs_the_second_solver(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda one: None if one == "cvc5" else found(one))
    assert main([name, "--second-opinion", "--output", str(tmp_path / "new")]) == 2
    assert "--second-opinion: cvc5 is not installed" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
