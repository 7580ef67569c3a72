# an assert says nothing new
#
# RA401, direction redundant, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what export traced.
# Constraint: u0 >= 0
# Emitted: u0 >= 0
# Emitted: u0 <= 0
# Emitted: u0 == 0
# _assert_scalar_default follows from _assert_scalar_default_2
#
# Stand-alone: it imports only torch. It exits with 1 if the fault shows, with 0 if it does not, with 2 if it cannot tell.
import sys
import traceback

import torch
import torch._export.utils
import torch.export.exported_program
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts


def forward(x0):
    u0 = x0.item()
    torch._check(u0 == 0)
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


class Model(torch.nn.Module):
    def forward(self, x0):
        return forward(x0)


def dynamic(value, dims):
    """What export is told of an input; of a size of 0 or 1 it makes a constant."""
    kind = torch.export.Dim
    if not isinstance(value, torch.Tensor):
        return kind.DYNAMIC
    return {d: kind.AUTO if value.shape[d] in (0, 1) else kind.DYNAMIC for d in dims} or None


def shapes():
    return tuple(dynamic(value, dims) for value, dims in zip(example_inputs(), DYNAMIC))


def trace_example():
    # Export calls the pass itself, by a name of its own in each of these two modules.
    for module in (torch._export.utils, torch.export.exported_program):
        module.insert_deferred_runtime_asserts = run_pass
    program = torch.export.export(
        Model(),
        example_inputs(),
        dynamic_shapes=shapes(),
        strict=False,
        prefer_deferred_runtime_asserts_over_guards=False,
    )
    return program


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


def bound_the_same(one, other, where):
    """Whether two conditions compare the same thing with constants, so that one is only tighter than the other."""
    if not all(getattr(node.target, "__name__", "") in ("eq", "ne", "le", "lt", "ge", "gt") for node in (one, other)):
        return False
    differences = []
    for point in where:
        left, right = ([value(side, point) for side in node.args] for node in (one, other))
        differences.append((left[0] - left[1], right[0] - right[1]))
    return any(len({first + sign * second for first, second in differences}) == 1 for sign in (1, -1))


def needless(node, others):
    """Which other check covers an assert; one that stands behind it only if no tensor is computed between them."""
    order = list(Passed.after.graph.nodes)
    for other in others:
        first, second = order.index(node), order.index(other)
        if other is node or any(isinstance(noted(one), torch.Tensor) for one in order[first + 1 : second]):
            continue
        mine, theirs = condition(node), condition(other)
        names = leaves(mine)
        if not names or names.keys() != leaves(theirs).keys():
            continue
        where = points(names, numbers([mine, theirs]))
        given = [one for one in where if holds(theirs, one)]
        if not given or not all(holds(mine, one) for one in given) or all(holds(mine, one) for one in where):
            continue
        if spelled(mine) != spelled(theirs) and not bound_the_same(mine, theirs, where):
            continue
        # Of two that say the same the later one is needless.
        if second < first or not same(mine, theirs, where):
            return f"it follows from {spelled(theirs)}"
    return ""


def main():
    trace()
    print("asserts in the graph:", *(asserts(Passed.after) or ["none"]), sep="\n  ")
    reasons = [(node, needless(node, checks(Passed.after))) for node in added()]
    shows = [f"{spelled(condition(node))} says nothing new: {reason}" for node, reason in reasons if reason]
    print(f"\nFAULT: {shows[0]}" if shows else "\nthe fault does not show")
    return int(bool(shows))


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
