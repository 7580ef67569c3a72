"""Code as a user has it: functions and modules with example inputs, for tests of the command check."""

from __future__ import annotations

from typing import Any

import torch

not_callable = 3


class LostEquality(torch.nn.Module):
    """Sizes of two inputs have to add up to a number that a third one holds; torch's pass loses that."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)

    def forward(self, a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        total: Any = x[0].item()
        torch._check(a.shape[0] + b.shape[0] == total)
        return self.linear(torch.zeros(total, 4)).sum() + a.sum() + b.sum()


def lost_equality() -> tuple[Any, Any]:
    return LostEquality(), (torch.ones(3), torch.ones(4), torch.tensor([7]))


def selected(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    chosen = mask.nonzero()
    torch._check(chosen.shape[0] >= 2)
    return values.sum() + chosen.sum()


def keyword_only(x: torch.Tensor, *, n: torch.Tensor) -> torch.Tensor:
    size: Any = n.item()
    torch._check(size <= x.shape[0])
    torch._check(size >= 2)
    return torch.zeros(size).sum() + x.sum()


keyword_only.example_inputs = {"x": torch.ones(5), "n": torch.tensor(3)}  # type: ignore[attr-defined]


def without_inputs(x: torch.Tensor) -> torch.Tensor:
    return x


def rejects_its_example(x: torch.Tensor) -> torch.Tensor:
    torch._check(bool(x[0].item() == 3))
    return x


rejects_its_example.example_inputs = (torch.tensor([4]),)  # type: ignore[attr-defined]


def branches_on_data(x: torch.Tensor) -> torch.Tensor:
    return x if x.sum() > 0 else -x


branches_on_data.example_inputs = torch.ones(3)  # type: ignore[attr-defined]


class NeedsArguments(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()


def hidden(x: torch.Tensor) -> torch.Tensor:
    """The number that decides is computed, so that no input is known to have a wanted value of it."""
    size: Any = (x * x).sum().item()
    torch._check(size >= 2)
    torch._check(size == x.shape[0])
    return torch.zeros(size).sum()


hidden.example_inputs = (torch.ones(4, dtype=torch.int64),)  # type: ignore[attr-defined]


def first_rows(x: torch.Tensor, n: int) -> torch.Tensor:
    torch._check(n <= x.shape[0])
    return x[:n] * n


def scalar_position(x: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    """Dynamo reads a backed symbol out of an integer input without dimensions."""
    at: Any = position.item()
    torch._check(at >= 0)
    torch._check(at < x.shape[0])
    return x[:at]


scalar_position.example_inputs = (torch.ones(5), torch.tensor(2))  # type: ignore[attr-defined]


def pinned(x: torch.Tensor) -> torch.Tensor:
    """The size is three, so that each of three asserts of torch's pass says a part of what one says."""
    size: Any = x[0].item()
    torch._check(size == 3)
    return torch.zeros(size)


pinned.example_inputs = (torch.tensor([3]),)  # type: ignore[attr-defined]
