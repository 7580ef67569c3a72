"""Random search finds known faults of torch 2.13's pass within a stated number of Programs, and shows them short."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from properties.campaign.check import check_program
from properties.campaign.draw import draw, shard_seed, shrink
from properties.campaign.pool import Lost, results
from properties.campaign.signature import signature_of
from properties.subjects import resolve
from properties.verdict import Verdict
from strategies.program import Program

WITHIN = 600
"""Programs of the audit profile, for seed 0, within which each fault must be found on ``shape_env``."""
STATEMENTS = 4

FAULTS: dict[str, tuple[str, Callable[[str, Verdict], bool]]] = {
    "an equality with a replaced item becomes vacuous": (
        "RA101",
        lambda cause, verdict: verdict.direction == "missing" and cause.startswith("equality") and "replaced" in cause,
    ),
    "a bound is dropped that no value range knows": (
        "RA101",
        lambda cause, verdict: verdict.direction == "missing" and cause.startswith("bound, one leaf"),
    ),
    "the pass changes the lists of the ShapeEnv": (
        "RA305",
        lambda cause, verdict: "deferred_runtime_asserts" in cause,
    ),
}


def shows(program: Program, code: str, wanted: Callable[[str, Verdict], bool]) -> Verdict | None:
    """The verdict of ``code`` on torch's pass, if it is the wanted fault."""
    checked = check_program(program, "shape_env", {"torch": resolve("torch")}, (code,), thorough=False)
    assert not checked.faults
    for found, verdict in checked.refutations("torch") if checked.verdicts else []:
        if wanted(signature_of(checked.cases["torch"], found, verdict).cause, verdict):
            return verdict
    return None


def search(fault: str) -> tuple[int, int, Verdict | None]:
    """How many hits there are, the statements of the shortest one made shorter, and its verdict."""
    code, wanted = FAULTS[fault]
    seed = shard_seed(0, 0, 0)
    hits = [program for program in draw(seed, "audit", WITHIN) if shows(program, code, wanted)]
    if not hits:
        return 0, 0, None
    # As the campaign does, the shortest one is made shorter.
    hit = min(hits, key=lambda program: (len(program.body), program.key()))
    smallest = shrink(seed, "audit", WITHIN, hit, lambda program: shows(program, code, wanted) is not None, calls=1500)
    return len(hits), len(smallest.body), shows(smallest, code, wanted)


@pytest.mark.skipif(
    not torch.__version__.startswith("2.13."), reason="the faults are those of torch 2.13; others have other faults"
)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_known_fault_is_found_and_shrinks_to_a_few_statements(fault):
    # In a worker of its own, as in a campaign: what torch's pass writes depends on what torch has cached before.
    (found,) = results(search, [(fault,)], workers=1, timeout=280)
    assert not isinstance(found, Lost), str(found)
    hits, statements, verdict = found
    assert hits, f"not found within {WITHIN} programs"
    assert verdict is not None
    assert statements <= STATEMENTS
    assert verdict.witness is not None
    if verdict.direction == "missing":
        assert not verdict.witness.eager.accepted
        assert verdict.witness.after.accepted
