"""Printed programs for a device make everything there, on the same lines as for the CPU."""

from __future__ import annotations

import pytest

from strategies.compile import compile_program
from strategies.placement import placed
from strategies.source import program_source
from tests.strategies.drawing import draw_programs


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("t = torch.zeros(u0)\n", "t = torch.zeros(u0, device='cuda:0')\n"),
        ("t = torch.full((u0,), 2.5)\n", "t = torch.full((u0,), 2.5, device='cuda:0')\n"),
        (
            "t = a.index_select(0, torch.arange(n)) + torch.ones(n)\n",
            "t = a.index_select(0, torch.arange(n, device='cuda:0')) + torch.ones(n, device='cuda:0')\n",
        ),
        (
            "t = torch.zeros(len(torch.arange(3)))\n",
            "t = torch.zeros(len(torch.arange(3, device='cuda:0')), device='cuda:0')\n",
        ),
        (
            "t = torch.zeros(())\nu = 'é', torch.ones()\n",
            "t = torch.zeros((), device='cuda:0')\nu = 'é', torch.ones(device='cuda:0')\n",
        ),
        ("t = torch.zeros(3, device='cpu')\n", "t = torch.zeros(3, device='cpu')\n"),
        ("t = torch.zeros(3,)\n", "t = torch.zeros(3,device='cuda:0')\n"),
        ("t = torch.zeros_like(a)\n", "t = torch.zeros_like(a)\n"),
    ],
)
def test_puts_the_device_into_each_call_that_makes_a_tensor(source: str, expected: str) -> None:
    """A call that has a device, or a tensor to go by, stays as it is."""
    assert expected == placed(source, "cuda:0")
    compile(expected, "placed", "exec")


def test_a_program_has_the_same_lines_for_every_device() -> None:
    """Tracebacks name lines, so a line must be the same statement on every device."""
    for program in draw_programs(60):
        text, other = program_source(program), program_source(program, device="cuda:0")
        assert len(other.splitlines()) == len(text.splitlines())
        assert other.replace(", device='cuda:0'", "") == text


def test_the_same_program_for_two_devices_has_two_files() -> None:
    """The source of one must not be shown for the other."""
    program = draw_programs(1)[0]
    first, second = compile_program(program), compile_program(program, "cuda:0")
    assert first.__code__.co_filename != second.__code__.co_filename
