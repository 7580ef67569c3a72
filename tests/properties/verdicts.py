"""What one property says about one subject on one Program, for the tests of single properties."""

from __future__ import annotations

from properties.campaign.check import check_program
from properties.subjects import Subject
from properties.verdict import Verdict
from strategies.program import Program

FRONTENDS = ("shape_env", "make_fx", "export", "export-strict", "compile")


def verdict_of(code: str, program: Program, frontend: str, subject: Subject) -> Verdict:
    """The verdict of property ``code``; the Program must be traced, and nothing of the tool may fail."""
    checked = check_program(program, frontend, {"subject": subject}, (code,))
    assert not checked.faults
    assert not checked.refusal
    return checked.verdicts["subject"][code]
