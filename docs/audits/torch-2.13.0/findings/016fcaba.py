# an assert is missing
#
# RA101, direction missing, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what export+deferred traced.
# Constraint: 0 > 0.5 + torch.sym_float(u0)
#
# Stand-alone: it imports only torch. It exits with 1 if the fault shows, with 0 if it does not.
import sys

import torch
import torch._export.utils
import torch.export.exported_program
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts


def forward(x0):
    u0 = x0.item()
    torch._check(u0 < -0.5)
    return u0


def example_inputs():
    return (torch.tensor([-1], dtype=torch.int64),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[]]


def witness_inputs():
    return (torch.tensor([0], dtype=torch.int64),)


class Passed:
    """What the pass was given and what it made of it."""


def snapshot(env):
    """The lists of the ShapeEnv that belong to whoever made it, as text."""
    fields = {}
    for name in ("deferred_runtime_asserts", "var_to_range", "replacements", "guards"):
        value = getattr(env, name, None)
        if isinstance(value, dict):
            value = {str(key): show(one) for key, one in value.items()}
        fields[name] = str(value if isinstance(value, dict) else show(value))
    return fields


def show(value):
    if isinstance(value, (list, tuple)):
        return [show(one) for one in value]
    return str(getattr(value, "expr", value))


def run_pass(gm, env, name, export=False):
    if hasattr(Passed, "before"):  # only the first call is looked at
        return insert_deferred_runtime_asserts(gm, env, name, export)
    Passed.before = torch.fx.GraphModule(gm, copy_graph(gm.graph))
    Passed.env_before = snapshot(env)
    Passed.error = None
    try:
        insert_deferred_runtime_asserts(gm, env, name, export)
    except Exception as error:
        Passed.error = error
        raise
    finally:
        gm.recompile()
        Passed.after = torch.fx.GraphModule(gm, copy_graph(gm.graph))
        Passed.env_after = snapshot(env)


def copy_graph(graph):
    copy = torch.fx.Graph()
    copy.output(copy.graph_copy(graph, {}))
    return copy


class Model(torch.nn.Module):
    def forward(self, x0):
        return forward(x0)


def trace():
    # Export calls the pass itself, by a name of its own in each of these two modules.
    for module in (torch._export.utils, torch.export.exported_program):
        module.insert_deferred_runtime_asserts = run_pass
    shapes = tuple(
        {d: torch.export.Dim.DYNAMIC for d in dims} or None if isinstance(value, torch.Tensor) else torch.export.Dim.DYNAMIC
        for value, dims in zip(example_inputs(), DYNAMIC)
    )
    program = torch.export.export(
        Model(), example_inputs(), dynamic_shapes=shapes, strict=False, prefer_deferred_runtime_asserts_over_guards=True
    )
    return program


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
    print("graph before the pass ", outcome(lambda: torch.fx.Interpreter(Passed.before).run(*inputs))[1])
    watching = Watching(Passed.after)
    graph, text = outcome(lambda: watching.run(*inputs))
    by_assert = not graph and "assert" in str(watching.at.target)
    print("graph after the pass  ", text, "" if graph else f"(at {watching.at.name})")
    shows = not eager and graph
    print("\nFAULT: the graph accepts what eager rejects" if shows else "\nthe fault does not show")
    return int(shows)


if __name__ == "__main__":
    print("torch", torch.__version__)
    sys.exit(main())
