"""A value of the Program that the graph does not read is told apart from one that it reads without the check."""

from __future__ import annotations

from properties.campaign.check import check_program
from properties.campaign.signature import Signature, signature_of
from properties.subjects import resolve
from strategies.program import Program
from tests.properties.programs import check, item, program

NUMBER_BESIDE_AN_ITEM = Program.from_json(
    {
        "schema": 1,
        "dims": [],
        "params": [],
        "scalars": [{"value": 0, "before": 0}],
        "body": [item(0), check("eq", ["bitor", "u0", 15], 15), check("eq", "u0", "n0")],
    }
)
CANCELLED = program(
    (),
    [{"op": "item_float", "value": ["float", "2.5"]}, check("float_eq", ["float_sub", "u0", "u0"], ["float", "0.0"])],
)


def fault_of_the_front_end(one: Program) -> Signature:
    checked = check_program(one, "make_fx", {"reference": resolve("reference")}, ["RA102"])
    verdict = checked.verdicts["reference"]["RA102"]
    assert verdict.stage == "frontend"
    return signature_of(checked.cases["reference"], "RA102", verdict)


def test_every_check_of_a_value_that_is_not_read_has_one_cause() -> None:
    """make_fx takes the number for the item, which is then no part of the graph, and no check of it either."""
    found = fault_of_the_front_end(NUMBER_BESIDE_AN_ITEM)
    assert found.cause == "of a value that is not read"
    assert "lost_item" in found.skeleton


def test_a_value_that_is_read_is_not_called_lost() -> None:
    """Tracing cancels the difference of a float and itself, which is no number for NaN; the float is read."""
    found = fault_of_the_front_end(CANCELLED)
    assert found.cause != "of a value that is not read"
    assert "lost" not in found.skeleton
