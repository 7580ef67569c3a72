"""One vector for each fault that torch's pass had in public, on which this pass is clean.

Each vector: a program, inputs that eager accepts and inputs that it rejects; the guarded graph must agree. The
numbers are those of pytorch/pytorch issues and pull requests. Other rows of that list have their tests where the
feature is tested: messages (150063, 150064), bodies (165912, 158366), bindings (151879, 138136), floats (151500).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import torch
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from runtime_assert import insert_with_report
from tests.runtime_assert.graphs import accepts, asserts, aten, capture, snapshot

T = torch.tensor


@dataclass(frozen=True)
class Vector:
    """Inputs of `good` are (traced first) accepted, those of `bad` rejected by an assert."""

    program: Callable[..., Any]
    dynamic: tuple[tuple[int, ...], ...]
    good: list[tuple[torch.Tensor, ...]]
    bad: list[tuple[torch.Tensor, ...]]
    deferred: bool = False
    unbacked: tuple[tuple[int, ...], ...] = field(default=())


def item_bound(x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(u >= 3)
    return u


def item_is_constant(x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(u == 5)
    return x * u


def item_is_size(a: torch.Tensor, x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(u == a.shape[0])
    return a.sum() + u


def items_are_equal(x: torch.Tensor) -> Any:
    u, v = x[0].item(), x[1].item()
    torch._check(u == v)
    return x * u


def item_is_sum(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(a.shape[0] + b.shape[0] == u)
    return torch.zeros(u)  # type: ignore[call-overload]


def product_of_sizes(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> Any:
    torch._check(a.shape[0] * b.shape[0] == c.shape[0])
    return c.sum()


def item_differs(x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(u != 4)
    return x + u


def divisible_input(a: torch.Tensor) -> Any:
    torch._check(a.shape[0] % 4 == 0)
    return a.sum()


def item_then_slice(a: torch.Tensor, x: torch.Tensor) -> Any:
    u: Any = x.item()
    torch._check(u >= 0)
    torch._check(u <= a.shape[0])
    return torch.narrow(a, 0, 0, u)


def half(x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(torch.sym_float(u) / 2 <= 4.5)
    return u


def large(x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(u >= 0)
    return u


def several_checks(x: torch.Tensor) -> Any:
    u, v = x[0].item(), x[1].item()
    torch._check(u >= 1)
    torch._check(v <= 9)
    torch._check(u + v <= 12)
    torch._check(u * 2 != v)
    return u + v


def negated(x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(torch.sym_not(u == 3))
    return u


def split_sizes(x: torch.Tensor, v: torch.Tensor) -> Any:
    sizes = x.tolist()
    for size in sizes:
        torch._check(size >= 0)
    torch._check(sum(sizes) == v.shape[0])
    return [part.sum() for part in v.split(sizes)]


def negative_divisor(x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(u // -2 >= -3)
    torch._check(u % -3 == -1)
    return u


R = torch.randn


def made_equal(a: torch.Tensor, b: torch.Tensor) -> Any:
    torch._check(b.shape[0] >= 4)
    return a + b


def derived(b: torch.Tensor, x: torch.Tensor) -> Any:
    u = x.item()
    torch._check(u >= 1)
    torch._check(b.shape[0] == 2 * u)
    return b + u


def sum_before_use(a: torch.Tensor, x: torch.Tensor) -> Any:
    u, v = x[0].item(), x[1].item()
    torch._check(v >= 0)
    torch._check(u + v == a.shape[0])
    return torch.zeros(v) + 1  # type: ignore[call-overload]


VECTORS: dict[str, Vector] = {
    "113952: a one-symbol bound": Vector(item_bound, ((),), [(T([3]),)], [(T([2]),)]),
    "119689: an item that equals a constant": Vector(item_is_constant, ((),), [(T([5]),)], [(T([4]),), (T([6]),)]),
    "119689: an item that equals a size": Vector(
        item_is_size, ((0,), ()), [(R(4), T([4]))], [(R(4), T([5])), (R(5), T([4]))]
    ),
    "119689: two items that are equal": Vector(items_are_equal, ((),), [(T([3, 3]),)], [(T([3, 4]),), (T([4, 3]),)]),
    "119689: an item that equals a sum of sizes": Vector(
        item_is_sum, ((0,), (0,), ()), [(R(3), R(4), T([7]))], [(R(3), R(4), T([8])), (R(3), R(5), T([7]))]
    ),
    "131051: a product of sizes that equals a size": Vector(
        product_of_sizes, ((0,), (0,), (0,)), [(R(2), R(3), R(6))], [(R(2), R(3), R(7))], deferred=True
    ),
    "151127: an item that differs from a constant": Vector(item_differs, ((),), [(T([5]),), (T([3]),)], [(T([4]),)]),
    "185588: an assert over input sizes alone": Vector(
        divisible_input, ((0,),), [(R(8),), (R(12),)], [(R(10),)], deferred=True
    ),
    "150539: an item against a size, then a slice": Vector(
        item_then_slice,
        ((0,), ()),
        [(R(4), T([3])), (R(4), T([4])), (R(4), T([0]))],
        [(R(4), T([5])), (R(4), T([-1]))],
    ),
    "132457: an expression that torch does not lower": Vector(half, ((),), [(T([9]),)], [(T([10]),)]),
    "127396: no upper bound is no bound": Vector(large, ((),), [(T([2**62]),), (T([2**63 - 1]),)], [(T([-1]),)]),
    "125878: several asserts": Vector(
        several_checks,
        ((),),
        [(T([3, 5]),), (T([3, 9]),)],
        [(T([0, 5]),), (T([1, 10]),), (T([8, 5]),), (T([3, 6]),)],
    ),
    "143157: a negation": Vector(negated, ((),), [(T([4]),)], [(T([3]),)]),
    "161276: a sum of split sizes stays a sum": Vector(
        split_sizes,
        ((), (0,)),
        [(T([2, 3, 1]), R(6)), (T([0, 4, 3]), R(7))],
        [(T([2, 3, 2]), R(6)), (T([-1, 4, 3]), R(6))],
    ),
    "140886: negative divisors": Vector(negative_divisor, ((),), [(T([5]),), (T([2]),)], [(T([8]),), (T([4]),)]),
    "151879: unbacked inputs alone": Vector(
        lambda a: (torch._check(a.shape[0] >= 4), a.sum())[1], ((),), [(R(5),), (R(4),)], [(R(3),)], unbacked=((0,),)
    ),
    "150103, 131324: sizes that an operator makes equal, one of them bounded": Vector(
        made_equal,
        ((), ()),
        [(R(5), R(5)), (R(4), R(4))],
        [(R(3), R(3)), (R(5), R(4)), (R(4), R(5))],
        unbacked=((0,), (0,)),
    ),
    "181097: a derived size, with 1 for what it is derived from": Vector(
        derived, ((0,), ()), [(R(6), T([3])), (R(2), T([1]))], [(R(6), T([2])), (R(5), T([2])), (R(2), T([2]))]
    ),
    "123854, 119414: a sum of items that equals a size": Vector(
        sum_before_use, ((0,), ()), [(R(4), T([1, 3])), (R(4), T([4, 0]))], [(R(4), T([1, 2])), (R(4), T([5, -1]))]
    ),
}


@pytest.mark.parametrize("export", [False, True])
@pytest.mark.parametrize("name", VECTORS)
def test_the_guarded_graph_rejects_what_eager_rejects(name: str, export: bool) -> None:
    vector = VECTORS[name]
    env = ShapeEnv(prefer_deferred_runtime_asserts_over_guards=vector.deferred)
    gm, env = capture(vector.program, vector.good[0], vector.dynamic, vector.unbacked, env)
    before = snapshot(env)
    insert_with_report(gm, env, "test", export, strict=True)
    assert snapshot(env) == before
    gm.graph.lint()
    for inputs in vector.good:
        vector.program(*inputs)
        assert accepts(gm, *inputs), inputs
    for inputs in vector.bad:
        with pytest.raises(RuntimeError):
            vector.program(*inputs)
        assert not accepts(gm, *inputs), inputs
    text = str(gm.graph)
    insert_with_report(gm, env, "test", export, strict=True)
    assert str(gm.graph) == text


def test_an_input_that_was_specialised_away_is_not_missed() -> None:
    """Issue 153650: the assert names s1, which became 4 and is no size of any input any more."""

    def program(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u <= a.shape[0] + b.shape[0])
        torch._check(b.shape[0] == 4)
        return u

    gm, env = capture(program, (R(3), R(4), T([7])), ((0,), (0,), ()))
    second = [n for n in gm.graph.nodes if n.op == "placeholder"][1]
    second.meta["val"] = second.meta["val"].new_empty(4)
    for node in list(gm.graph.nodes):
        if node.target is aten.sym_size.int and node.args[0] is second:
            gm.graph.erase_node(node)
    insert_with_report(gm, env, "test", strict=True)
    assert accepts(gm, R(3), R(4), T([7]))
    assert not accepts(gm, R(3), R(4), T([8]))


def test_a_replaced_symbol_is_never_compared_with_itself() -> None:
    for name in ("an item that equals a size", "two items that are equal", "an item that equals a sum of sizes"):
        vector = VECTORS[f"119689: {name}"]
        gm, env = capture(vector.program, vector.good[0], vector.dynamic)
        insert_with_report(gm, env, "test")
        for check in asserts(gm):
            left, right = check.args[0].args  # type: ignore[union-attr,misc]
            assert left is not right


def test_shapes_of_intermediates_are_shared_by_value_and_not_by_name() -> None:
    """Pulls 128599, 130351, 130380: sharing keyed by what an expression looks like after replacements."""

    def program(a: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u == a.shape[0])
        z = torch.zeros(u)  # type: ignore[call-overload]
        return z.shape[0] + a.shape[0], torch.cat([a, z]).shape[0]

    gm, env = capture(program, (R(4), T([4])), ((0,), ()))
    insert_with_report(gm, env, "test")
    gm.graph.lint()
    gm.recompile()
    assert gm(R(4), T([4])) == (8, 8)
    assert not accepts(gm, R(4), T([5]))


def test_a_sum_of_hundreds_of_terms_is_one_assert() -> None:
    """Issue 144792."""

    def program(x: torch.Tensor) -> Any:
        values: list[Any] = [x[i].item() for i in range(200)]
        torch._check(cast("Any", torch.sym_sum(values)) <= 500)
        return values[0]

    gm, env = capture(program, (torch.ones(200, dtype=torch.int64),), ((),))
    insert_with_report(gm, env, "test", export=True, strict=True)
    assert len(asserts(gm)) == 1
    assert not accepts(gm, torch.full((200,), 3))
