"""What a graph's message cannot say, the values found, is told by running the graph up to the failing assert."""

from __future__ import annotations

import io
import operator
from typing import Any

import pytest
import torch
from torch import fx
from torch._higher_order_ops.scan import scan
from torch.utils.checkpoint import checkpoint

import runtime_assert
from runtime_assert import Diagnosis, diagnose, explaining, insert_with_report
from tests.runtime_assert.graphs import capture


class Program(torch.nn.Module):
    def forward(self, a: torch.Tensor, x: torch.Tensor, *, k: torch.Tensor) -> torch.Tensor:
        u = x[0].item()
        torch._check(u * 2 + k.shape[0] <= a.shape[0])
        return a + u


def exported(strict: bool = False) -> Any:
    dynamic = {"a": {0: torch.export.Dim.DYNAMIC}, "x": None, "k": {0: torch.export.Dim.DYNAMIC}}
    args, kwargs = (torch.randn(9), torch.tensor([1, 2])), {"k": torch.ones(3)}
    with runtime_assert.installed():
        return torch.export.export(Program(), args, kwargs, dynamic_shapes=dynamic, strict=strict)


@pytest.mark.parametrize("strict", [False, True])
def test_the_values_of_all_leaves_are_found_in_an_exported_program(strict: bool) -> None:
    program = exported(strict)
    assert diagnose(program, torch.randn(9), torch.tensor([3, 2]), k=torch.ones(3)) is None
    found = diagnose(program, torch.randn(8), torch.tensor([5, 2]), k=torch.ones(3))
    assert found is not None
    assert found.condition == "k.shape[0] + (2 * x.select(0, 0).item()) <= a.shape[0]"
    assert dict(found.values) == {"k.shape[0]": 3, "x.select(0, 0).item()": 5, "a.shape[0]": 8}
    assert found.location.startswith("test_diagnosis.py:")
    assert "found: k.shape[0] = 3, x.select(0, 0).item() = 5, a.shape[0] = 8" in str(found)


def test_a_program_that_was_saved_and_loaded_is_diagnosed_alike() -> None:
    program, file = exported(), io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    loaded = torch.export.load(file)
    inputs = (torch.randn(8), torch.tensor([5, 2]))
    again = diagnose(loaded, *inputs, k=torch.ones(3))
    first = diagnose(program, *inputs, k=torch.ones(3))
    assert first is not None
    assert again is not None
    assert (again.message, again.condition, again.values) == (first.message, first.condition, first.values)


