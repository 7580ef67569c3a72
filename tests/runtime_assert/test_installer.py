"""The pass takes torch's place everywhere, and gives it back."""

from __future__ import annotations

import importlib
import re
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.export import Dim

import runtime_assert
from runtime_assert import UnknownTorch, install, installed, is_installed, uninstall
from runtime_assert.installer import CALL_SITES, HOME, NAME
from tests.runtime_assert.graphs import asserts

TORCH = Path(torch.__file__).parent
ARGS = (torch.randn(3), torch.randn(4), torch.tensor([7]))
SHAPES = ({0: Dim.DYNAMIC}, {0: Dim.DYNAMIC}, None)


class SizesAddUp(torch.nn.Module):
    def forward(self, a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(a.shape[0] + b.shape[0] == u)
        return torch.zeros(u) + 1  # type: ignore[call-overload]


def bound() -> dict[str, Any]:
    """What every call site calls at the moment."""
    return {name: getattr(importlib.import_module(name), NAME) for name in CALL_SITES}


def test_every_call_site_of_the_installed_torch_is_known() -> None:
    """Modules that import the function at their top level, and those that import it where they call it."""
    top, inner = set(), set()
    for file in TORCH.rglob("*.py"):
        text = file.read_text(encoding="utf-8", errors="replace")
        for match in re.finditer(rf"^(\s*)from {re.escape(HOME)} import .*\b{NAME}\b", text, re.MULTILINE):
            module = ".".join(("torch", *file.relative_to(TORCH).with_suffix("").parts))
            (inner if match[1].strip("\n") else top).add(module)
    assert top == set(CALL_SITES) - {HOME}
    assert inner <= {"torch.fx.experimental.proxy_tensor"}


def test_no_module_reaches_the_function_in_another_way() -> None:
    found = set()
    for file in TORCH.rglob("*.py"):
        text = file.read_text(encoding="utf-8", errors="replace")
        if re.search(r"fx\.passes(\.| import )runtime_assert\b(?! import)", text) and NAME in text:
            found.add(file.relative_to(TORCH).as_posix())
    assert found <= {"fx/passes/runtime_assert.py"}


def test_the_pass_is_in_place_inside_the_block_and_gone_behind_it() -> None:
    before = bound()
    with installed():
        assert set(bound().values()) == {runtime_assert.insert_deferred_runtime_asserts}
        assert is_installed()
    assert bound() == before
    assert not is_installed()


def test_an_error_in_the_block_restores_torchs_pass() -> None:
    before = bound()
    with pytest.raises(KeyError), installed():
        raise KeyError
    assert bound() == before


def test_installations_nest() -> None:
    before = bound()
    install()
    with installed():
        pass
    assert is_installed()
    uninstall()
    assert bound() == before


def test_uninstalling_what_is_not_installed_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"^uninstall\(\) without install\(\): torch's own pass is in place$"):
        uninstall()


def test_another_pass_in_torchs_place_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(*_: Any, **__: Any) -> None:
        raise AssertionError("not called")

    monkeypatch.setattr(importlib.import_module("torch._dynamo.output_graph"), NAME, other)
    before = bound()
    said = rf"^torch\._dynamo\.output_graph\.{NAME} is not torch's own function but one of {re.escape(__name__)}$"
    with pytest.raises(UnknownTorch, match=said):
        install()
    assert bound() == before


def test_what_is_no_function_of_a_module_is_named_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("torch._dynamo.output_graph"), NAME, 7)
    with pytest.raises(UnknownTorch, match=r"is not torch's own function but one of 7$"):
        install()


def test_a_torch_without_a_required_call_site_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(importlib.import_module("torch._dynamo.output_graph"), NAME)
    with pytest.raises(UnknownTorch, match="has no insert_deferred_runtime_asserts"):
        install()
    assert not is_installed()


def test_a_torch_without_another_call_site_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(importlib.import_module("torch._export.utils"), NAME)
    with installed():
        for name in set(CALL_SITES) - {"torch._export.utils"}:
            assert getattr(importlib.import_module(name), NAME) is runtime_assert.insert_deferred_runtime_asserts


