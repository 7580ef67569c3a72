"""The stored cases give the verdicts that they were recorded with; a verdict that another version changed is told."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import pytest

from properties.campaign import gates
from properties.campaign.regressions import CORPUS, changes, expected, load, replayed, save, told, versions
from reports.cli import main

CASES = load(CORPUS)
FIRST = next(case for case in CASES if case.name == "equality-of-a-sum")
OLDER = {**FIRST.versions, "torch": "2.12.0"}
FEWER = {**FIRST.verdicts, "torch": {**FIRST.verdicts["torch"], "RA101": "PROVED"}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_stored_case_has_the_verdicts_that_were_recorded(case):
    changed = changes(case, replayed(case))
    if changed and expected(changed, case):
        warnings.warn(told(changed, case), stacklevel=1)
        return
    assert not changed, told(changed, case)


def test_a_changed_verdict_is_told_with_the_versions_of_both():
    case = replace(CASES[0], name="some", verdicts={"torch": {"RA101": "REFUTED(missing)"}}, versions={"torch": "2.11"})
    (change,) = changes(case, {"torch": {}})
    text = told([change], case)
    assert text.splitlines()[0] == "some: RA101 of torch was REFUTED(missing), is PROVED"
    assert f"torch 2.11 -> {versions()['torch']}" in text


def test_a_case_that_is_written_is_read_back(tmp_path):
    save(CASES[0], tmp_path)
    assert load(tmp_path) == [CASES[0]]


def test_every_case_says_why_it_is_kept_and_is_short():
    for case in CASES:
        assert case.why.strip()
        assert len(case.program["body"]) <= 8, case.name


def corpus_gate(case, codes=("RA101",)):
    *rows, last = gates.corpus([case], codes, 1)
    assert [row["case"] for row in rows] == [case.name]
    return last


def test_an_audit_fails_by_a_verdict_that_its_versions_changed():
    older = {**FIRST.versions, "z3": "4.13.0.0"}
    found = corpus_gate(replace(FIRST, verdicts=FEWER, versions=older))
    assert found["outcome"] == "failed"
    assert found["failed"] == ["equality-of-a-sum: RA101 of torch was PROVED, is REFUTED(missing)"]
    assert f"z3 4.13.0.0 -> {versions()['z3']}" in found["why"]


def test_an_audit_only_tells_what_another_release_of_torch_does_differently():
    found = corpus_gate(replace(FIRST, verdicts=FEWER, versions=OLDER))
    assert (found["outcome"], found["failed"]) == ("passed", [])
    assert "torch 2.12.0 -> " in found["why"]
    assert "torch's own verdicts that are new: equality-of-a-sum: RA101 of torch was PROVED" in found["why"]


def test_a_changed_verdict_of_our_own_pass_fails_under_any_torch():
    recorded = replace(FIRST, verdicts={"reference": {"RA101": "REFUTED(missing)"}}, versions=OLDER)
    assert corpus_gate(recorded)["outcome"] == "failed"


def test_a_property_that_is_not_audited_is_not_compared():
    assert corpus_gate(replace(FIRST, verdicts=FEWER), ("RA204",))["outcome"] == "passed"


def test_a_case_that_cannot_be_judged_fails_the_gate():
    found = corpus_gate(replace(FIRST, program={**FIRST.program, "schema": 99}))
    assert found["outcome"] == "failed"
    assert found["failed"][0].startswith("equality-of-a-sum: cannot be told: ")


def test_versions_check_judges_a_folder_of_cases(tmp_path, capsys):
    save(replace(FIRST, verdicts=FEWER), tmp_path)
    assert main(["versions", "--check", "--corpus", str(tmp_path), "--jobs", "1", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["cases"][0]["changes"] == ["equality-of-a-sum: RA101 of torch was PROVED, is REFUTED(missing)"]
    assert document["versions"] == versions()


@pytest.mark.parametrize("text", [None, "[]", "{}", "no json"])
def test_versions_check_refuses_a_folder_without_cases(text, tmp_path, capsys):
    if text is not None:
        (tmp_path / "case.json").write_text(text)
    assert main(["versions", "--check", "--corpus", str(tmp_path)]) == 2
    assert "--corpus" in capsys.readouterr().err
