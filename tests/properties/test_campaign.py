"""The campaign: the same rows whatever runs them, lost workers recorded, users' mistakes told in one line."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from properties.campaign import audit_plan, check_arguments, replay, run_plan
from properties.campaign.check import check_program
from properties.campaign.conduct import carry_out
from properties.campaign.pool import Lost, results
from properties.campaign.units import SHRINK, Unit
from properties.errors import UsageError
from properties.subjects import resolve
from tests.properties.programs import VACUOUS_EQUALITY, check, item, program
from tests.soak.stand_in import KINDS, StandIn

CODES = ("RA101", "RA102")
# Few kinds of findings: to shrink one takes as long as to search hundreds of programs.
SUBJECT = f"{Path(__file__).parents[1] / 'soak' / 'drops_inequalities.py'}:insert"


def rows_of(jobs: int) -> list[dict]:
    plan = audit_plan(
        subjects=(SUBJECT,), frontends=("shape_env",), programs=120, property_codes=CODES, jobs=jobs, seed=3
    )
    return [timeless(row) for row in run_plan(plan)]


def timeless(row: dict) -> dict:
    """A row without what differs between two runs of the same plan."""
    return {
        name: value
        for name, value in row.items()
        if name not in ("seconds", "solver_seconds", "id", "started") or row["kind"] == "finding"
    }


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return rows_of(2)


def test_a_run_gives_the_same_rows_with_any_number_of_workers(rows):
    assert rows == rows_of(1)


def test_every_program_is_counted_once(rows):
    shards = [row for row in rows if row["kind"] == "shard"]
    assert sum(row["programs"] for row in shards) == 120
    for row in shards:
        tally = row["subjects"][SUBJECT]
        ways = ("refuted", "undecided", "vacuous", "not_captured")
        counted = tally["proved"] + tally["tool_error"] + sum(sum(tally[way].values()) for way in ways)
        assert tally["programs"] == row["programs"] - row["invalid"] == counted


def test_every_hit_belongs_to_a_finding_with_an_executed_witness(rows):
    findings = {row["bucket"]: row for row in rows if row["kind"] == "finding"}
    hits = [row for row in rows if row["kind"] == "hits"]
    refuted = sum(sum(row["subjects"][SUBJECT]["refuted"].values()) for row in rows if row["kind"] == "shard")
    assert findings
    assert {row["bucket"] for row in hits} <= findings.keys()
    assert sum(row["count"] for row in hits) >= refuted
    for row in findings.values():
        # Where the condition has no value an operator may stop the graph in the place of the check that is missing.
        assert row["direction"] != "missing" or row["witness"]["after"]["by"] != "check"


def test_a_finding_can_be_replayed_from_its_json(rows):
    row = next(row for row in rows if row["kind"] == "finding")
    again = replay(row["program"], subject=SUBJECT, frontend=row["frontend"], property_codes=CODES)
    assert row["signature"] in {finding["signature"] for finding in again["findings"]}


def test_replay_of_a_clean_program_finds_nothing():
    again = replay(VACUOUS_EQUALITY.to_json(), subject="reference", frontend="make_fx")
    assert again["findings"] == []
    assert set(again["verdicts"].values()) == {"PROVED"}


def test_a_program_whose_example_is_too_large_to_build_is_invalid_and_no_fault():
    huge = program((), [item(2**31), check("ge", "u0", 0), {"op": "zeros", "shape": ["u0"]}])
    checked = check_program(huge, "shape_env", {}, CODES)
    assert not checked.valid
    assert not checked.faults


def _job(kind: str) -> str:
    if kind == "exit":
        os._exit(3)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "hang":
        time.sleep(600)
    if kind == "raise":
        raise KeyError("planted")
    return kind


def test_a_worker_that_dies_hangs_or_raises_costs_only_its_own_job():
    kinds = ("first", "exit", "kill", "second", "hang", "raise", "third")
    found = list(results(_job, [(kind,) for kind in kinds], workers=2, timeout=20))
    assert [item for item in found if not isinstance(item, Lost)] == ["first", "second", "third"]
    lost = {kind: str(item) for kind, item in zip(kinds, found, strict=True) if isinstance(item, Lost)}
    assert lost.keys() == {"exit", "kill", "hang", "raise"}
    assert "died" in lost["exit"]
    assert "hang" in lost["hang"]
    assert "planted" in lost["raise"]


PASS = """
def insert(gm, shape_env, name, export=False):
    pass

not_callable = 3
"""


def test_a_file_can_be_a_subject(tmp_path):
    path = tmp_path / "my_pass.py"
    path.write_text(PASS)
    assert resolve(f"{path}:insert")(None, None, "") is None


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("refrence", "reference"),
        ("mutant:none", "drops-all"),
        ("no.such.module:f", "no.such.module"),
        ("{folder}/missing.py:f", "no file"),
        ("{folder}/my_pass.py:absent", "absent"),
        ("{folder}/my_pass.py:not_callable", "not_callable"),
        ("{folder}/broken.py:f", "ZeroDivisionError"),
        ("torch:", "allowed"),
    ],
)
def test_a_wrong_subject_is_told_in_one_line(subject, says, tmp_path):
    (tmp_path / "my_pass.py").write_text(PASS)
    (tmp_path / "broken.py").write_text("1 / 0\n")
    name = subject.format(folder=tmp_path)
    with pytest.raises(UsageError) as caught:
        check_arguments((name,), ("make_fx",), ())
    text = str(caught.value)
    assert "\n" not in text
    assert says in text
    assert name in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"frontends": ("make_fy",)}, "make_fx"),
        ({"property_codes": ("RA999",)}, "RA101"),
        ({"programs": 0}, "at least 1"),
        ({"programs_scale": -1.0}, "more than 0"),
        ({"jobs": 0}, "at least 1"),
        ({"subjects": ()}, "reference"),
    ],
)
def test_a_wrong_argument_names_what_is_allowed(arguments, says):
    with pytest.raises(UsageError, match=says):
        audit_plan(**arguments)


def test_what_is_on_no_list_is_shrunk_first():
    """A time box that ends early leaves out the known kinds of findings, and not the new one."""
    plan = audit_plan(subjects=("torch",), frontends=("shape_env",), programs=1000, jobs=2)
    shrunk: list[str] = []

    class Watched(StandIn):
        def submit(self, unit: Unit) -> None:
            if unit.kind == SHRINK:
                assert unit.hit is not None
                shrunk.append(unit.hit["signature"][4])
            super().submit(unit)

    assert carry_out(plan, Watched(plan, 2), lambda record: None, urgent=lambda signature: signature[4].endswith("5"))
    assert len(shrunk) == KINDS
    assert shrunk[0] == "skeleton 5"
