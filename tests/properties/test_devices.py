"""Devices: names, what can be executed, and captures for a device that is not at hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_leaves

from properties.capture.facts import facts_of
from properties.capture.frontends import FRONTENDS, capture
from properties.devices import indexed, poisons, stand_ins, why_not_run
from properties.errors import NotCaptured, UsageError
from strategies import Program
from strategies.constructs import CONSTRUCTS
from tests.strategies.drawing import draw_programs, nightly_programs


def test_names_one_device_in_one_way() -> None:
    """``cuda`` and ``cuda:0`` are one device, so they must not count as two."""
    assert [indexed(name) for name in ("cpu", "cuda", "cuda:0", "cuda:3")] == ["cpu", "cuda:0", "cuda:0", "cuda:3"]


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:x", "CPU", "cuda:0 ", "mps"])
def test_refuses_a_device_that_it_does_not_know(name: str) -> None:
    """The message names the value and what is allowed, in one line."""
    with pytest.raises(UsageError, match=r"^device .* is unknown; allowed: cpu, cuda, cuda:N$"):
        indexed(name)


def test_says_why_a_device_cannot_run() -> None:
    """The CPU always can; a device beyond those that torch sees never can, and the reason names torch's version."""
    assert why_not_run("cpu") == ""
    assert torch.__version__ in why_not_run("cuda:250")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be ..."), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), True),
        (RuntimeError("CUDA error: unspecified launch failure"), True),
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"), False),
        (RuntimeError("Runtime assertion failed for expression Eq(u0, s0) on node 'eq'"), False),
        (ValueError("device-side assert"), False),
    ],
)
def test_tells_an_error_after_which_the_process_cannot_use_cuda(error: BaseException, expected: bool) -> None:
    """Only errors of a kernel stick to the context; running out of memory, or an assert of a graph, does not."""
    assert expected is poisons(error)


def programs_with(construct: str) -> Iterator[Program]:
    """The shortest generated program that has ``construct``, of each of several draws that have one."""
    for start in range(8):
        drawn = nightly_programs() if start == 0 else draw_programs(300, start=start)
        found = [p for p in drawn if any(statement.op == construct for statement in p.body)]
        if found:
            yield min(found, key=lambda program: len(program.body))


def test_a_stand_in_has_the_layout_of_the_input() -> None:
    """Sizes, strides and offset are what guards and asserts read."""
    base = torch.arange(40)
    real = torch.empty(0, dtype=torch.int64).set_(base.untyped_storage(), 3, (4, 5), (7, 1))
    (fake,) = stand_ins([real], "cuda:0", FakeTensorMode())
    assert (fake.shape, fake.stride(), fake.storage_offset()) == (real.shape, real.stride(), 3)
    assert str(fake.device) == "cuda:0"
    assert not fake._is_view()


@pytest.mark.parametrize("construct", sorted(CONSTRUCTS))
def test_every_construct_makes_its_tensors_on_the_device(construct: str) -> None:
    """A tensor left on the CPU would meet one on the device, or come out of the program there."""
    refused = []
    for program in programs_with(construct):
        try:
            captured = capture(program, "make_fx", "cuda")
            break
        except NotCaptured:
            # Tracing with tensors of no device asks Dynamo about branches, which torch refuses now and then.
            refused.append(program)
    else:
        assert refused, f"no generated program has {construct}"
        for program in refused:
            # Refused for the CPU, too: then it is not the device.
            with pytest.raises(NotCaptured):
                capture(program, "make_fx")
        return
    values = [node.meta["val"] for node in captured.graph.graph.nodes if "val" in node.meta]
    tensors = [value for value in tree_leaves(values) if isinstance(value, torch.Tensor)]
    assert {"cuda:0"} == {str(tensor.device) for tensor in tensors} or not tensors


@pytest.mark.parametrize("frontend", sorted(FRONTENDS))
def test_captures_for_cuda_what_it_captures_for_the_cpu(frontend: str) -> None:
    """Without a GPU the graph is traced with fake tensors; assumptions and obligations are the same."""
    for program in draw_programs(3, start=1):
        try:
            expected = facts_of(capture(program, frontend))
        except NotCaptured:
            continue
        found = facts_of(capture(program, frontend, "cuda"))
        assert found.capture.device == "cuda:0"
        assert set(expected.required) == set(found.required)
        assert set(expected.assumptions) == set(found.assumptions)
