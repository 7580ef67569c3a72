"""Triage: what people do with the findings of a run, from the command line and in files that they review."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.cli import main
from reports.model import build
from reports.publish import publish
from reports.triage.bisect import Trial, bisect
from reports.triage.diff import diff
from tests.reports.conftest import ENTRY, finding, log, shard

A, B = "0123456789ab", "f" * 12
SECOND = finding(id="ffffffff", bucket=B, signature="RA101 missing lt(item)", constraint="u0 < 9", cause="bound")
MINE = finding(id="33333333", bucket="3" * 12, subject="mine.py:go")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The folder of a run with two known findings, one of another subject, and a vector that showed no fault; it is the
    current folder's ``out``."""
    monkeypatch.chdir(tmp_path)
    mended = {"kind": "vector", "vector": "crash-of-metadata", "shows": False, "failed": []}
    publish(Path("out"), build(log(finding(), SECOND, MINE, mended), ()))
    return "out"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def called(*args: str) -> tuple[int, str, str]:
        status = main(["triage", *args])
        out, err = capsys.readouterr()
        return status, out, err

    return called


def test_the_list_groups_buckets_by_coarse_cause(run: str, call: Call):
    status, out, _ = call("list", run)
    assert status == 0
    assert "torch: RA101 missing: bound\n  ffffffff" in out
    assert "known as vacuous-equality" in out
    document = json.loads(call("list", run, "--json", "--new")[1])
    assert [one["id"] for one in document["findings"]] == ["33333333"]
    assert [one["id"] for one in document["known_not_seen"]] == ["crash-of-metadata"]


