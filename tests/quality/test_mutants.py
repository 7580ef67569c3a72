"""Who checks the checker: every seeded fault is found by random search, by the property that names it."""

from __future__ import annotations

import pytest

from properties.campaign.check import check_program
from properties.campaign.draw import draw, shard_seed
from properties.campaign.selfcheck import hunt
from properties.mutants import MUTANTS
from properties.verdict import Status
from strategies.program import Program

PROGRAMS = 600
"""Within how many Programs of the nightly profile each mutant must die, for seed 0; more if it needs what is rare."""


@pytest.fixture(scope="module")
def drawn() -> list[Program]:
    return draw(shard_seed(0, 0, 0), "nightly", PROGRAMS)


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed_by_the_property_that_names_it(mutant, drawn):
    if mutant.needs:
        (row,) = hunt(mutant.frontend, (mutant.name,), 0, PROGRAMS)
        assert not row["error"]
        assert row["killed"], f"{mutant.name} survives {row['programs']} programs"
        return
    for program in drawn:
        checked = check_program(
            program, mutant.frontend, {mutant.name: mutant.subject}, (mutant.killed_by,), thorough=False
        )
        assert not checked.faults
        if (
            checked.valid
            and not checked.refusal
            and checked.verdicts[mutant.name][mutant.killed_by].status is Status.REFUTED
        ):
            return
    pytest.fail(f"{mutant.name} survives {PROGRAMS} programs")
