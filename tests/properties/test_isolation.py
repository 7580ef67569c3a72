"""Isolation: whatever a pass does to its process is a finding with its program, and costs nobody else anything."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from properties.campaign import Limits, audit_plan, check_arguments, replay, run_plan
from properties.campaign.box import Remains
from properties.campaign.deaths import death_of
from properties.campaign.pool import results
from properties.errors import UsageError
from tests.properties.programs import VACUOUS_EQUALITY

# Each of them is right but for what it does first: on every program, or (``odd``) on some.
PASSES = """
import ctypes, os, sys, time
import torch
from runtime_assert import insert_deferred_runtime_asserts as right

def odd(env):
    return sum(map(len, env.deferred_runtime_asserts.values())) >= 2

def segfault(gm, env, name, export=False):
    ctypes.string_at(0)

def sometimes(gm, env, name, export=False):
    if odd(env):
        ctypes.string_at(0)
    right(gm, env, name, export)

def leave(gm, env, name, export=False):
    os._exit(0)

def abort(gm, env, name, export=False):
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'")
    os.abort()

def sleep(gm, env, name, export=False):
    time.sleep(600)

def slow(gm, env, name, export=False):
    if not os.path.exists(__file__ + ".slow"):
        time.sleep(8)
        open(__file__ + ".slow", "w").close()
    right(gm, env, name, export)

def allocate(gm, env, name, export=False):
    kept = []
    while True:
        kept.append(bytearray(1 << 26))

def system_exit(gm, env, name, export=False):
    sys.exit(0)

def interrupt(gm, env, name, export=False):
    raise KeyboardInterrupt

def loud(gm, env, name, export=False):
    print("x" * 100_000)
    os.write(1, b"y" * 100_000)
    os.write(2, b"z" * 100_000)
    right(gm, env, name, export)

class _Late:
    def __call__(self, value):
        ctypes.string_at(0)

def plants(gm, env, name, export=False):
    right(gm, env, name, export)
    def explode():
        ctypes.string_at(0)
    out = next(node for node in gm.graph.nodes if node.op == "output")
    with gm.graph.inserting_before(out):
        gm.graph.call_function(explode)
