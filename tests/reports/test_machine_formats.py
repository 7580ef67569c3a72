"""The files for machines: valid by their published schemas, and read back by other people's readers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestSuite
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from reports.model import Report, build
from reports.publish import publish
from reports.render import every_file, junit, sarif
from reports.schemas import NAMES, schema
from tests.reports.conftest import ENTRY, finding, log, shard, tally

NEW = finding(id="ffffffff", bucket="f" * 12, signature="RA101 missing lt(item)", constraint="u0 < 9")
GATES = [
    {"kind": "gate", "part": "mutants", "outcome": "passed", "count": 30, "failed": [], "why": ""},
    {"kind": "gate", "part": "devices", "outcome": "not run", "count": 0, "failed": [], "why": "no CUDA device"},
    {"kind": "gate", "part": "real programs", "outcome": "failed", "count": 3, "failed": ["BART"], "why": ""},
]


def whole() -> Report:
    """A run with everything in it: new, known and repeated findings, doubts, an error, gates."""
    doubtful = shard(1, 1, torch=tally(proved=47, undecided={"rlimit": 1}, vacuous={"Γ": 1}, not_captured={"no": 1}))
    doubtful["support"] = {"item": {"captured": 30, "refused: data-dependent": 2, "found wrong": 1}}
    error = {"kind": "tool_error", "where": "worker", "text": "hang", "program": None, "case": {}}
    again = finding(id="eeeeeeee", frontend="export", statements=4)
    rows = log(doubtful, finding(), again, NEW, error, *GATES)
    rows[0] |= {"id": "run-1", "started": "2026-11-25T02:00:00+00:00", "command": "fuzz"}
    return build(rows, [ENTRY])


@pytest.mark.parametrize("name", NAMES)
def test_a_published_schema_is_one(name: str):
    jsonschema.Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("report", [whole(), build(log()[:1], ())], ids=["whole", "first row only"])
def test_run_json_and_findings_are_valid_by_their_schemas(report: Report):
    files = every_file(report)
    jsonschema.validate(json.loads(files["run.json"]), schema("run"))
    for line in files["findings.jsonl"].splitlines():
        jsonschema.validate(json.loads(line), schema("finding"))
    for name in files:
        if name.startswith("findings/") and name.endswith(".json"):
            jsonschema.validate(json.loads(files[name]), schema("finding"))


def test_a_schema_refuses_what_it_should():
    row = json.loads(every_file(whole())["findings.jsonl"].splitlines()[0])
    for change in ({"id": "x"}, {"hits": 0}, {"witness": {}}, {"new": "yes"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**row, **change}, schema("finding"))


def test_every_finding_is_a_line_and_one_of_a_bucket_stands_for_it():
    lines = [json.loads(line) for line in every_file(whole())["findings.jsonl"].splitlines()]
    assert [(one["id"], one["stands_for_bucket"]) for one in lines] == [
        ("ffffffff", True), ("0a1b2c3d", True), ("eeeeeeee", False),
    ]  # fmt: skip


def test_junit_is_read_back_by_a_parser(tmp_path: Path):
    path = tmp_path / "junit.xml"
    path.write_text(junit.document(whole()), encoding="utf-8")
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(path)) if isinstance(suite, TestSuite)}
    assert list(suites) == ["reference", "torch", "run"]
    assert (suites["torch"].tests, suites["torch"].failures) == (6, 1)
    failed = [case for case in suites["torch"] if any(isinstance(one, Failure) for one in case.result)]
    assert [case.name for case in failed] == ["RA101 make_fx cpu"]
    assert "u0 < 9" in str(failed[0].result[0].text)
    of_run = {case.name: case.result for case in suites["run"]}
    assert isinstance(of_run["verdict"][0], Error)
    assert of_run["mutants"] == []
    assert isinstance(of_run["devices"][0], Skipped)
    assert isinstance(of_run["real programs"][0], Failure)


def test_junit_calls_a_known_finding_skipped_and_names_its_entry():
    xml = JUnitXml.fromstring(junit.document(build(log(finding()), [ENTRY])))
    assert (xml.failures, xml.errors, xml.skipped) == (0, 0, 1)
    assert "known: vacuous-equality" in junit.document(build(log(finding()), [ENTRY]))


def test_a_part_of_the_plan_that_never_ran_is_no_pass_in_junit():
    xml = JUnitXml.fromstring(junit.document(build(log(cells=(0, 0)), ())))
    assert xml.skipped == 6
    assert xml.errors == 1


def test_sarif_tells_new_from_known_and_counts():
    run = sarif.document(whole())["runs"][0]
    assert [(one["ruleId"], one["baselineState"], one["occurrenceCount"]) for one in run["results"]] == [
        ("RA101", "new", 1), ("RA101", "unchanged", 2),
    ]  # fmt: skip
    assert ENTRY.url in run["results"][1]["suppressions"][0]["justification"]
    assert run["invocations"][0]["exitCode"] == 1


@pytest.mark.parametrize("report", [whole(), build(log()[:1], ())], ids=["whole", "first row only"])
def test_sarif_is_valid_by_the_schema_of_the_standard(report: Report):
    """The model is generated from OASIS's own schema, and forbids every key that the schema does not name."""
    check_sarif(sarif.document(report))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: run["results"][0].update(kind="nope"),
        lambda run: run["results"][0].update(unknown=1),
        lambda run: run["results"][0].pop("message"),
        lambda run: run["tool"].pop("driver"),
    ],
)
def test_the_schema_of_sarif_refuses_what_it_should(spoil: Callable[[dict[str, Any]], object]):
    document = sarif.document(whole())
    spoil(document["runs"][0])
    with pytest.raises(ValidationError):
        Sarif.model_validate(document)


def check_sarif(document: dict[str, Any]) -> None:
    """The schema, and what it cannot say: that indices and addresses point at what they should."""
    Sarif.model_validate(document)
    assert document["version"] == "2.1.0"
    for run in document["runs"]:
        driver = run["tool"]["driver"]
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(ids) == len(set(ids))
        for result in run["results"]:
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            for location in result["locations"]:
                assert not location["physicalLocation"]["artifactLocation"]["uri"].startswith(("/", "file:"))


def test_the_summary_is_added_to_that_of_a_github_step(tmp_path: Path):
    step = tmp_path / "step.md"
    step.write_text("before\n")
    publish(tmp_path / "out", whole(), step_summary=step)
    text = step.read_text()
    assert text.startswith("before\n# ")
    assert (tmp_path / "out" / "summary.md").read_text() in text


def test_the_formats_are_byte_for_byte_the_same_twice():
    assert every_file(whole()) == every_file(whole())


def test_the_summary_and_the_terminal_say_what_else_was_checked_and_what_was_not_run():
    from tests.reports.test_render import printed

    text = every_file(whole())["summary.md"]
    assert "- devices: not run (no CUDA device)" in text
    assert "- real programs: failed (BART)" in text
    assert "## Not run" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed(whole()))
    assert "devices: not run (no CUDA device)" in plain
    assert "mutants: passed" in plain
