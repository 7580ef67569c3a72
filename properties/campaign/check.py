"""One Program through one frontend, for any number of subjects and properties."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from properties.backends import USUAL
from properties.campaign.identity import identity_check
from properties.campaign.plan import OUTSIDE
from properties.capture.facts import Facts, facts_of
from properties.capture.frontends import capture
from properties.case import Case
from properties.devices import context_lost, why_not_run
from properties.errors import ContextLost, GeneratorError, NotCaptured, ToolError
from properties.execution.run import run_example
from properties.phases import EAGER, IDENTITY, SUBJECT, TRACE, phase
from properties.registry import properties
from properties.solver.statistics import Counts, Statistics, collected
from properties.subjects import Subject
from properties.verdict import PROVED, Status, Verdict, worst
from strategies.program import Program
from strategies.statement import Unrealisable

DEVICES_AGREE = "RA601"


@dataclass
class Checked:
    """What came of one Program: verdicts by subject and property, and what they rest on."""

    valid: bool = True
    refusal: str = ""
    facts: Facts | None = None
    verdicts: dict[str, dict[str, Verdict]] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    not_run: tuple[str, ...] = ()
    """What could not be executed here, with the reason, one text for each kind."""
    solver: Counts = field(default_factory=dict)
    """Which step of the solver decided how many queries, and how long each step took."""
    context_lost: bool = False
    """A kernel took the CUDA context of this process with it: nothing more can be checked in it on a device."""

    def overall(self, subject: str) -> Verdict:
        """The verdict that counts for ``subject``: the worst over the properties, faults outside of it aside."""
        return worst([PROVED if verdict.stage in OUTSIDE else verdict for verdict in self.verdicts[subject].values()])

    def refutations(self, subject: str) -> list[tuple[str, Verdict]]:
        """What counts as a finding of ``subject``: one for one cause, none that no pass is to blame for.

        A run that shows what RA101 has refuted already is the same fault, executed once more, and so is a check of
        the user's, or of a branch, that is gone where RA101 finds an assert missing.
        """
        verdicts = self.verdicts[subject]
        first = verdicts.get("RA101")
        known = first.direction if first is not None and first.status is Status.REFUTED else None
        return [
            (code, verdict)
            for code, verdict in verdicts.items()
            if verdict.status is Status.REFUTED
            and verdict.stage not in OUTSIDE
            and not (code == "RA102" and known is not None and verdict.direction in (known, "late"))
            and not (code == "RA105" and known == "missing")
            and not (code == "RA104" and verdict.skeleton == "dropped" and known == "missing")
            # That another pass decides otherwise, or that a later stage shows it too, is the same fault once more.
            and not (code in ("RA701", "RA302", "RA303") and known is not None)
        ]

    def outside(self, stage: str) -> tuple[str, str, Verdict] | None:
        """The first verdict that blames ``stage``, one of OUTSIDE: (subject it was seen with, property, verdict)."""
        for subject, verdicts in self.verdicts.items():
            for code, verdict in verdicts.items():
                if verdict.status is Status.REFUTED and verdict.stage == stage:
                    return subject, code, verdict
        return None


def check_program(
    program: Program,
    frontend: str,
    subjects: Mapping[str, Subject],
    codes: Sequence[str],
    *,
    device: str = "cpu",
    backends: tuple[str, ...] = USUAL,
    thorough: bool = True,
) -> Checked:
    """Traces ``program`` for ``device`` once and decides every property of ``codes`` for every subject.

    Faults of this tool, or of the generator, are recorded in the result and never raised. With ``thorough`` the
    identity check asks the solver too. Where ``device`` cannot run, only what needs no execution is decided: RA601,
    which proves the asserts for it equal to those for the CPU. ``backends`` are those that RA602 is asked about.
    """
    result = Checked()
    with collected(Statistics(time.perf_counter, result.solver)):
        return _checked(result, program, frontend, subjects, codes, device, backends, thorough)


def _checked(
    result: Checked,
    program: Program,
    frontend: str,
    subjects: Mapping[str, Subject],
    codes: Sequence[str],
    device: str,
    backends: tuple[str, ...],
    thorough: bool,
) -> Checked:
    clock = _Clock(result.seconds)
    absent = why_not_run(device)
    if absent:
        result.not_run = (absent,)
        device, codes = "cpu", [code for code in codes if code == DEVICES_AGREE]
    try:
        with clock("run"), phase(EAGER):
            result.valid = _runs(program)
        if not result.valid:
            return result
        with clock("trace"), phase(TRACE):
            result.facts = facts_of(capture(program, frontend, device))
        with clock("proof"), phase(IDENTITY):
            identity_check(result.facts, thorough=thorough)
    except NotCaptured as refusal:
        result.refusal = str(refusal)
        return result
    except GeneratorError as error:
        result.faults.append(("generator", str(error)))
        return result
    except Exception as error:  # noqa: BLE001 - the boundary of a case: a fault of ours is a row, not a crash
        result.faults.append(("tool", _trace(error)))
        return result
    for name, subject in subjects.items():
        with clock("pass"):
            case = result.cases[name] = Case(result.facts, name, _told(name, subject), backends=backends)
        result.verdicts[name] = {code: _decide(code, case, result, clock) for code in codes}
    texts = (verdict.not_run for verdicts in result.verdicts.values() for verdict in verdicts.values())
    result.not_run = tuple(dict.fromkeys((*result.not_run, *filter(None, texts))))
    result.context_lost = result.context_lost or context_lost()
    return result


def _told(name: str, subject: Subject) -> Subject:
    """``subject``, each call of which is a phase of its own: what happens in it is its own fault."""

    def told(*args: Any, **options: Any) -> Any:
        with phase(SUBJECT, name):
            return subject(*args, **options)

    return told


def _runs(program: Program) -> bool:
    """Whether the Program accepts its own example; one whose example needs tensors too large to build does not."""
    try:
        return run_example(program).accepted
    except Unrealisable:
        return False


def _decide(code: str, case: Case, result: Checked, clock: _Clock) -> Verdict:
    try:
        with clock(code), phase(code, case.subject_name):
            return properties()[code].check(case)
    except ContextLost as error:
        result.context_lost = True
        return Verdict(Status.UNDECIDED, reason="the CUDA context was lost", detail=str(error))
    except GeneratorError as error:
        result.faults.append(("generator", f"{code}, {case.subject_name}: {error}"))
        return Verdict(Status.TOOL_ERROR, reason="generator", detail=str(error))
    except ToolError as error:
        result.faults.append(("tool", f"{code}, {case.subject_name}: {error}"))
        return Verdict(Status.TOOL_ERROR, reason="oracle and execution disagree", detail=str(error))
    except Exception as error:  # noqa: BLE001 - see above
        result.faults.append(("tool", f"{code}, {case.subject_name}: {_trace(error)}"))
        return Verdict(Status.TOOL_ERROR, reason=type(error).__name__, detail=_trace(error))


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-2000:]


class _Clock:
    """Adds the seconds spent in a block to a name of a dict."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._name = ""
        self._start = 0.0

    def __call__(self, name: str) -> _Clock:
        self._name = name
        return self

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        spent = time.perf_counter() - self._start
        self._seconds[self._name] = self._seconds.get(self._name, 0.0) + spent
