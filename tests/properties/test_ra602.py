"""RA602: what a backend makes of a guarded graph is measured by the interpreted graph."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from properties.campaign.check import check_program
from properties.campaign.plan import audit_plan
from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.capture.state import EnvState, changes
from properties.case import Case
from properties.checks.ra602 import check as ra602
from properties.errors import UsageError
from properties.execution.backends import compile_graph, private_cache, unavailable
from properties.subjects import resolve
from properties.verdict import Status
from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import VACUOUS_EQUALITY, check, item, program

BOUND = program((5,), [item(7), check("gt", "u0", 3), check("lt", "u0", ["add", "d0", 9])])


def case_of(frontend: str, *backends: str, subject: Any = reference) -> Case:
    return Case(facts_of(capture(BOUND, frontend)), "subject", subject, backends=backends)


@pytest.mark.parametrize("frontend", ["make_fx", "export", "compile", "compile+deferred"])
def test_a_backend_that_keeps_every_assert_is_proved(frontend: str) -> None:
    """Graph and, under torch.compile, the whole callable reject what the interpreted graph rejects."""
    assert str(ra602(case_of(frontend, "aot_eager"))) == "PROVED"


@pytest.mark.parametrize("frontend", ["make_fx", "compile"])
def test_a_pass_that_drops_asserts_is_not_laid_at_the_backends_door(frontend: str) -> None:
    """torch's pass accepts too much, and what is compiled from its graph does the same."""
    subject = resolve("torch")
    case = Case(facts_of(capture(VACUOUS_EQUALITY, frontend)), "torch", subject, backends=("aot_eager",))
    assert str(ra602(case)) == "PROVED"


@pytest.mark.parametrize(
    ("forget", "direction"),
    [(torch.ops.aten._assert_scalar.default, "missing"), (torch.ops.aten.sum.default, "")],
    ids=["asserts", "nothing"],
)
def test_a_backend_that_drops_asserts_is_refuted(monkeypatch: pytest.MonkeyPatch, forget: Any, direction: str) -> None:
    """The witness shows the interpreted graph rejecting by an assert and the compiled graph accepting."""
    lookup = torch._dynamo.lookup_backend

    def forgetful(name: str) -> Any:
        def compile(gm: torch.fx.GraphModule, inputs: Any) -> Any:
            for node in gm.graph.find_nodes(op="call_function", target=forget):
                gm.graph.erase_node(node)
            gm.recompile()
            return lookup(name)(gm, inputs)

        return compile

    monkeypatch.setattr(torch._dynamo, "lookup_backend", forgetful)
    verdict = ra602(case_of("make_fx", "aot_eager"))
    if not direction:
        assert str(verdict) == "PROVED"
        return
    assert (verdict.status, verdict.direction, verdict.stage) == (Status.REFUTED, direction, "backend")
    assert verdict.witness is not None
    assert verdict.witness.after.by == "assert"
    assert dict(verdict.witness.others)["aot_eager graph"].accepted


def test_torch_drops_an_equality_with_a_dim_behind_dynamo() -> None:
    """pytorch/pytorch issue 151127: the interpreted graph rejects, and what AOTAutograd makes of it accepts."""
    equality = program((3,), [item(3), check("eq", "u0", "d0")])
    case = Case(facts_of(capture(equality, "compile")), "reference", reference, backends=("aot_eager",))
    verdict = ra602(case)
    assert (str(verdict), verdict.skeleton) == ("REFUTED(missing)", "aot_eager graph: eq(dim, item)")
    assert verdict.witness is not None
    assert verdict.witness.eager.by == "check"


def test_leaves_the_shape_env_as_it_was() -> None:
    """Compiling traces the graph again; the other properties must not see what that teaches the ShapeEnv."""
    captured = capture(BOUND, "make_fx")
    case = Case(facts_of(captured), "reference", reference)
    assert case.after is not None
    compile_graph(case.after, captured, "aot_eager")
    assert changes(captured.state, EnvState.take(captured.shape_env)) == []


def test_says_that_a_backend_was_not_run_where_there_is_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stated with the reason, and not counted as agreement."""
    monkeypatch.setattr("properties.execution.backends._compiler", lambda: None)
    assert unavailable("inductor") == "inductor: no C++ compiler found (CXX, c++, g++ or clang++)"
    assert str(ra602(case_of("make_fx", "inductor"))).startswith("PROVED, not run: inductor: no C++ compiler")


def test_has_nothing_to_say_where_there_are_no_tensors() -> None:
    """A graph of integers has no input from which a backend could read its sizes."""
    assert ra602(case_of("shape_env", "aot_eager")).status is Status.VACUOUS


def test_asks_a_share_of_the_programs_spread_over_all_shards() -> None:
    """A share smaller than one program a shard must not come to none."""
    plan = audit_plan(frontends=("make_fx", "shape_env"), programs=1000, backend_share=0.01)
    asked = [
        place for place in range(1000) if "RA602" in plan.codes(0, place // plan.shard_size, place % plan.shard_size)
    ]
    assert len(asked) == 10
    assert {late - early for early, late in itertools.pairwise(asked)} == {100}
    assert all("RA602" not in plan.codes(1, 0, index) for index in range(plan.shard_size))
    on_cuda = audit_plan(frontends=("make_fx",), programs=10, device="cuda")
    assert all("RA601" in on_cuda.codes(0, 0, index) for index in range(10))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"device": "tpu"}, r"^device 'tpu' is unknown; allowed: cpu, cuda, cuda:N$"),
        ({"backends": ("tvm",)}, r"^backend 'tvm' is unknown; allowed: aot_eager, inductor, aot_inductor, eager$"),
        ({"backend_share": 1.5}, r"^backend-share=1.5: allowed is 0 to 1$"),
    ],
)
def test_refuses_what_it_does_not_know(arguments: Any, message: str) -> None:
    """One line with the value and what is allowed."""
    with pytest.raises(UsageError, match=message):
        audit_plan(**arguments)


def test_compiles_into_a_folder_of_its_own() -> None:
    """The user's cache is neither read nor filled, and the folder of a process that was killed goes with the next."""
    code = "from properties.execution.backends import private_cache\nwith private_cache() as f: print(f)"
    environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": "/nowhere"}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, env=environment
    )
    left = Path(done.stdout.strip())
    assert left.is_dir()
    with private_cache() as folder:
        assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(folder)
    assert os.environ.get("TORCHINDUCTOR_CACHE_DIR") != str(folder)
    assert folder.is_dir()
    # This process may have looked before the other one ended; a fresh one looks now.
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=root, env=environment)
    assert not left.exists()


@pytest.mark.compiler
@pytest.mark.skipif(bool(unavailable("inductor")), reason="no C++ compiler found")
@pytest.mark.parametrize("frontend", ["make_fx", "export", "compile"])
def test_inductor_keeps_the_asserts_of_a_plain_program(frontend: str) -> None:
    """C++ on the CPU, under every frontend; ahead of time, too, where the program is exported."""
    backends = ("inductor", "aot_inductor") if frontend == "export" else ("inductor",)
    checked = check_program(BOUND, frontend, {"reference": reference}, ("RA602",), backends=backends)
    assert not checked.faults
    assert str(checked.verdicts["reference"]["RA602"]) == "PROVED"
