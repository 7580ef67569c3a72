"""RA302: whose fault it is that a later stage loses an assert."""

from __future__ import annotations

from runtime_assert import insert_deferred_runtime_asserts as reference
from tests.properties.programs import check, item, program
from tests.properties.verdicts import verdict_of


def test_a_size_that_a_later_trace_makes_a_constant_is_the_front_ends_fault():
    """The asserts say that u0 is 0, so that the size that is u0 + 3 is 3: no graph behind it checks the input."""
    prog = program(
        (3,),
        [
            item(0),
            check("le", "u0", 0),
            check("eq", "u0", ["sub", "d0", 3]),
            {"op": "check_range", "leaf": "u0", "least": 0, "most": 2, "function": "constrain"},
        ],
    )
    found = verdict_of("RA302", prog, "export", reference)
    assert (str(found), found.stage, found.skeleton) == ("REFUTED(lost)", "frontend", "decomposed specialised")


def test_asserts_that_decomposition_keeps_are_proved():
    prog = program((3,), [item(2), check("le", "u0", "d0")])
    assert str(verdict_of("RA302", prog, "export", reference)) == "PROVED"
