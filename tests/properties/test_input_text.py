"""The inputs of a finding, as text, are the inputs that were executed."""

from __future__ import annotations

import pytest
import torch

from properties.campaign.finding import input_expressions
from strategies.inputs import build_inputs
from tests.properties.programs import item, program


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