@pytest.mark.parametrize("name", ["ffffffff", "ffff", B, "0123456789"])
def test_a_finding_is_shown_by_id_bucket_or_beginning(run: str, call: Call, name: str):
    status, out, _ = call("show", run, name)
    assert status == 0
    for part in ("torch._check(a0.shape[0] + a1.shape[0] == u0)", "eager         rejects by a check", "log line"):
        assert part in out


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["show", "out", "zz"], "no finding is called 'zz'"),
        (["show", "out", ""], "no finding is called ''"),
        (["show", "none", "ffff"], "cannot be read"),
        (["show", ".", "ffff"], "holds no log.jsonl"),
        (["list", "out/findings.jsonl"], "first row has to be of kind 'run'"),
        (["list", "out/index.html"], "not JSON"),
        (["list", "out", "--known", "none.toml"], "none.toml"),
        (["merge", "out", "ffff", "ffff"], "already"),
        (["split", "out", "ffff"], "neither merged nor parted"),
        (["accept", "out", "3333", "--url", "javascript:1"], "url="),
        (["accept", "out", "3333", "--url", "https://x.org", "--versions", "new"], "versions='new'"),
        (["accept", "out", "3333", "--url", "https://x.org", "--name", "A b"], "id='A b'"),
        (["accept", "out", "ffff", "--url", "https://x.org"], "known already as dropped-bound"),
        (["accept", "out", "3333", "--url", "https://x.org", "--name", "dropped-bound"], "exists"),
        (["diff", "out", "out", "--subjects", "torch"], "two names"),
        (["diff", "out", "out", "--subjects", "torch,nobody"], "no subject 'nobody'"),
        (["repro", "out", "3333"], "a finding of mine.py:go"),
        (["issue", "out", "3333"], "a finding of mine.py:go"),
        (["bisect", "out", "ffff"], "--python PATH... and --torch"),
        (["bisect", "out", "--torch", "2.12.0"], "the ID of a finding is needed"),
        (["bisect", "out", "ffff", "--torch", "2.12.0,latest"], "'latest'"),
        (["bisect", "out", "ffff", "--torch", "2.12.0,--pre"], "'--pre'"),
        (["bisect", "out", "ffff", "--python", "nowhere"], "there is no such file"),
        (["bisect", "out", "ffff", "--python", "out/run.json"], "cannot be executed"),
        (["replay", "out"], "RUN and ID are needed"),
        ([], "no command given"),
        (["nope"], "unknown command 'nope'; allowed: accept"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistakes_are_one_line_and_change_nothing(run: str, call: Call, tmp_path: Path, args: list[str], part: str):
    before = sorted(tmp_path.rglob("*"))
    status, out, err = call(*args)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("runtime-assert: ")
    assert part in err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_merge_is_kept_beside_the_known_list_and_a_split_takes_it_back(run: str, call: Call):
    (Path("lists")).mkdir()
    known = Path("lists/mine.toml")
    known.write_text("# nothing yet\n")
    assert call("merge", run, A, B, "--note", "same cause", "--known", str(known))[0] == 0
    text = Path("lists/buckets.toml").read_text()
    for part in (f'bucket = "{B}"', f'into = "{A}"', 'signature = "RA101 missing lt(item)"', 'note = "same cause"'):
        assert part in text
    shown = json.loads(call("list", run, "--json", "--known", str(known))[1])["findings"]
    assert [(one["bucket"], one["rows"]) for one in shown if one["subject"] == "torch"] == [(A, 2)]
    assert call("split", run, B, "--known", str(known))[0] == 0
    shown = json.loads(call("list", run, "--json", "--known", str(known))[1])["findings"]
    assert {one["bucket"] for one in shown} == {A, B, "3" * 12}


def test_what_a_person_wrote_into_the_file_stays(run: str, call: Call):
    Path("buckets.toml").write_text('# reviewed by Ada\n\n[[split]]\nbucket = "111111111111"\nby = "frontend" # why\n')
    assert call("merge", run, A, B)[0] == 0
    assert call("split", run, A, "--by", "stage")[0] == 0
    text = Path("buckets.toml").read_text()
    assert text.startswith('# reviewed by Ada\n\n[[split]]\nbucket = "111111111111"\nby = "frontend" # why\n')
    assert text.count("[[split]]") == 2


def test_a_circle_of_merges_is_refused_and_the_file_stays(run: str, call: Call):
    Path("buckets.toml").write_text(f'[[merge]]\nbucket = "{B}"\ninto = "999999999999"\n')
    before = Path("buckets.toml").read_text()
    Path("buckets.toml").write_text(before + f'[[merge]]\nbucket = "999999999999"\ninto = "{B}"\n')
    status, _, err = call("list", run)
    assert status == 2
    assert "circle" in err


def test_an_accepted_finding_fails_no_later_run(run: str, call: Call):
    Path("known.toml").write_text("# our list\n")
    args = ("--url", "https://example.org/7", "--name", "mine", "--expires", "2027-01-31", "--note", "two\nlines")
    assert call("accept", run, "3333", *args)[0] == 0
    text = Path("known.toml").read_text()
    assert text.startswith("# our list\n")
    assert "expires = 2027-01-31" in text
    assert 'versions = "==2.13.0"' in text
    assert json.loads(Path("vectors/mine.json").read_text())["program"] == MINE["program"]
    assert json.loads(call("list", run, "--json", "--new")[1])["findings"] == []


def test_vectors_of_known_entries_are_replayed_and_stale_ones_reported(
    run: str, call: Call, monkeypatch: pytest.MonkeyPatch
):
    for name, more in (("there", ()), ("gone", ()), ("old", ("--expires", "2020-01-01"))):
        row = {"there": "3333", "gone": "4444", "old": "5555"}[name]
        publish(Path(name), build(log(finding(id=row * 2, bucket=row * 3, subject=f"{name}.py:go")), ()))
        assert call("accept", name, row, "--url", "https://example.org", "--name", name, *more)[0] == 0
    from reports.cli import campaign

    def replayed(program: Any, *, subject: str, frontend: str, codes: tuple[str, ...]) -> dict[str, Any]:
        found = [finding(subject=subject)] if subject == "there.py:go" else []
        return {"findings": found, "errors": [], "refusal": "", "verdicts": {}}

    monkeypatch.setattr(campaign, "replay", replayed)
    status, out, _ = call("replay", "--vectors")
    assert status == 1
    assert "there: reproduces\n" in out
    assert "gone: no longer reproduces\n" in out
    assert "old: has expired (on 2020-01-01)\n" in out


def after(*rows: dict[str, Any], **options: Any) -> Any:
    return build(log(*rows, **options), [ENTRY])


def test_a_diff_tells_new_fixed_and_remaining_causes():
    result = diff(after(finding(), SECOND), after(finding(id="99999999"), MINE))
    assert [one.finding.id for one in result.new] == ["33333333"]
    assert [one.finding.id for one in result.fixed] == ["ffffffff"]
    assert [one.finding.id for one in result.still] == ["99999999"]
    assert result.status == 1


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ((finding(), SECOND), 0),
        ((finding(),), 0),
        ((), 0),
        ((finding(), SECOND, MINE), 1),
    ],
    ids=["same", "one fixed", "all fixed", "one new"],
)
def test_the_status_of_a_diff(rows: tuple[dict[str, Any], ...], status: int):
    assert diff(after(finding(), SECOND), after(*rows)).status == status


