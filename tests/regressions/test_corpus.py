"""The stored cases give the verdicts that they were recorded with; a verdict that another version changed is told."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

from properties.campaign.regressions import changes, load, replayed, save, told, versions
from tests.regressions.__main__ import CORPUS

CASES = load(CORPUS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_stored_case_has_the_verdicts_that_were_recorded(case):
    changed = changes(case, replayed(case))
    if changed and dict(case.versions) != versions() and all(one.subject == "torch" for one in changed):
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
