"""One Program again: the same frontend, subject and properties, and what they say now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from properties.backends import BACKENDS, USUAL
from properties.campaign.check import check_program
from properties.campaign.finding import ablation, finding_row
from properties.campaign.plan import FRONTENDS, OUTSIDE, check_names
from properties.campaign.signature import signature_of
from properties.errors import UsageError
from properties.registry import properties
from properties.subjects import resolve
from strategies.program import Program, ProgramError
from strategies.source import standalone_source


def shown_by(subject: str) -> str:
    """The pass that shows a fault of ``subject`` again: one outside of the pass, any that is right."""
    return "reference" if subject in OUTSIDE else subject


def backends_for(codes: Sequence[str]) -> tuple[str, ...]:
    """The backends that ``codes`` are asked about: by its name RA602 is asked about all, whichever showed a fault."""
    return BACKENDS if "RA602" in codes else USUAL


def replay(
    document: Mapping[str, Any], *, subject: str, frontend: str, property_codes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """``{"kind": "replay", "verdicts": {code: text}, "findings": [rows], "refusal": text, "errors": [text]}``.

    Raises:
        UsageError: if a name is unknown, or the document is no Program.
    """
    check_names((frontend,), property_codes)
    try:
        program = Program.from_json(document)
    except ProgramError as error:
        raise UsageError(f"not a program: {error}") from error
    name = shown_by(subject)
    subjects = {name: resolve(name)}
    codes = property_codes or tuple(code for code, row in properties().items() if not row.share)
    backends = backends_for(property_codes)
    checked = check_program(program, frontend, subjects, codes, backends=backends)
    findings = []
    where = {"seed": 0, "cell": 0, "shard": 0, "index": 0}
    found = checked.refutations(name) if name in checked.verdicts else []
    if subject in OUTSIDE:
        fault = checked.outside(subject)
        found = [] if fault is None else [(fault[1], fault[2])]
    for code, verdict in found:
        case = checked.cases[name]
        signature = signature_of(case, code, verdict)
        frontends = ablation(program, subjects, name, code, FRONTENDS, backends)
        findings.append(finding_row(case, code, verdict, signature, where, frontends))
    return {
        "kind": "replay",
        "subject": subject,
        "frontend": frontend,
        "source": standalone_source(program),
        "valid": checked.valid,
        "refusal": checked.refusal,
        "verdicts": {code: str(verdict) for code, verdict in checked.verdicts.get(name, {}).items()},
        "findings": findings,
        "errors": [f"{kind}: {text}" for kind, text in checked.faults],
    }