@pytest.mark.parametrize("version", ["2.11.0", "2.13.0+cpu", "2.15.0a0+gitabc", "3.0.0"])
def test_a_torch_that_is_new_enough_is_taken(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", version)
    with installed():
        assert is_installed()


def test_a_torch_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.4.1+cpu")
    with pytest.raises(UnknownTorch, match=r"torch 2\.4\.1"):
        install()


def test_threads_may_install_at_the_same_time() -> None:
    before = bound()
    wrong: list[object] = []

    def work() -> None:
        for _ in range(200):
            with installed():
                if getattr(importlib.import_module(HOME), NAME) is not runtime_assert.insert_deferred_runtime_asserts:
                    wrong.append("torch's pass inside the block")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert bound() == before


@pytest.mark.parametrize("strict", [False, True])
def test_export_uses_it(strict: bool) -> None:
    with installed():
        program = torch.export.export(SizesAddUp(), ARGS, dynamic_shapes=SHAPES, strict=strict)
    run = program.module()
    assert run(*ARGS).shape == (7,)
    with pytest.raises(RuntimeError, match=r"Runtime assertion failed: .*shape\[0\].* at test_installer\.py"):
        run(ARGS[0], ARGS[1], torch.tensor([8]))


def test_export_survives_decomposition() -> None:
    with installed():
        program = torch.export.export(SizesAddUp(), ARGS, dynamic_shapes=SHAPES).run_decompositions()
    assert len(asserts(program.graph_module)) == 1
    with pytest.raises(RuntimeError, match="Runtime assertion failed"):
        program.module()(ARGS[0], ARGS[1], torch.tensor([8]))


def test_export_survives_saving(tmp_path: Path) -> None:
    with installed():
        program = torch.export.export(SizesAddUp(), ARGS, dynamic_shapes=SHAPES)
    torch.export.save(program, tmp_path / "program.pt2")
    loaded = torch.export.load(tmp_path / "program.pt2")
    assert loaded.module()(*ARGS).shape == (7,)
    with pytest.raises(RuntimeError, match="Runtime assertion failed"):
        loaded.module()(ARGS[0], ARGS[1], torch.tensor([8]))


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compile_uses_it(backend: str) -> None:
    torch._dynamo.reset()
    with torch._dynamo.config.patch(capture_scalar_outputs=True), installed():
        run = torch.compile(SizesAddUp(), backend=backend, dynamic=True, fullgraph=True)
        assert run(*ARGS).shape == (7,)
        with pytest.raises(RuntimeError, match=r"a\.shape\[0\] \+ b\.shape\[0\] == x\.item\(\)"):
            run(ARGS[0], ARGS[1], torch.tensor([8]))
    torch._dynamo.reset()


def test_words_of_the_user_reach_the_error_under_compile() -> None:
    """Issues 150063 and 150064."""

    def program(x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u <= 9, lambda: "at most nine experts")
        return torch.zeros(u)  # type: ignore[call-overload]

    torch._dynamo.reset()
    with torch._dynamo.config.patch(capture_scalar_outputs=True), installed():
        run = torch.compile(program, backend="eager", fullgraph=True)
        assert run(torch.tensor([4])).shape == (4,)
        with pytest.raises(RuntimeError, match="at most nine experts"):
            run(torch.tensor([10]))
    torch._dynamo.reset()


@pytest.mark.parametrize("quotient", ["at most", "exactly"])
def test_a_range_that_a_check_of_the_users_left_behind_does_not_hide_its_words(quotient: str) -> None:
    """The check says u // 2 <= 0, the ShapeEnv derives u <= 1 from it; one assert, and the user's, is enough."""

    def at_most(x: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check(u // 2 <= 0, lambda: "words of the user")
        return x + u

    def exactly(x: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check(u // 2 == 0, lambda: "words of the user")
        return x + u

    torch._dynamo.reset()
    with torch._dynamo.config.patch(capture_scalar_outputs=True), installed():
        program = at_most if quotient == "at most" else exactly
        run = torch.compile(program, backend="eager", fullgraph=True, dynamic=True)
        assert run(torch.tensor([1, 2])).tolist() == [2, 3]
        with pytest.raises(RuntimeError, match=r"^words of the user$"):
            run(torch.tensor([2, 2]))
    torch._dynamo.reset()
