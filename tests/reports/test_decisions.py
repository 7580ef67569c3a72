"""Buckets that people merged and split: shown as they decided, in this run and in every later one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.files import FileError
from reports.model import build
from reports.triage.decisions import Decisions, decisions_beside, parse
from tests.reports.conftest import ENTRY, finding, log

A, B, C = "0" * 12, "1" * 12, "2" * 12
HITS = [{"kind": "hits", "bucket": bucket, "count": 5, "frontends": {"make_fx": 3, "export": 2}} for bucket in (A, B)]


def rows() -> list[dict]:
    return log(
        finding(id="aaaaaaaa", bucket=A),
        finding(id="bbbbbbbb", bucket=B, statements=2, signature="RA101 missing le(dim)"),
        *HITS,
    )


def test_two_buckets_that_were_merged_are_one_finding_with_the_shortest_program():
    found = build(rows(), (), Decisions({B: A}, {})).findings
    assert [(one.bucket, one.id, one.hits) for one in found] == [(A, "bbbbbbbb", 10)]
    assert [row["id"] for _, row in found[0].others] == ["aaaaaaaa"]


def test_a_merge_does_not_excuse_what_is_new():
    one = build(rows(), [ENTRY], Decisions({B: A}, {})).findings[0]
    assert (one.id, one.new) == ("bbbbbbbb", True)
    assert len(build(rows(), [ENTRY], Decisions({B: A}, {})).new) == 1


def test_several_rows_of_one_bucket_are_one_finding_until_it_is_split():
    two = log(
        finding(id="aaaaaaaa", bucket=A, frontend="make_fx"),
        finding(id="bbbbbbbb", bucket=A, frontend="export"),
        HITS[0],
    )
    assert [one.hits for one in build(two, ()).findings] == [5]
    parts = build(two, (), Decisions({}, {A: "frontend"})).findings
    assert {one.bucket: one.hits for one in parts} == {f"{A}/make_fx": 3, f"{A}/export": 2}


def test_decisions_of_an_earlier_run_hold_in_a_later_one(tmp_path: Path):
    known = tmp_path / "known.toml"
    (tmp_path / "buckets.toml").write_text(f'[[merge]]\nbucket = "{B}"\ninto = "{A}"\nnote = "same cause"\n')
    for seed in (0, 1):
        later = rows()
        later[0]["plan"]["seed"] = seed
        assert [one.bucket for one in build(later, (), decisions_beside(known)).findings] == [A]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[merge", "not TOML"),
        ("[other]", "unknown key 'other'"),
        ("[merge]", "has to be a list of tables"),
        (f'[[merge]]\nbucket = "{A}"', "into is missing"),
        (f'[[merge]]\nbucket = "{A}"\ninto = "x"', "into='x'"),
        (f'[[merge]]\nbucket = "{A}"\ninto = 3', "into=3"),
        (f'[[merge]]\nbucket = "{A}"\ninto = "{B}"\nwhy = "x"', "unknown key 'why'"),
        (f'[[split]]\nbucket = "{A}"\nby = "color"', "by='color'"),
        (f'[[merge]]\nbucket = "{A}"\ninto = "{A}"', "circle"),
        ("".join(f'[[merge]]\nbucket = "{x}"\ninto = "{y}"\n' for x, y in ((A, B), (B, C), (C, A))), "circle"),
    ],
)
def test_an_unclear_file_is_refused_in_one_line(text: str, message: str):
    with pytest.raises(FileError, match=r"^buckets\.toml: ") as error:
        parse(text, "buckets.toml")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_merges_are_followed_to_their_end():
    assert parse(
        f'[[merge]]\nbucket = "{A}"\ninto = "{B}"\n[[merge]]\nbucket = "{B}"\ninto = "{C}"', "x"
    ).shown_under(A) == C  # fmt: skip
