# an assert is missing
#
# RA101, direction missing, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what make_fx traced.
# The finding was made through shape_env; make_fx shows it as well.
# Constraint: torch.sym_float(u0) < 0.5
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
    torch._check(u0 < 0.5)
    return u0


def example_inputs():
    return (torch.tensor([0], dtype=torch.int64),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[]]


def witness_inputs():
    return (torch.tensor([1], dtype=torch.int64),)


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


class Watching(torch.fx.Interpreter):
    """Runs a graph and remembers at which node it stopped."""

    def run_node(self, n):
        self.at = n
        return super().run_node(n)


def outcome(run):
    """(accepted, text): what calling ``run`` did."""
    try:
        run()
    except Exception as error:
        return False, f"rejects: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return True, "accepts"


def main():
    trace()
    print("asserts in the graph:", *(asserts(Passed.after) or ["none"]), sep="\n  ")
    inputs = witness_inputs()
    print("inputs:", *inputs, sep="\n  ")
    eager, text = outcome(lambda: forward(*inputs))
    print("eager                 ", text)
    print("graph before the pass ", outcome(lambda: torch.fx.Interpreter(Passed.before).run(*arguments(inputs)))[1])
    watching = Watching(Passed.after)
    graph, text = outcome(lambda: watching.run(*arguments(inputs)))
    by_assert = not graph and "assert" in str(watching.at.target)
    print("graph after the pass  ", text, "" if graph else f"(at {watching.at.name})")
    shows = not eager and graph
    print("\nFAULT: the graph accepts what eager rejects" if shows else "\nthe fault does not show")
    return int(shows)


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
