"""Foreign text in every format: it shows, and does nothing."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from reports.cli import main
from reports.known import parse_known
from reports.model import build
from reports.publish import publish
from reports.render import every_file
from reports.triage.decisions import parse
from reports.triage.editing import append
from tests.reports.conftest import finding, log
from tests.reports.test_machine_formats import check_sarif

# Controls and escapes, invisible and bidirectional marks, and what a CI system would run.
ACTS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|(?m:^\s*::)|##\[")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostile_log: list[dict[str, Any]], hostile: str) -> Path:
    """The folder of a run in which every text is hostile."""
    monkeypatch.chdir(tmp_path)
    hostile_log[0]["plan"]["cells"][0]["profile"] = hostile
    gate = {"kind": "gate", "part": hostile, "outcome": "failed", "count": 1, "failed": [hostile], "why": hostile}
    recall = dict.fromkeys(("thread", "what", "subject", "frontend", "property"), hostile)
    recall |= {"kind": "recall", "found": True, "programs": 3}
    publish(Path("out"), build([*hostile_log[:-1], gate, recall, hostile_log[-1]], ()))
    return Path("out")


def test_sarif_and_junit_stay_what_they_are(run: Path):
    check_sarif(json.loads((run / "results.sarif").read_text()))
    assert JUnitXml.fromfile(str(run / "junit.xml")).failures == 2


def test_nothing_acts_in_any_file(run: Path):
    for file in run.rglob("*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            if file.suffix in (".json", ".jsonl", ".sarif"):
                # What is dangerous stands escaped in JSON, and no line of it begins with a text.
                assert text.isascii(), file
                assert not re.search(r"(?m)^\s*::", text), file
            else:
                assert not ACTS.search(text), (file, ACTS.search(text))


@pytest.mark.parametrize("command", ["list out", "show out 0a1b", "diff out out", "issue out 0a1b", "repro out 0a1b"])
def test_nothing_acts_in_what_triage_prints(run: Path, capsys: pytest.CaptureFixture[str], command: str):
    main(["triage", *command.split()])
    out, err = capsys.readouterr()
    assert out
    assert not ACTS.search(out), ACTS.search(out)
    assert not ACTS.search(err)


def test_a_draft_cannot_leave_its_code_blocks(run: Path, capsys: pytest.CaptureFixture[str]):
    main(["triage", "issue", "out", "0a1b"])
    text = capsys.readouterr().out
    outside = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$|(`+)[^\n]*?\2|^<!--.*?-->$", "", text)
    assert not re.search(r"(?<!\\)[<\[](?!https?://)", outside)


def test_hostile_text_goes_into_a_known_list_as_text(tmp_path: Path, hostile: str):
    path = tmp_path / "known.toml"
    entry = {"id": "a", "title": hostile, "url": "https://example.org", "property": "RA101", "direction": "missing"}
    entry |= {"subject": "torch", "signature": [hostile], "versions": "==2.13", "note": hostile}
    append(path, "known", entry, check=parse_known)
    append(path, "known", {**entry, "id": "b"}, check=parse_known)
    text = path.read_text(encoding="utf-8")
    assert [one.id for one in parse_known(text, "known.toml")] == ["a", "b"]
    assert set(tomllib.loads(text)) == {"known"}


def test_hostile_text_goes_into_decisions_as_text(tmp_path: Path, hostile: str):
    path = tmp_path / "buckets.toml"
    entry = {"bucket": "0" * 12, "into": "1" * 12, "signature": hostile, "note": hostile}
    append(path, "merge", entry, check=parse)
    assert parse(path.read_text(encoding="utf-8"), "x").merged == {"0" * 12: "1" * 12}


def test_an_id_that_is_a_path_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Ids become names of files; a log that somebody else wrote may hold any text there."""
    monkeypatch.chdir(tmp_path)
    rows = log(finding(id="../../evil"))
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["triage", "list", "log.jsonl"]) == 2
    with pytest.raises(ValueError, match="evil"):
        every_file(build(rows, ()))
