"""``junit.xml``: for CI systems that show tests; one suite a subject, one case a property and front end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from xml.etree import ElementTree as etree

from reports.grouping import Finding
from reports.model import Cell, Report
from reports.render import wording
from reports.render.xml import xml_text
from reports.status import ExitStatus
from reports.text import one_line, plural

_ABOUT_THE_RUN = "run"


def files(report: Report) -> Iterator[tuple[str, str]]:
    """``junit.xml``."""
    yield "junit.xml", document(report)


def document(report: Report) -> str:
    """A failure is a new finding, a skip a known one; what was never run, undecided or broken is an error."""
    root = etree.Element("testsuites", name="runtime-assert", time=f"{report.seconds:.2f}")
    for subject in report.subjects:
        _suite(root, report, subject)
    _run_suite(root, report)
    suites = list(root)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    etree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="unicode") + "\n"


def _suite(root: etree.Element, report: Report, subject: str) -> None:
    suite = etree.SubElement(root, "testsuite", name=xml_text(one_line(subject)), timestamp=report.started[:19])
    found: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.row["subject"] == subject:
            found[finding.row["frontend"], finding.row["property"]].append(finding)
    cells = [cell for cell in report.cells if subject in cell.totals]
    for cell in cells:
        for code in report.plan["properties"]:
            _case(suite, report, cell, subject, code, found.pop((cell.frontend, code), []))
    # A front end that the plan does not name cannot be left out because of that.
    for (frontend, code), findings in found.items():
        _case(suite, report, None, subject, code, findings, frontend)
    _count(suite)


def _case(
    suite: etree.Element,
    report: Report,
    cell: Cell | None,
    subject: str,
    code: str,
    findings: list[Finding],
    frontend: str = "",
) -> None:
    name = f"{code} {cell.frontend if cell else frontend} {cell.device if cell else ''}".strip()
    seconds = cell.seconds.get(code, 0.0) if cell else 0.0
    case = etree.SubElement(
        suite, "testcase", name=xml_text(name), classname=xml_text(one_line(subject)), time=f"{seconds:.2f}"
    )
    new = [finding for finding in findings if finding.new]
    if new:
        text = "\n\n".join(_text(finding) for finding in new)
        failure = etree.SubElement(case, "failure", message=f"{plural(len(new), 'new finding')}", type=xml_text(code))
        failure.text = xml_text(text)
    elif cell is not None and not cell.programs:
        etree.SubElement(case, "skipped", message="not run")
    elif findings:
        etree.SubElement(case, "skipped", message=xml_text(f"known: {', '.join(_entries(findings))}"))


def _text(finding: Finding) -> str:
    row = finding.row
    lines = [f"{finding.id}: {row['title']}; {row['constraint'] or row['signature']}", row["source"].rstrip()]
    witness = row["witness"]
    if witness:
        pairs = wording.inputs(row, witness["inputs"])
        lines.append("input: " + ", ".join(f"{name} = {text}" for name, text in pairs))
        lines += [f"eager {wording.ran(witness['eager'])}", f"graph after {wording.ran(witness['after'])}"]
    return "\n".join([*lines, f"again: {wording.replay_command(finding.id)}"])


def _entries(findings: list[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.known.id for finding in findings if finding.known))


def _run_suite(root: etree.Element, report: Report) -> None:
    """What is wrong with the run as a whole, and the parts of it that are no random search."""
    suite = etree.SubElement(root, "testsuite", name=_ABOUT_THE_RUN, timestamp=report.started[:19])
    verdict = etree.SubElement(suite, "testcase", name="verdict", classname=_ABOUT_THE_RUN, time="0.00")
    others = [text for status, text in report.reasons if status is not ExitStatus.NEW_FINDINGS]
    if others:
        etree.SubElement(verdict, "error", message=xml_text("; ".join(others)), type="verdict")
    for _, gate in report.gates:
        case = etree.SubElement(suite, "testcase", name=xml_text(gate["part"]), classname="gate", time="0.00")
        if gate["outcome"] == "not run":
            etree.SubElement(case, "skipped", message=xml_text(f"not run: {gate.get('why', '')}"))
        elif gate["outcome"] != "passed":
            failed = ", ".join(map(str, gate.get("failed", []))) or gate.get("why", "")
            etree.SubElement(case, "failure", message=xml_text(failed), type="gate")
    _count(suite)


def _count(suite: etree.Element) -> None:
    suite.set("tests", str(len(suite)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in suite)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in suite):.2f}")
