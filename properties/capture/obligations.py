"""Conditions in a ShapeEnv that no check of a Program leaves there, and that some other trace may.

Very long sums and products, infinities, functions that nothing computes, conditions that are not written as torch
writes them. A pass has to assert each of them or to say that it cannot, and must not raise.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import sympy
import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import RuntimeAssert, ShapeEnv
from torch.utils._sympy.functions import FloorDiv, PowByNatural, PythonMod, ToFloat
from torch.utils._sympy.numbers import int_oo
from torch.utils._traceback import CapturedTraceback

from properties.capture.respelling import value_of


def other_obligations(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """Adds four of the table's conditions to what is deferred until a symbol is bound; none if the graph binds none."""
    bound = [s for node in module.graph.nodes for s in node.meta.get("unbacked_bindings") or ()]
    inputs = [
        value_of(n).node._expr
        for n in module.graph.find_nodes(op="placeholder")
        if isinstance(value_of(n), torch.SymInt)
    ]
    symbols = [s for s in dict.fromkeys((*bound, *inputs)) if isinstance(s, sympy.Symbol) and s.is_integer]
    if not bound or not symbols:
        return
    for _ in range(4):
        form = chance.choice(_OBLIGATIONS)
        expr = form(chance.choice(symbols), symbols, chance)
        found = RuntimeAssert(expr, "", CapturedTraceback.extract())
        env.deferred_runtime_asserts.setdefault(bound[-1], []).append(found)


def _long_sum(symbols: Sequence[Any]) -> Any:
    return sympy.Add(*(a * b for a in symbols for b in symbols), *symbols)


def _rounded_down(symbol: Any) -> Any:
    quotient: Any = FloorDiv(symbol, sympy.Integer(3))
    return 3 * quotient


_UNKNOWN = sympy.Function("a_function_of_tomorrow", integer=True)
_OBLIGATIONS: tuple[Callable[[Any, Sequence[Any], random.Random], Any], ...] = (
    lambda _s, every, chance: sympy.Le(_long_sum(every), 10**9 + chance.randrange(2)),
    lambda _s, every, _chance: sympy.Eq(_long_sum(every), 10**9),
    lambda _s, every, _chance: sympy.Le(sympy.Mul(*[sympy.Add(*every) + k for k in range(3)]), 10**9),
    lambda s, every, _chance: sympy.Le(sympy.Mul(sympy.Add(*every, 1), sympy.Add(*every, s, 2)), 10**9),
    lambda _s, every, chance: sympy.Ne(PowByNatural(sympy.Add(*every), sympy.Integer(chance.choice((2, 4)))), 7),
    lambda s, _every, _chance: sympy.Le(s, int_oo, evaluate=False),
    lambda s, _every, _chance: sympy.Le(-int_oo, s, evaluate=False),
    lambda s, _every, _chance: sympy.Le(_UNKNOWN(s), 5),
    lambda s, _every, _chance: sympy.Le(sympy.Piecewise((s, sympy.Lt(s, 3)), evaluate=False), 5),
    lambda s, _every, _chance: sympy.Le(sympy.sqrt(s), 100),
    lambda s, _every, _chance: sympy.Lt(sympy.Pow(s, -2), 3),
    lambda s, _every, _chance: sympy.Le(s / 2, sympy.Rational(7, 3)),
    lambda s, every, _chance: sympy.Le(-1000, -s - sympy.Add(*every)),
    lambda s, _every, chance: sympy.Eq(
        PythonMod(s, sympy.Integer(chance.choice((1, 2, 3, -3))), evaluate=False), chance.choice((0, 1, 9))
    ),
    lambda s, _every, chance: sympy.Ne(
        PythonMod(s, sympy.Integer(chance.choice((1, 2, 3, -3))), evaluate=False), chance.choice((0, 1, 9))
    ),
    lambda s, _every, chance: sympy.Le(
        PythonMod(s, sympy.Integer(chance.choice((1, 2, 3, -3)))), chance.choice((-9, 0, 1, 9))
    ),
    lambda s, _every, chance: sympy.Le(ToFloat(s), sympy.Float(chance.choice((1e300, 2.5)))),
    lambda s, _every, _chance: sympy.Or(sympy.Le(s * 0, -1, evaluate=False), sympy.Le(s, 9)),
    lambda s, _every, _chance: sympy.And(sympy.Ge(s - s + 1, 0, evaluate=False), sympy.Not(sympy.Eq(s, 5))),
    lambda s, every, _chance: sympy.Le(_rounded_down(s), sympy.Add(*every) + 10**6),
    lambda s, _every, _chance: sympy.Le(sympy.Abs(s, evaluate=False), 50),
    lambda _s, every, _chance: sympy.Or(sympy.Le(_long_sum(every), 10**9), sympy.Ge(sympy.Mul(*every), -(10**9))),
    lambda _s, _every, _chance: sympy.true,
    lambda s, _every, _chance: sympy.Eq(s, s + 1, evaluate=False),
)
