# an assert is missing
#
# RA101, direction missing, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what export+named+deferred traced.
# Constraint: 2.5 < torch.sym_float(a0.shape[0])
# Emitted: u2 >= 0
#
# Stand-alone: it imports only torch. It exits with 1 if the fault shows, with 0 if it does not, with 2 if it cannot tell.
import sys
import traceback

import torch
import torch._export.utils
import torch.export.exported_program
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts


def forward(a0, x0, v2):
    u0, u1 = x0.tolist()
    torch._check(a0.shape[0] > 2.5)
    t0 = torch.repeat_interleave(v2)
    u2 = t0.shape[0]
    return t0, u0, u1


def example_inputs():
    return (torch.tensor([1.0, 2.0, 3.0], dtype=torch.float32), torch.tensor([0, 0], dtype=torch.int64), torch.tensor([0, 0, 0], dtype=torch.int64),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[0], [], [0]]


def witness_inputs():
    return (torch.tensor([1.0, 2.0], dtype=torch.float32), torch.tensor([0, 0], dtype=torch.int64), torch.tensor([0, 0], dtype=torch.int64),)


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
    def forward(self, a0, x0, v2):
        return forward(a0, x0, v2)


def dynamic(value, dims):
    """What export is told of an input; of a size of 0 or 1 it makes a constant."""
    kind = torch.export.Dim
    if not isinstance(value, torch.Tensor):
        return kind.DYNAMIC
    return {d: kind.AUTO if value.shape[d] in (0, 1) else kind.DYNAMIC for d in dims} or None


def shapes():
    """The sizes of each input by their names: inputs share them, and some follow from others."""
    d0 = torch.export.Dim("d0", min=1)
    found = [dynamic(value, dims) for value, dims in zip(example_inputs(), DYNAMIC)]
    found[0][0] = d0
    found[2][0] = d0
    return tuple(found)


def trace_example():
    # Export calls the pass itself, by a name of its own in each of these two modules.
    for module in (torch._export.utils, torch.export.exported_program):
        module.insert_deferred_runtime_asserts = run_pass
    program = torch.export.export(
        Model(),
        example_inputs(),
        dynamic_shapes=shapes(),
        strict=False,
        prefer_deferred_runtime_asserts_over_guards=True,
    )
    return program


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
