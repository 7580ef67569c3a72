"""The inputs of a finding, as text, are the inputs that were executed."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from properties.campaign.check import check_program
from properties.campaign.finding import finding_row, input_expressions
from properties.campaign.signature import signature_of
from properties.subjects import resolve
from strategies.inputs import build_inputs
from tests.properties.programs import check, item, program


@pytest.mark.parametrize("value", [3.0, -0.0, 0.1, float("nan"), float("-inf"), 1.0])
def test_a_float_that_is_read_is_shown_as_it_is(value: float) -> None:
    drawn = program((2,), [{"op": "item_float", "value": ["float", "2.5"]}, item(7)])
    values = {"d0": 2, "u0": value, "u1": 5}
    for text, built in zip(input_expressions(drawn, values), build_inputs(drawn, values), strict=True):
        shown = eval(text, {"torch": torch})
        assert isinstance(built, torch.Tensor)
        assert shown.dtype == built.dtype
        assert torch.equal(shown.nan_to_num(99), built.nan_to_num(99))
        assert torch.equal(torch.signbit(shown), torch.signbit(built))


def no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def test_a_finding_that_only_nan_shows_is_still_json() -> None:
    """Found by a campaign: ``u0 - u0 == 0.0`` fails for NaN alone, and no command could read the run's folder again."""
    one = ["float_eq", ["float_sub", "u0", "u0"], ["float", "0.0"]]
    drawn = program((), [{"op": "item_float", "value": ["float", "2.5"]}, check(*one)])
    found = check_program(drawn, "shape_env", {"torch": resolve("torch")}, ["RA102"])
    verdict, case = found.verdicts["torch"]["RA102"], found.cases["torch"]
    signature = signature_of(case, "RA102", verdict)
    row = finding_row(case, "RA102", verdict, signature, {}, {})
    assert "nan" in row["witness"]["inputs"][0]
    assert json.loads(json.dumps(row), parse_constant=no_constant)["witness"]["values"] == {"u0": "nan"}
