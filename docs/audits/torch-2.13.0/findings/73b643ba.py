# the result is altered
#
# RA301, direction altered, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what export+decompositions traced.
# The first call of the pass is torch's own, too; the finding was made behind one that is right.
# Emitted: u0 >= 0
# Emitted: (u0 <= a0.shape[0]) & (u0 + a0.shape[0] >= 0)
# Emitted: 2 * u0 <= a0.shape[0]
# Emitted: u0 <= a0.shape[0]
# the second run changes 17 nodes to 20, asserts by +1
#
# Stand-alone: it imports only torch. It exits with 1 if the fault shows, with 0 if it does not, with 2 if it cannot tell.
import sys
import traceback

import torch
import torch._export.utils
import torch.export.exported_program
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts


def forward(a0, x0):
    u0 = x0.item()
    torch._check(u0 >= 0)
    t0 = a0.narrow(0, u0, u0)
    return t0


def example_inputs():
    return (torch.tensor([1.0, 2.0], dtype=torch.float32), torch.tensor([0], dtype=torch.int64),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[0], []]


class Passed:
    """What the pass was given and what it made of it."""

    wanted = False


class Stop(BaseException):
    """Ends a trace behind the call of the pass; torch takes it for no error of the program's."""


def copy_of(module):
    graph = torch.fx.Graph()
    graph.output(graph.graph_copy(module.graph, {}))
    return torch.fx.GraphModule(module, graph)


def run_pass(gm, env, name, export=False):
    if not Passed.wanted:  # only the second call is looked at
        return first_call(gm, env, name, export)
    Passed.before, Passed.env = copy_of(gm), env
    try:
        work(gm, env, name, export)
    except Exception as error:
        Passed.error = error
        raise Stop from error
    gm.recompile()
    Passed.after = copy_of(gm)
    raise Stop


def first_call(gm, env, name, export):
    try:
        insert_deferred_runtime_asserts(gm, env, name, export)
    except Exception as error:
        Passed.before, Passed.error = copy_of(gm), error
        raise Stop from error


def trace():
    """Traces the example up to the pass, and through it."""
    made = None
    try:
        made = trace_example()
    except Stop:
        pass
    if hasattr(Passed, "error") and False:
        raise Passed.error
    if not hasattr(Passed, "before"):
        raise RuntimeError("torch did not call the pass")
    return made


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
    def forward(self, a0, x0):
        return forward(a0, x0)


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
    Passed.wanted = True
    program = program.run_decompositions()
    return program


def nodes(graph):
    """What the nodes that are used compute; names, and the messages that mention them, differ from run to run."""
    seen, lines = {}, []

    def text(value):
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(map(text, value))}]"
        return seen[value] if isinstance(value, torch.fx.Node) else repr(value)

    for node in graph.nodes:
        args = node.args[:1] if "assert" in str(node.target) else node.args
        seen[node] = f"{getattr(node.target, '__name__', node.target)} {text(args)} {text(list(node.kwargs.values()))}"
        if node.users or node.is_impure() or "assert" in str(node.target):
            lines.append(seen[node])
    return sorted(lines)


def work(gm, env, name, export):
    insert_deferred_runtime_asserts(gm, env, name, export)
    gm.recompile()
    Passed.once = nodes(gm.graph)
    insert_deferred_runtime_asserts(gm, env, name, export)
    Passed.twice = nodes(gm.graph)


def main():
    trace()
    if hasattr(Passed, "error"):
        if not hasattr(Passed, "once"):
            raise Passed.error
        print(f"\nFAULT: the second run raises {type(Passed.error).__name__}: {Passed.error}")
        return 1
    print("asserts after the two runs:", *asserts(Passed.after), sep="\n  ")
    shows = Passed.once != Passed.twice
    if shows:
        print("after the first run:", *Passed.once, sep="\n  ")
        print("after the second run:", *Passed.twice, sep="\n  ")
    print("\nFAULT: a second run changes the graph" if shows else "\nthe fault does not show")
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
