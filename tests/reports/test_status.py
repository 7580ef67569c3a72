"""The exit status: which one prevails, and what calls for each."""

from __future__ import annotations

import itertools

import pytest

from reports.model import build
from reports.status import PRECEDENCE, ExitStatus, prevailing
from tests.reports.conftest import ENTRY, finding, log, shard, tally

UNDECIDED = shard(1, 1, torch=tally(proved=49, undecided={"rlimit": 1}))
TOOL_ERROR = {"kind": "tool_error", "where": "worker", "text": "lost", "program": None, "case": {}}


def failed(part: str) -> dict[str, object]:
    return {"kind": "gate", "part": part, "outcome": "failed", "count": 9, "failed": ["one"], "why": ""}


def test_every_status_has_its_place_in_the_precedence():
    assert sorted(PRECEDENCE) == sorted(ExitStatus)


@pytest.mark.parametrize("pair", list(itertools.combinations(PRECEDENCE, 2)))
def test_the_earlier_status_prevails_in_either_order(pair: tuple[ExitStatus, ExitStatus]):
    assert prevailing(pair) is prevailing(reversed(pair)) is pair[0]


def test_a_run_without_any_reason_is_clean():
    assert prevailing([]) is ExitStatus.CLEAN


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (log(), 0),
        (log(finding()), 1),
        (log(TOOL_ERROR), 3),
        (log(shard(1, 1, torch=tally(proved=49, tool_error=1))), 3),
        (log(UNDECIDED), 4),
        (log(shard(1, 1, torch=tally(proved=30, vacuous={"contradiction": 20}))), 4),
        (log(complete=False), 5),
        (log()[:-1], 5),
        (log(cells=(0, 0)), 5),
        (log(finding(), TOOL_ERROR, UNDECIDED, complete=False), 5),
        (log(finding(), TOOL_ERROR, UNDECIDED), 1),
        (log(TOOL_ERROR, UNDECIDED), 3),
        (log(failed("mutants")), 3),
        (log(failed("recall")), 3),
        (log(failed("real programs")), 1),
    ],
    ids=[
        "clean", "finding", "tool error", "program with a tool error", "undecided", "vacuous", "interrupted",
        "no end", "a cell was never run", "incomplete wins", "a finding wins", "a tool error wins",
        "a mutant survives", "a public fault is not found", "a real program shows a finding",
    ],
)  # fmt: skip
def test_what_a_log_calls_for(rows: list[dict], expected: int):
    assert int(build(rows, ()).status) == expected


def test_a_few_vacuous_programs_are_allowed():
    rows = log(shard(1, 1, torch=tally(proved=49, vacuous={"contradiction": 1})))
    assert build(rows, ()).status is ExitStatus.CLEAN


def test_a_known_finding_does_not_fail_a_run():
    assert build(log(finding()), [ENTRY]).status is ExitStatus.CLEAN


def test_a_finding_of_the_reference_fails_a_run_even_if_it_is_listed():
    entry = ENTRY.__class__(**{**{name: getattr(ENTRY, name) for name in ENTRY.__slots__}, "subject": "reference"})
    report = build(log(finding(subject="reference")), [entry])
    assert report.findings[0].known is entry
    assert report.status is ExitStatus.NEW_FINDINGS


def test_a_run_in_which_nothing_was_captured_is_not_clean():
    nothing = tally(proved=0, not_captured={"refused": 50})
    rows = [row if row["kind"] != "shard" else {**row, "subjects": {"torch": nothing}} for row in log()]
    report = build(rows, ())
    assert report.status is ExitStatus.UNDECIDED
    assert "not one of 150 programs was decided" in report.reasons[0][1]


def test_a_device_that_was_not_at_hand_leaves_the_run_incomplete_and_says_why():
    """What the plan names and nobody ran must not pass for clean; a part of a property on the CPU may be left out."""
    absent = {"not_run": {"no CUDA device: torch 2.13.0+cpu was built without CUDA": 50}}
    on_cuda = build(log({**shard(1, 1), **absent, "device": "cuda"}), ())
    assert on_cuda.status is ExitStatus.INCOMPLETE
    assert on_cuda.reasons[0][1].startswith("not run on cuda: no CUDA device")
    on_cpu = build(log({**shard(1, 1), **absent}), ())
    assert on_cpu.status is ExitStatus.CLEAN
    assert dict(on_cpu.not_run) == absent["not_run"]
