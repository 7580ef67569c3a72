"""One Program again: the same frontend, subject and properties, and what they say now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from properties.campaign.check import check_program
from properties.campaign.finding import ablation, finding_row
from properties.campaign.plan import FRONTEND_SUBJECT, FRONTENDS, check_names
from properties.campaign.pool import prepare
from properties.campaign.signature import signature_of
from properties.errors import UsageError
from properties.registry import properties
from properties.subjects import resolve
from strategies.program import Program, ProgramError
from strategies.source import program_source


def replay(
    document: Mapping[str, Any], *, subject: str, frontend: str, property_codes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """``{"kind": "replay", "verdicts": {code: text}, "findings": [rows], "refusal": text, "errors": [text]}``.

    Raises:
        UsageError: if a name is unknown, or the document is no Program.
    """
    check_names((frontend,), property_codes)
    prepare()
    try:
        program = Program.from_json(document)
    except ProgramError as error:
        raise UsageError(f"not a program: {error}") from error
    # A fault of the front end was seen with some pass; any pass that is right shows it again.
    name = "reference" if subject == FRONTEND_SUBJECT else subject
    subjects = {name: resolve(name)}
    codes = property_codes or tuple(properties())
    checked = check_program(program, frontend, subjects, codes)
    findings = []
    where = {"seed": 0, "cell": 0, "shard": 0, "index": 0}
    found = checked.refutations(name) if name in checked.verdicts else []
    if subject == FRONTEND_SUBJECT:
        fault = checked.frontend_fault
        found = [] if fault is None else [(fault[1], fault[2])]
    for code, verdict in found:
        case = checked.cases[name]
        signature = signature_of(case, code, verdict)
        frontends = ablation(program, subjects, name, code, FRONTENDS)
        findings.append(finding_row(case, code, verdict, signature, where, frontends))
    return {
        "kind": "replay",
        "subject": subject,
        "frontend": frontend,
        "source": program_source(program),
        "valid": checked.valid,
        "refusal": checked.refusal,
        "verdicts": {code: str(verdict) for code, verdict in checked.verdicts.get(name, {}).items()},
        "findings": findings,
        "errors": [f"{kind}: {text}" for kind, text in checked.faults],
    }