"""


@pytest.fixture(scope="module")
def passes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("passes") / "passes.py"
    path.write_text(PASSES)
    return path


@pytest.mark.parametrize(
    ("name", "direction", "says"),
    [
        ("segfault", "abort", "SIGSEGV"),
        ("leave", "abort", "exit status 0"),
        ("abort", "memory", "bad_alloc"),
        ("sleep", "hang", "passes.py"),
        ("allocate", "crash", "MemoryError"),
        ("system_exit", "crash", "SystemExit"),
        ("interrupt", "crash", "KeyboardInterrupt"),
    ],
)
def test_what_a_pass_does_to_its_process_is_a_finding_that_can_be_replayed(
    passes: Path, name: str, direction: str, says: str
):
    limits = Limits(seconds=6.0 if name == "sleep" else 240.0, memory=1024)
    subject = f"{passes}:{name}"
    row = replay(VACUOUS_EQUALITY.to_json(), subject=subject, frontend="shape_env", property_codes=("RA101",), limits=limits)  # fmt: skip  # noqa: E501
    (finding,) = row["findings"]
    assert (finding["subject"], finding["property"], finding["direction"]) == (subject, "RA101", direction)
    assert finding["program"] == VACUOUS_EQUALITY.to_json()
    assert says in finding["detail"]
    assert row["errors"] == []


def test_a_pass_that_is_slow_for_once_hangs_nowhere(passes: Path):
    """The machine may have been too busy: what took too long gets more time before anybody is blamed.

    The pass sleeps for eight seconds until it has once slept to the end, which only the second try has time for.
    """
    limits = Limits(seconds=6.0, memory=1024)
    subject = f"{passes}:slow"
    row = replay(VACUOUS_EQUALITY.to_json(), subject=subject, frontend="shape_env", property_codes=("RA101",), limits=limits)  # fmt: skip  # noqa: E501
    assert (row["verdicts"], row["findings"], row["errors"]) == ({"RA101": "PROVED"}, [], [])


def test_a_graph_that_ends_the_process_is_the_fault_of_the_pass_that_left_it(passes: Path):
    row = replay(VACUOUS_EQUALITY.to_json(), subject=f"{passes}:plants", frontend="make_fx", property_codes=("RA102",))
    (finding,) = row["findings"]
    assert finding["direction"] == "abort"
    assert "graph after" in finding["signature"]


def test_what_a_pass_prints_goes_nowhere(passes: Path, capfd: pytest.CaptureFixture[str]):
    row = replay(VACUOUS_EQUALITY.to_json(), subject=f"{passes}:loud", frontend="shape_env", property_codes=("RA101",))
    assert row["verdicts"] == {"RA101": "PROVED"}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)"])
def test_a_subject_that_ends_the_process_when_it_is_imported_is_told_in_one_line(tmp_path: Path, ending: str):
    path = tmp_path / "deadly.py"
    path.write_text(ending + "\n")
    with pytest.raises(UsageError, match=r"deadly.py:f.*abort by") as caught:
        check_arguments((f"{path}:f",), ("make_fx",), ())
    assert "\n" not in str(caught.value)


def test_a_pass_that_crashes_on_some_programs_costs_nobody_else_anything(passes: Path):
    """Beside it, the other subject's counts are those of a run without it, and every program is counted."""
    subject = f"{passes}:sometimes"
    arguments = {"frontends": ("shape_env",), "programs": 24, "property_codes": ("RA101",), "seed": 5}
    alone = run_plan(audit_plan(subjects=("reference",), jobs=1, **arguments))
    beside = run_plan(audit_plan(subjects=(subject, "reference"), jobs=2, **arguments))
    expected, shard = (next(row for row in rows if row["kind"] == "shard") for rows in (alone, beside))
    assert shard["subjects"]["reference"] == expected["subjects"]["reference"]
    assert shard["programs"] == 24
    column = shard["subjects"][subject]
    assert column["programs"] == expected["subjects"]["reference"]["programs"]
    assert column["refuted"]["abort"] >= 1
    assert not [row for row in beside if row["kind"] == "tool_error"]
    (finding,) = [row for row in beside if row["kind"] == "finding"]
    assert (finding["subject"], finding["direction"]) == (subject, "abort")
    hits = next(row for row in beside if row["kind"] == "hits")
    assert hits["count"] == column["refuted"]["abort"]
    # It was made shorter in workers that ended one after the other: what is left is what the pass cannot bear.
    assert finding["shrunk"]
    assert "SIGSEGV" in finding["detail"]
    assert finding["statements"] <= 3


@pytest.mark.parametrize(
    ("phase", "blamed"),
    [
        (("subject", "mine"), "mine"),
        (("RA304", "mine", "subject", "mine"), "mine"),
        (("RA102", "mine", "graph after"), "mine"),
        (("trace",), "frontend"),
        (("RA101", "mine", "solver"), ""),
        (("RA102", "mine", "eager"), ""),
        (("RA102", "mine", "graph before"), ""),
        (("RA102", "mine"), ""),
        (("identity check", "solver"), ""),
        (("draw",), ""),
        ((), ""),
    ],
)
def test_who_is_to_blame_depends_on_the_phase(phase: tuple[str, ...], blamed: str):
    """The solver, the eager program and our own code are no pass's fault."""
    for exit_code, overdue in ((-11, False), (3, False), (None, True)):
        assert death_of(Remains(0, phase, None, ""), exit_code, overdue).subject == blamed


def test_an_interruption_at_the_terminal_does_not_reach_workers() -> None:
    """It goes to every process there, and only the one that the user started has to answer it."""
    (blocked,) = results(signal.pthread_sigmask, [(signal.SIG_BLOCK, ())], workers=1, timeout=60.0)
    assert signal.SIGINT in blocked
