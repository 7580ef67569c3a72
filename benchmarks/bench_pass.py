"""Times the pass against torch's own, in one process, each on a fresh capture of the same program."""

from __future__ import annotations

import argparse
import gc
import logging
import operator
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import sympy
import torch
from torch import fx
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic, RuntimeAssert, ShapeEnv, StatelessSymbolicContext
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts as torch_pass
from torch.utils._sympy.numbers import int_oo
from torch.utils._sympy.value_ranges import ValueRanges
from torch.utils._traceback import CapturedTraceback

from runtime_assert import insert_deferred_runtime_asserts as our_pass

Pass = Callable[..., None]
Capture = tuple[fx.GraphModule, ShapeEnv]

aten = torch.ops.aten


class Recorder:
    """Writes a graph node by node with traced values, as tracing would, but without running operators.

    traced: checks are run, as tracing does. Otherwise they are written into the ShapeEnv as `torch._check` leaves
    them there (that it is the same is tested), because running them takes 5 to 10 ms each: minutes for the long
    graphs. torch's own pass is only timed on traced ones, where torch's caches are as warm as in an export.
    """

    def __init__(self, traced: bool) -> None:
        self.traced = traced
        self.env = ShapeEnv()
        self.mode = FakeTensorMode(shape_env=self.env)
        self.graph = fx.Graph()
        self.outputs: list[fx.Node] = []

    def tensor(self, name: str, size: int) -> tuple[fx.Node, sympy.Expr]:
        """An input with one dynamic dimension, and its size."""
        context = StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC], constraint_sizes=[None])
        node = self.graph.placeholder(name)
        source = ConstantSource(name)
        real = torch.empty(size)
        fake = node.meta["val"] = self.mode.from_tensor(real, symbolic_context=context, source=source)
        length = fake.shape[0]
        assert isinstance(length, torch.SymInt)
        return node, length.node.expr

    def number(self, expr: sympy.Expr, hint: int | None = None) -> torch.SymInt | int:
        """The traced value of an expression."""
        return self.env.create_symintnode(expr, hint=hint)  # type: ignore[return-value]

    def call(self, target: Callable[..., object], args: tuple[object, ...], value: object) -> fx.Node:
        """A call with a given traced value."""
        node = self.graph.call_function(target, args)  # type: ignore[arg-type]
        node.meta["val"] = value
        return node

    def item(self, source: fx.Node) -> tuple[fx.Node, sympy.Symbol]:
        """An `item()` that makes a new unbacked symbol."""
        value = self.env.create_unbacked_symint()
        symbol = value.node._expr
        node = self.call(aten.item.default, (source,), value)
        node.meta["unbacked_bindings"] = {symbol: ()}
        return node, symbol

    def check(self, small: sympy.Expr, large: sympy.Expr, latest: sympy.Symbol) -> None:
        """`torch._check(small <= large)` on values of which `latest` is the one that is known last."""
        if self.traced:
            torch._check(self.number(small) <= self.number(large))
            return
        stack = CapturedTraceback.extract(skip=1)
        known = self.env.deferred_runtime_asserts.setdefault(latest, [])
        known.append(RuntimeAssert(sympy.Le(small, large), f"{torch.__file__}:1", stack))
        self.env.num_deferred_runtime_asserts += 1
        if small == 0:
            self.env.var_to_range[latest] = ValueRanges(0, int_oo)

    def finish(self) -> Capture:
        """The module and its ShapeEnv."""
        self.graph.output(tuple(self.outputs))
        return fx.GraphModule(torch.nn.Module(), self.graph), self.env


def items(count: int, traced: bool) -> Capture:
    """Many `item()` calls, each with one check against an input size, each used once."""
    record = Recorder(traced)
    a, size = record.tensor("a", 64)
    for _ in range(count):
        node, symbol = record.item(a)
        record.check(2 * symbol, size + 3, symbol)
        record.outputs.append(record.call(operator.add, (node, 1), record.number(symbol + 1)))
    return record.finish()


def views(count: int, traced: bool) -> Capture:
    """A chain of intermediates: each one's size is asked for, and a new item is checked against it."""
    record = Recorder(traced)
    a, size = record.tensor("a", 64)
    last: fx.Node = a
    for index in range(count):
        long = size * 2 + index
        length = record.number(long, 128 + index)
        fake = FakeTensor(record.mode, torch.empty(length, device="meta"), torch.device("cpu"))
        last = record.call(aten.cat.default, ([last, last],), fake)
        asked = record.call(aten.sym_size.int, (last, 0), length)
        node, symbol = record.item(last)
        record.check(2 * symbol, long + 4 if index % 2 else long + 3, symbol)
        record.outputs.append(record.call(operator.add, (asked, node), record.number(long + symbol)))
    return record.finish()


def sums(count: int, traced: bool) -> Capture:
    """Sums of a hundred terms each, as in issue 144792: the sizes of a batch must add up to an input's."""
    record = Recorder(traced)
    a, size = record.tensor("a", 64)
    group: list[sympy.Symbol] = []
    for _ in range(count):
        node, symbol = record.item(a)
        record.check(sympy.S.Zero, symbol, symbol)
        group.append(symbol)
        record.outputs.append(node)
        if len(group) == 100:
            record.check(sympy.Add(*group), size, symbol)
            group = []
    return record.finish()


