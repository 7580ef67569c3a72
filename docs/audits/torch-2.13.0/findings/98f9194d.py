# the error does not say what failed
#
# RA501, direction unhelpful, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what make_fx traced.
# Constraint: u0 <= 0
# Emitted: u0 <= 0
# _assert_scalar_default: neither message nor stack trace names the line of the check: statement 1,
# named is none
#
# Stand-alone: it imports only torch. It exits with 1 if the fault shows, with 0 if it does not, with 2 if it cannot tell.
import sys
import traceback

import torch
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts


def forward(x0):
    u0 = x0.item()
    torch._check(u0 <= 0)
    return u0


def example_inputs():
    return (torch.tensor([0], dtype=torch.int64),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[]]


class Passed:
    """What the pass was given and what it made of it."""


class Stop(BaseException):
    """Ends a trace behind the call of the pass; torch takes it for no error of the program's."""


def copy_of(module):
    graph = torch.fx.Graph()
    graph.output(graph.graph_copy(module.graph, {}))
    return torch.fx.GraphModule(module, graph)


def run_pass(gm, env, name, export=False):
    Passed.before, Passed.env = copy_of(gm), env
    try:
        work(gm, env, name, export)
    except Exception as error:
        Passed.error = error
        raise Stop from error
    gm.recompile()
    Passed.after = copy_of(gm)
    raise Stop


def trace():
    """Traces the example up to the pass, and through it."""
    made = None
    try:
        made = trace_example()
    except Stop:
        pass
    if hasattr(Passed, "error") and True:
        raise Passed.error
    if not hasattr(Passed, "before"):
        raise RuntimeError("torch did not call the pass")
    return made


def work(gm, env, name, export):
    insert_deferred_runtime_asserts(gm, env, name, export)


def asserts(module):
    """The conditions of the _assert_scalar nodes, spelled out down to the values that the graph reads."""
    found = []
    for path, inner in module.named_modules():  # the graph itself, and those of branches and loops
        for node in inner.graph.nodes if isinstance(inner, torch.fx.GraphModule) else ():
            if "_assert_scalar" in str(node.target):
                found.append(spelled(node.args[0]) + (f"  (in {path})" if path else ""))
    return found


def spelled(value):
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(spelled, value))}]"
    if not isinstance(value, torch.fx.Node):
        return repr(value)
    name = getattr(value.target, "__name__", str(value.target)).split(".")[0]
    if value.op != "call_function":
        return value.name
    return f"{name}({', '.join(map(spelled, value.args))})"


def arguments(inputs):
    """What the graph takes for these inputs: they themselves."""
    return inputs


def trace_example():
    env = ShapeEnv(duck_shape=False)
    mode = FakeTensorMode(shape_env=env)
    fakes = []
    for index, (tensor, dims) in enumerate(zip(example_inputs(), DYNAMIC)):
        sizes = [DimDynamic.DYNAMIC if d in dims else DimDynamic.STATIC for d in range(tensor.dim())]
        context = StatelessSymbolicContext(
            dynamic_sizes=sizes,
            constraint_sizes=[None] * tensor.dim(),
        )
        # Of two equal symbols torch keeps the one whose name comes first, and names come from sources.
        source = ConstantSource(f"__arg{index}")
        fakes.append(mode.from_tensor(tensor, symbolic_context=context, source=source))
    with mode:
        gm = make_fx(forward, tracing_mode="real")(*fakes)
    run_pass(gm, env, "reproducer")


# What conditions mean is told by trying values: around every number that they name, and small ones.
POINTS = 20000


def noted(node):
    """The example value of a node."""
    return node.meta.get("val", node.meta.get("example_value"))


def computes(node):
    """Whether a node is arithmetic on numbers; what is not is a value of its own (a leaf)."""
    name, module = getattr(node.target, "__name__", ""), getattr(node.target, "__module__", "")
    known = module in ("_operator", "math") and name != "getitem" or name.startswith(("sym_", "_sym_"))
    return node.op == "call_function" and known and not isinstance(node.target, torch._ops.OpOverload)


def leaf(node):
    expr = getattr(getattr(noted(node), "node", None), "_expr", None)
    return str(expr) if getattr(expr, "is_Symbol", False) else node.name


def leaves(node):
    """The leaves of a condition by name, each with an example value."""
    if isinstance(node, (list, tuple)):
        return {name: value for one in node for name, value in leaves(one).items()}
    if not isinstance(node, torch.fx.Node):
        return {}
    return leaves(node.args) if computes(node) else {leaf(node): noted(node)}


def numbers(node):
    """The numbers that a condition names."""
    if isinstance(node, (list, tuple)):
        return {value for one in node for value in numbers(one)}
    if isinstance(node, torch.fx.Node):
        return numbers(node.args) if computes(node) else set()
    return {node} if type(node) in (int, float) else set()