def test_a_graph_of_ones_own_is_diagnosed_by_the_first_assert_that_fails() -> None:
    def function(a: torch.Tensor, x: torch.Tensor) -> Any:
        u, v = x[0].item(), x[1].item()
        torch._check(u != 4)
        torch._check(v > u)
        return u + v

    gm, env = capture(function, (torch.randn(3), torch.tensor([1, 2])), ((0,), ()))
    insert_with_report(gm, env, "test", strict=True)
    gm.recompile()
    assert diagnose(gm, torch.randn(3), torch.tensor([1, 2])) is None
    first = diagnose(gm, torch.randn(3), torch.tensor([4, 2]))
    second = diagnose(gm, torch.randn(3), torch.tensor([3, 2]))
    assert first is not None
    assert second is not None
    assert first.values == (("x.select(0, 0).item()", 4),)
    assert {value for _, value in second.values} == {3, 2}
    with pytest.raises(RuntimeError, match=r"checked at test_diagnosis\.py"):
        gm(torch.randn(3), torch.tensor([3, 2]))


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_a_compiled_program_raises_with_the_values_and_the_users_words(backend: str) -> None:
    def function(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        u = x[0].item()
        torch._check(u * 2 <= a.shape[0], lambda: "too many")
        return a + u

    torch._dynamo.reset()
    with runtime_assert.installed(), torch._dynamo.config.patch(capture_scalar_outputs=True):
        compiled = torch.compile(function, backend=explaining(backend), dynamic=True, fullgraph=True)
        a = torch.randn(9)
        assert torch.equal(compiled(a, torch.tensor([2, 1])), a + 2)
        with pytest.raises(RuntimeError, match="too many") as caught:
            compiled(a, torch.tensor([7, 1]))
    assert "found: x[0].item() = 7, a.shape[0] = 9" in str(caught.value)
    assert isinstance(caught.value.__cause__, RuntimeError)
    torch._dynamo.reset()


def test_errors_that_are_no_asserts_are_left_as_they_are() -> None:
    def function(a: torch.Tensor) -> torch.Tensor:
        return a.reshape(2, 3)

    torch._dynamo.reset()
    compiled = torch.compile(function, backend=explaining("eager"), dynamic=False)
    gm = fx.symbolic_trace(function)
    with pytest.raises(RuntimeError, match="shape"):
        diagnose(gm, torch.randn(5))
    with pytest.raises(Exception, match="shape"):
        compiled(torch.randn(5))
    torch._dynamo.reset()


def test_an_assert_in_a_branch_says_which_branch() -> None:
    class Branches(torch.nn.Module):
        def forward(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            def few(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
                u = x[0].item()
                torch._check(u >= 2)
                return a + u

            def many(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
                return a - 1

            return torch.cond(a.sum() > 0, few, many, (a, x))

    with runtime_assert.installed():
        program = torch.export.export(Branches(), (torch.ones(3), torch.tensor([3, 1])))
    assert diagnose(program, -torch.ones(3), torch.tensor([0, 1])) is None
    found = diagnose(program, torch.ones(3), torch.tensor([0, 1]))
    assert found is not None
    assert found.subgraph == ("true_graph_0",)
    assert [value for _, value in found.values] == [0]


@pytest.mark.parametrize("form", ["none", "keyword", "attribute"])
def test_messages_of_every_form_are_shown(form: str) -> None:
    """A check that no pass has been over."""
    root = torch.nn.Module()
    graph = fx.Graph()
    x = graph.placeholder("x")
    condition = graph.call_function(operator.ge, (x, 3))
    message: dict[str, Any] = {"keyword": {"message": "words"}}.get(form, {})
    if form == "attribute":
        setattr(root, "words", lambda: "words")  # noqa: B010
        message = {"message": graph.get_attr("words")}
    graph.call_function(torch._check, (condition,), message)
    graph.output(x)
    found = diagnose(fx.GraphModule(root, graph), 1)
    assert isinstance(found, Diagnosis)
    assert found.values == (("x", 1),)
    assert found.message == ("Runtime assertion failed: x >= 3" if form == "none" else "words")


def test_what_does_not_fit_is_said_in_one_line() -> None:
    gm = fx.symbolic_trace(lambda a, b: a + b)
    with pytest.raises(TypeError, match="takes a GraphModule or an ExportedProgram, not function"):
        diagnose(lambda: 0)
    with pytest.raises(TypeError, match=r"takes 2 inputs \(a, b\), 1 were given"):
        diagnose(gm, 1)
    with pytest.raises(TypeError, match="takes no input c; it takes b"):
        diagnose(gm, 1, c=2)
    assert diagnose(gm, 1, b=2) is None


class Scanned(torch.nn.Module):
    def forward(self, rows: torch.Tensor) -> Any:
        def step(total: torch.Tensor, row: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            u = row.sum().item()
            torch._check(u <= 10)
            return total + u, row + 1

        return scan(step, torch.zeros((), dtype=torch.int64), rows)


class WithoutGradients(torch.nn.Module):
    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            u = rows[1].sum().item()
            torch._check(u <= 10)
            doubled = rows + u
        return doubled * 2


@pytest.mark.parametrize(
    ("module", "body"), [(Scanned(), "scan_combine_graph_0"), (WithoutGradients(), "submod_1")], ids=["scan", "no_grad"]
)
def test_an_assert_in_any_body_tells_the_values_of_the_step_that_failed(module: Any, body: str) -> None:
    """`rows[1]` is what sums up to 17; the steps before it pass."""
    good, bad = torch.ones(3, 2, dtype=torch.int64), torch.tensor([[1, 1], [9, 8], [1, 1]])
    with runtime_assert.installed():
        program = torch.export.export(module, (good,))
    assert diagnose(program, good) is None
    found = diagnose(program, bad)
    assert found is not None
    assert found.subgraph == (body,)
    assert [value for _, value in found.values] == [17]


def test_an_assert_in_a_checkpointed_region_is_told_by_the_compiled_program() -> None:
    def region(x: torch.Tensor) -> torch.Tensor:
        u = x.sum().item()
        torch._check(u <= 10)
        return x + u

    def function(x: torch.Tensor) -> Any:
        return checkpoint(region, x, use_reentrant=False)

    torch._dynamo.reset()
    with runtime_assert.installed(), torch._dynamo.config.patch(capture_scalar_outputs=True):
        compiled = torch.compile(function, backend=explaining("eager"), fullgraph=True)
        assert compiled(torch.tensor([1, 1])).tolist() == [3, 3]
        with pytest.raises(RuntimeError, match=r"found: .* = 18"):
            compiled(torch.tensor([9, 9]))
    torch._dynamo.reset()