def test_what_a_run_did_not_look_for_is_not_called_fixed():
    short = diff(after(finding(frontend="export")), after())
    assert (short.fixed, [one.finding.id for one in short.not_looked], int(short.status)) == ((), ["0a1b2c3d"], 5)
    assert diff(after(finding()), after(complete=False)).status == 5


def test_two_subjects_are_compared_whatever_they_are_called():
    row = {**MINE, "cause": finding()["cause"], "signature": finding()["signature"]}
    one = after(finding(), SECOND, row)
    result = diff(one, one, ("torch", "mine.py:go"))
    assert [len(part) for part in (result.new, result.fixed, result.still)] == [0, 0, 1]
    assert [change.finding.id for change in result.not_looked] == ["ffffffff"]


def test_diff_from_the_command_line(run: str, call: Call):
    publish(Path("later"), build(log(SECOND, finding(id="12121212", bucket="4" * 12, signature="RA101 other")), ()))
    status, out, _ = call("diff", run, "later")
    assert status == 1
    assert "new in B: 1\n  12121212" in out
    assert "still there: 1" in out
    assert json.loads(call("diff", run, "later", "--json")[1])["status"] == 1


G, X, U = Trial.GOOD, Trial.BAD, Trial.UNTESTABLE


@pytest.mark.parametrize(
    ("trials", "first", "exact"),
    [
        ([G, G, X, X], 2, True), ([X, X], 0, True), ([G, X], 1, True), ([G], None, False), ([X], 0, True),
        ([G, G], None, False), ([G, U, X], 2, False), ([G, X, U], 1, True), ([U, U], None, False),
        ([U, X], 1, False), ([G, X, G], 1, True), ([G] * 9 + [X] * 4, 9, True), ([G, U, U, X, X], 3, False),
    ],
)  # fmt: skip
def test_bisection_names_the_first_bad_version(trials: list[Trial], first: int | None, exact: bool):
    result = bisect(len(trials), lambda place: trials[place])
    assert (result.first_bad, result.exact) == (first, exact)


def test_bisection_tries_few_versions_unless_asked_for_every_one():
    trials = [G] * 50 + [X] * 50
    assert len(bisect(100, lambda place: trials[place]).trials) <= 9
    assert len(bisect(100, lambda place: trials[place], every=True).trials) == 100


@pytest.fixture
def interpreters(tmp_path: Path) -> Callable[..., list[str]]:
    """Fake interpreters: each is a shell script that ends as told, whatever it is given to run."""

    def make(*bodies: str) -> list[str]:
        paths = []
        for number, body in enumerate(bodies):
            path = tmp_path / f"python{number}"
            # It is asked first whether it is a Python at all.
            path.write_text(f'#!/bin/sh\ntest "$2" = -c && echo 42 && exit 0\n{body}\n')
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
            paths += ["--python", str(path)]
        return paths

    return make


GOOD, BAD, BROKEN = "exit 0", "echo FAULT: it shows; exit 1", "echo Traceback >&2; exit 1"


@pytest.mark.parametrize(
    ("bodies", "status", "said"),
    [
        ((GOOD, GOOD, BAD, BAD), 1, "python2"),
        ((GOOD, GOOD), 0, "no version has it"),
        ((GOOD, BROKEN), 4, "cannot be told"),
        ((GOOD, BROKEN, BAD), 1, "could not be tried"),
        ((GOOD, "sleep 30", BAD), 1, "could not be tried"),
    ],
)
def test_bisect_runs_the_script_under_each_interpreter(
    run: str, call: Call, interpreters: Callable[..., list[str]], bodies: tuple[str, ...], status: int, said: str
):
    found, out, err = call("bisect", run, "ffff", *interpreters(*bodies), "--timeout", "2")
    assert found == status
    assert said in out
    if len(bodies) < 4:
        assert "python0: the fault does not show" in err


@pytest.mark.parametrize("other", ["/bin/true", "/bin/echo", "/bin/false", "/bin/cat"])
def test_a_program_that_is_no_python_has_tried_nothing(run: str, call: Call, other: str):
    status, out, err = call("bisect", run, "ffff", "--python", other)
    assert (status, out) == (4, "cannot be told: no version has it, but not all could be tried\n")
    assert "it is no Python interpreter" in err