def splits(count: int, traced: bool) -> Capture:
    """Layers of a mixture of experts: eight counts each, not negative, their sum the number of tokens."""
    record = Recorder(traced)
    a, size = record.tensor("a", 64)
    for _ in range(max(1, count // 9)):
        symbols: list[sympy.Symbol] = []
        end: object = 0
        for _ in range(8):
            node, symbol = record.item(a)
            record.check(sympy.S.Zero, symbol, symbol)
            record.check(symbol, size, symbol)
            symbols.append(symbol)
            end = record.call(operator.add, (node, end), record.number(sympy.Add(*symbols)))
            record.outputs.append(end)
        record.check(sympy.Add(*symbols), 2 * size, symbols[-1])
    return record.finish()


def plain(count: int, traced: bool) -> Capture:
    """A graph with nothing to assert: what the pass costs when there is nothing to do."""
    record = Recorder(traced)
    a, _ = record.tensor("a", 64)
    node = a
    for _ in range(count):
        node = record.call(aten.relu.default, (node,), a.meta["val"])
    record.outputs.append(node)
    return record.finish()


FAMILIES: dict[str, Callable[[int, bool], Capture]] = {
    "items": items,
    "views": views,
    "sums": sums,
    "splits": splits,
    "plain": plain,
}
LONG = [1000, 5000, 10_000, 50_000]


def seconds(run: Pass, capture: Capture) -> float:
    """The processor time one run of a pass takes, without garbage collection."""
    gm, env = capture
    gc.collect()
    gc.disable()
    try:
        begin = time.process_time()
        run(gm, env, "bench", export=True)
        return time.process_time() - begin
    finally:
        gc.enable()


def count_asserts(capture: Capture) -> int:
    """How many asserts a graph has."""
    return len([node for node in capture[0].graph.nodes if node.target is aten._assert_scalar.default])


@dataclass(frozen=True)
class Measurement:
    """One line of the table: seconds are the best of a few runs; torch's are None beyond the limit."""

    family: str
    size: int
    ours: float
    asserts: int
    theirs: float | None
    torch_asserts: int | None


def measure(families: list[str], sizes: list[int], torch_limit: int) -> Iterator[Measurement]:
    """Every family at every size; both passes on captures of their own."""
    for family in families:
        build = FAMILIES[family]
        for size in sizes:
            repeats = 5 if size <= 100 else 2 if size <= 1000 else 1
            ours, theirs, counts, torch_counts = [], [], [0], [0]
            for turn in range(repeats):
                capture = build(size, size <= torch_limit)
                ours.append(seconds(our_pass, capture))
                counts.append(count_asserts(capture))
                if size <= torch_limit and (turn < 1 or size <= 100):
                    capture = build(size, size <= torch_limit)
                    theirs.append(seconds(torch_pass, capture))
                    torch_counts.append(count_asserts(capture))
            yield Measurement(
                family,
                size,
                min(ours),
                counts[-1],
                min(theirs) if theirs else None,
                torch_counts[-1] if theirs else None,
            )


def main() -> None:
    """Print one line per family and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    parser.add_argument(
        "--long", action="store_true", help="sizes 1,000 to 50,000, to see how time grows (about ten minutes)"
    )
    parser.add_argument("--family", choices=FAMILIES, nargs="+", default=list(FAMILIES), help="shapes of graphs")
    parser.add_argument("--torch-limit", type=int, default=1000, help="largest size that torch's pass is run on")
    arguments = parser.parse_args()
    logging.getLogger("torch").setLevel(logging.ERROR)
    for run in (our_pass, torch_pass):
        seconds(run, items(5, True))
    print("asserts: emitted by ours and by torch's pass. growth: time for each node, against the size before.")
    print(f"torch's pass is not run above {arguments.torch_limit} nodes (1 to 2 ms for each assert).")
    head = f"{'family':8} {'size':>6} {'asserts':>8} {'torch':>6} {'ours ms':>9} {'us/node':>8} {'growth':>7}"
    print(f"{head} {'torch ms':>10} {'ratio':>7}")
    before: dict[str, float] = {}
    sizes = LONG if arguments.long else arguments.sizes
    for line in measure(arguments.family, sizes, arguments.torch_limit):
        each = line.ours / line.size
        growth = f"{each / before[line.family]:6.2f}x" if line.family in before else f"{'-':>7}"
        before[line.family] = each
        left = f"{line.family:8} {line.size:6} {line.asserts:8} {_or_dash(line.torch_asserts, '6'):>6}"
        timed = f"{line.ours * 1e3:9.1f} {each * 1e6:8.1f} {growth}"
        if line.theirs is None:
            other = f"{'not run':>10} {'-':>7}"
        else:
            other = f"{line.theirs * 1e3:10.1f} {line.theirs / line.ours:6.1f}x"
        print(f"{left} {timed} {other}", flush=True)


def _or_dash(number: int | None, form: str) -> str:
    return "-" if number is None else format(number, form)


if __name__ == "__main__":
    main()
