"""The list of known findings: what matches, what is stale, and what is refused."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest

from reports.known import Coverage, KnownFileError, find_entry, load_known, parse_known, unseen
from reports.known.entries import SHIPPED
from reports.known.match import glob
from reports.known.versions import in_range
from reports.model import build
from reports.reading import read_case
from tests.reports.conftest import ENTRY, finding, log

FIELDS: dict[str, Any] = {
    "property": "RA101",
    "direction": "missing",
    "subject": "torch",
    "signature": "RA101 missing eq(add(dim, dim), item)",
    "torch": "2.13.0+cpu",
}
COVERAGE = Coverage(
    frontends={"torch": frozenset({"make_fx", "export"})}, properties=frozenset({"RA101"}), torch="2.13.0"
)
TEXT = """
[[known]]
id = "a"
title = "t"
url = "https://example.org"
property = "RA101"
direction = "missing"
subject = "torch"
signature = "RA101 *"
versions = ">=2.11"
"""


def test_the_shipped_list_is_valid_and_its_ids_differ():
    entries = load_known()
    assert entries
    assert len({entry.id for entry in entries}) == len(entries)


def test_every_shipped_entry_has_a_vector_that_is_the_fault_it_describes():
    for entry in load_known():
        assert entry.vector is not None
        case = read_case(entry.vector)
        assert (case.subject, case.property) == (entry.subject, entry.property), entry.id
        signature = json.loads(entry.vector.read_text())["signature"]
        assert any(glob(one, signature) for one in entry.signatures), (entry.id, signature)


def test_a_finding_matches_in_every_field():
    assert find_entry([ENTRY], **FIELDS) is ENTRY


@pytest.mark.parametrize(
    "change",
    [
        {"property": "RA102"}, {"direction": "extra"}, {"subject": "mine.py:go"},
        {"signature": "RA101 missing lt(item)"},
        {"torch": "2.10.0"}, {"torch": "2.16.0"}, {"torch": "?"},
    ],
    ids=lambda change: "-".join(map(str, change.items())),
)  # fmt: skip
def test_one_field_that_differs_makes_a_finding_new(change: dict[str, str]):
    assert find_entry([ENTRY], **{**FIELDS, **change}) is None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a*c", "abbc", True), ("a?c", "abc", True), ("a?c", "ac", False), ("a[b]c", "abc", False),
        ("a[b]c", "a[b]c", True), ("a.c", "abc", False), ("a*", "ba", False), ("a*b", "a\nb", True),
    ],
)  # fmt: skip
def test_only_star_and_question_mark_are_special_in_a_signature(pattern: str, text: str, expected: bool):
    assert glob(pattern, text) is expected


@pytest.mark.parametrize(
    ("version", "text", "expected"),
    [
        ("2.13.0+cpu", ">=2.11,<2.16", True), ("2.9", ">=2.11", False), ("2.11", ">=2.11.0", True),
        ("2.13.1", "==2.13", False),
        ("2.13.0", "==2.13", True), ("2.13.0", "!=2.13", False), ("2.16.0.dev20260101", "<2.16", False),
        ("2.2", ">2.10", False),
    ],
)  # fmt: skip
def test_versions_compare_by_number(version: str, text: str, expected: bool):
    assert in_range(version, text) is expected


@pytest.mark.parametrize(
    ("entry", "coverage", "seen", "reported"),
    [
        (ENTRY, COVERAGE, [], True),
        (ENTRY, COVERAGE, [ENTRY.id], False),
        (ENTRY, dataclasses.replace(COVERAGE, frontends={}), [], False),
        (ENTRY, dataclasses.replace(COVERAGE, properties=frozenset({"RA305"})), [], False),
        (ENTRY, dataclasses.replace(COVERAGE, torch="2.16"), [], False),
        (dataclasses.replace(ENTRY, frontends=("shape_env",)), COVERAGE, [], False),
        (dataclasses.replace(ENTRY, frontends=("export",)), COVERAGE, [], True),
    ],
    ids=["not met", "met", "other subject", "other property", "other torch", "other frontend", "same frontend"],
)
def test_an_entry_is_reported_as_gone_only_where_the_run_looked(entry, coverage, seen, reported):
    assert unseen([entry], seen=seen, coverage=coverage) == ((entry,) if reported else ())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[[known]]", "[[known"), "not TOML"),
        (("[[known]]", "[other]"), "unknown key 'other'"),
        (("[[known]]", "[known]"), "has to be a list of tables"),
        (('title = "t"', ""), "title is missing"),
        (('title = "t"', "title = 3"), "title=3"),
        (('title = "t"', 'title = "t"\nseverity = 1'), "unknown key 'severity'"),
        (('"a"', '"A b"'), "id='A b'"),
        (('"RA101"', '"RA1"'), "property='RA1'"),
        (('"https://example.org"', '"javascript:alert(1)"'), "url='javascript:alert(1)'"),
        (('">=2.11"', '"~=2.11"'), "versions='~=2.11'"),
        (('"RA101 *"', "[]"), "signature=[]"),
        (('title = "t"', 'title = "t"\nexpires = "soon"'), "expires='soon'"),
        (('title = "t"', 'title = "t"\nvector = "../x.json"'), "vector='../x.json'"),
    ],
)
def test_a_list_that_is_unclear_is_refused_in_one_line(change: tuple[str, str], message: str):
    with pytest.raises(KnownFileError, match=r"^mine\.toml: ") as error:
        parse_known(TEXT.replace(*change), "mine.toml")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_entry_excuses_nothing_after_its_last_day_and_says_so():
    entry = dataclasses.replace(ENTRY, expires=datetime.date(2026, 3, 31))
    for started, expired in (("2026-03-31T23:00:00+00:00", False), ("2026-04-01T00:10:00+00:00", True)):
        rows = log(finding())
        rows[0]["started"] = started
        report = build(rows, [entry])
        assert (report.findings[0].new, bool(report.expired)) == (expired, expired)
        assert report.findings[0].known is entry


def test_an_entry_that_holds_is_preferred_to_one_that_has_expired():
    old = dataclasses.replace(ENTRY, id="old", expires=datetime.date(2026, 1, 1))
    assert find_entry([old, ENTRY], **FIELDS, day=datetime.date(2026, 2, 1)) is ENTRY


def test_a_users_file_adds_to_the_shipped_list_and_may_not_repeat_an_id(tmp_path: Path):
    mine = tmp_path / "mine.toml"
    mine.write_text(TEXT)
    assert [entry.id for entry in load_known(mine)] == [*(entry.id for entry in load_known()), "a"]
    mine.write_text(TEXT + TEXT)
    with pytest.raises(KnownFileError, match="there twice"):
        load_known(mine)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path):
    with pytest.raises(KnownFileError, match=r"none\.toml: cannot be read"):
        load_known(tmp_path / "none.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnownFileError, match="not UTF-8"):
        load_known(binary)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("signature =", "signture =", "known.toml: line 18: entry 2 (id='second'): unknown key 'signture'"),
        ('property = "RA101"', 'property = "RA1"', "known.toml: line 15: entry 2 (id='second'): property='RA1'"),
        ('url = "https://example.org/1"\n', "", "known.toml: line 11: entry 2 (id='second'): url is missing"),
    ],
)
def test_a_mistake_in_the_list_is_told_with_its_line(old: str, new: str, said: str):
    entry = (
        '[[known]]\nid = "first"\ntitle = "A fault."\nurl = "https://example.org/1"\nproperty = "RA101"\n'
        'direction = "missing"\nsubject = "torch"\nsignature = ["RA101 *"]\nversions = ">=2.11"\n'
    )
    second = entry.replace("first", "second").replace(old, new)
    with pytest.raises(KnownFileError, match=re.escape(said)):
        parse_known(f"# reviewed\n{entry}{second}", "known.toml")


def test_the_shipped_list_may_be_named_itself():
    assert load_known(SHIPPED) == load_known()