def points(examples, named):
    """Values for leaves that have these examples."""
    import itertools

    near = {int(one) + step for one in named if abs(one) < 1 << 40 for step in (-1, 0, 1)} | set(range(-4, 8))
    most = max(2, int(POINTS ** (1 / max(1, len(examples)))))
    chosen = sorted(sorted(near, key=lambda one: (not 0 <= one < 4, abs(one)))[:most])
    kinds = {bool: [False, True], float: [step / 2 for one in chosen for step in (2 * one, 2 * one + 1)]}
    axes = [kinds.get(kind(example), chosen) for example in examples.values()]
    return [dict(zip(examples, values)) for values in itertools.product(*axes)]


def kind(value):
    pairs = ((torch.SymBool, bool), (torch.SymFloat, float))
    return next((plain for symbolic, plain in pairs if isinstance(value, (symbolic, plain))), int)


def value(node, point):
    """What a node yields for these values of the leaves."""
    if isinstance(node, (list, tuple)):
        return [value(one, point) for one in node]
    if not isinstance(node, torch.fx.Node):
        return node
    return node.target(*value(node.args, point)) if computes(node) else point[leaf(node)]


def holds(node, point):
    try:
        return bool(value(node, point))
    except (ZeroDivisionError, ValueError, OverflowError):
        return False


def means(expr, point):
    """Whether a condition of the ShapeEnv's holds for these values of the leaves."""
    return bool(expr.subs({symbol: point[str(symbol)] for symbol in expr.free_symbols}))


def checks(module):
    """The nodes that check a condition."""
    found = []
    for node in module.graph.nodes:
        name = f"{node.target} {getattr(node.target, '__name__', '')}"
        if node.op == "call_function" and ("_assert_scalar" in name or "_check" in name):
            found.append(node)
    return found


def same(one, other, where):
    return all(holds(one, point) == holds(other, point) for point in where)


def alike(one, other):
    """Whether two conditions are over the same leaves, and hold for the same values of them."""
    names = leaves(one)
    return names.keys() == leaves(other).keys() and same(one, other, points(names, numbers([one, other])))


def always(node):
    return all(holds(node, point) for point in points(leaves(node), numbers(node)))


def condition(node):
    return node.args[0] if node.args else next(iter(node.kwargs.values()))


def added():
    """The checks that the pass added, in order: those that were there before are the user's own."""
    own = [condition(node) for node in checks(Passed.before)]
    found = []
    for node in reversed(checks(Passed.after)):  # a pass that repeats a check early leaves the check where it was
        mine = condition(node)
        for other in own:
            if alike(mine, other):
                own.remove(other)
                break
        else:
            found.append(node)
    return found[::-1]


def message(node):
    return str(node.args[1] if len(node.args) > 1 else next(iter(node.kwargs.values()), ""))


def lines(text):
    """The lines of ``forward`` above that a text names."""
    import re

    first = forward.__code__.co_firstlineno
    last = max(line for _, _, line in forward.__code__.co_lines() if line is not None)
    named = {int(line) for path, line in re.findall(r'([^\s"]+)(?:", line |:)(\d+)', text) if path == __file__}
    return {line for line in named if first < line <= last}


def unhelpful(node, told):
    """What is wrong with the words of an assert, or nothing; of several that say the same the first one fires."""
    mine, expected = condition(node), set()
    source = open(__file__).read().splitlines()
    if any(alike(one, mine) for one in told):
        return ""
    for every in Passed.env.deferred_runtime_asserts.values():
        for one in every:
            names = {**leaves(mine), **{str(symbol): 0 for symbol in one.expr.free_symbols}}
            where = points(names, numbers(mine))[:2000]
            if one.stack is not None and all(holds(mine, point) == means(one.expr, point) for point in where):
                frames = one.stack.summary()
                expected |= lines("\n".join(f'{frame.filename}", line {frame.lineno}' for frame in frames))
    for one in checks(Passed.before):
        if alike(condition(one), mine):
            expected |= lines(one.meta.get("stack_trace") or "")
    expected = {line for line in expected if "_check" in source[line - 1] or "assert" in source[line - 1]}
    named = lines(f"{node.meta.get('stack_trace') or ''}\n{message(node)}")
    told.append(mine)
    if not expected or named & expected:
        return ""
    where = "; ".join(source[line - 1].strip() for line in sorted(named)) or "no line of the program"
    return f"it names {where!r}, and not the check: {source[min(expected) - 1].strip()!r}"


def main():
    trace()
    written = {node.name for node in checks(Passed.before)}
    new = [one for one in checks(Passed.after) if "_assert_scalar" in str(one.target) and one.name not in written]
    told, faults = [], []
    for node in new:
        print(spelled(condition(node)), "with the message", repr(message(node)))
        reason = unhelpful(node, told)
        if reason:
            faults.append(f"{spelled(condition(node))}: {reason}")
    print(f"\nFAULT: {faults[0]}" if faults else "\nthe fault does not show")
    return int(bool(faults))


def attempt():
    """The exit status: what :func:`main` says, or 2 if something else than the fault stopped it."""
    try:
        status = main()
    except Exception:
        traceback.print_exc()
        print("\nthis script cannot tell: something else failed before the fault could show")
        return 2
    return status


if __name__ == "__main__":
    print("torch", torch.__version__)
    sys.exit(attempt())