def test_an_interpreter_without_torch_has_tried_nothing(run: str, call: Call, tmp_path: Path):
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    status, _, err = call("bisect", run, "ffff", "--python", str(bare / "bin" / "python"))
    assert status == 4
    assert "No module named 'torch'" in err


def test_bisect_gives_the_script_of_the_finding_to_the_interpreter(
    run: str, call: Call, interpreters: Callable[..., list[str]], tmp_path: Path
):
    call("bisect", run, "ffff", *interpreters(f'cp "$2" {tmp_path}/given.py'))
    assert "torch._check(a0.shape[0] + a1.shape[0] == u0)" in (tmp_path / "given.py").read_text()


def test_bisect_takes_a_script_too_and_says_all_as_json(run: str, call: Call, tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text("print('FAULT'); raise SystemExit(1)")
    status, out, _ = call("bisect", str(script), "--python", sys.executable, "--json")
    assert (status, json.loads(out)["exact"]) == (1, True)
    assert json.loads(out)["first_bad"] == sys.executable


def test_bisect_makes_an_environment_for_each_version_and_removes_it(
    run: str, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, interpreters: Callable[..., list[str]]
):
    """pip is replaced by a fake that notes what it should install; the bodies say what each version does."""
    _, good, _, bad = interpreters(GOOD, BAD)
    from reports.triage import interpreters as module

    made: list[tuple[Path, str]] = []

    def environment(folder: Path, torch: str, *, index_url: str | None) -> Path:
        folder.mkdir(parents=True)
        made.append((folder, torch))
        return Path(bad if torch == "2.13.0" else good)

    monkeypatch.setattr(module, "make_environment", environment)
    status, out, _ = call("bisect", run, "ffff", "--torch", "2.11.0,2.12.0,2.13.0")
    assert (status, out) == (1, "first bad: 2.13.0\n")
    assert not any(folder.exists() for folder, _ in made)
    assert call("bisect", run, "ffff", "--torch", "2.12.0,2.13.0", "--keep", str(tmp_path / "kept"))[0] == 1
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"2.12.0", "2.13.0"}


def test_an_environment_that_cannot_be_made_is_no_verdict(
    run: str, call: Call, monkeypatch: pytest.MonkeyPatch, interpreters: Callable[..., list[str]]
):
    from reports.triage import interpreters as module

    monkeypatch.setattr(module.sys, "executable", interpreters("echo 'no such version' >&2; exit 1")[1])
    status, out, err = call("bisect", run, "ffff", "--torch", "2.12.0")
    assert status == 4
    assert "could not be installed: no such version" in err
    assert "cannot be told" in out


def test_repro_and_issue_write_what_a_person_can_file(run: str, call: Call):
    status, out, _ = call("repro", run, "ffff")
    assert status == 0
    compile(out, "script", "exec")
    assert call("issue", run, "ffff", "--output", "draft.md")[0] == 0
    text = Path("draft.md").read_text()
    for section in ("### 🐛 Describe the bug", "#### Ablation", "### Error logs", "### Versions"):
        assert section in text
    assert "| make_fx | REFUTED\\(missing\\) |" in text or "| make\\_fx | REFUTED(missing) |" in text
    assert "torch: 2.13.0+cpu" in text
    assert "eager: rejects by a check: RuntimeError: Expected cond" in text


def test_a_log_of_somebody_else_is_checked_before_it_is_read(tmp_path: Path, call: Call):
    rows = log(finding())
    for change, part in (
        ({"constraint": 3}, "constraint=3"),
        ({"witness": []}, "witness=[]"),
        ({"emitted": [1]}, "emitted has to hold texts"),
        ({"dynamic": [["0"]]}, "dynamic has to hold lists of numbers"),
        ({"statements": True}, "statements=True"),
    ):
        path = tmp_path / "log.jsonl"
        spoilt = [{**row, **change} if row["kind"] == "finding" else row for row in rows]
        path.write_text("".join(json.dumps(row) + "\n" for row in spoilt))
        status, _, err = call("list", str(path))
        assert (status, part in err, err.count("\n")) == (2, True, 1), err


def test_a_shard_that_lies_about_its_subjects_is_refused(tmp_path: Path, call: Call):
    path = tmp_path / "log.jsonl"
    rows = log({**shard(1, 1), "subjects": {"torch": 3}})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert call("list", str(path))[0] == 2
