# the ShapeEnv is changed
#
# RA305, direction impure, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what export-strict traced.
# Emitted: u0 >= 0
# Emitted: u0 % 2 == 0
# Emitted: 2 + u0 == a0.shape[0]
# divisible
# before: []
# after: ['Mod(s6 - 2, 2)']
# guards
# before: []
# after: ['Eq(Mod(s6 - 2, 2), 0)']
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
    assert u0 % 2 == 0
    torch._check(u0 == a0.shape[0] - 2)
    return u0


def example_inputs():
    return (torch.tensor([1.0, 2.0], dtype=torch.float32), torch.tensor([0], dtype=torch.int64),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[0], []]


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
        strict=True,
        prefer_deferred_runtime_asserts_over_guards=False,
    )
    return program


def work(gm, env, name, export):
    Passed.states = [snapshot(env)]
    for _ in range(2):  # what a pass writes on reading its own asserts back counts, too
        insert_deferred_runtime_asserts(gm, env, name, export)
        gm.recompile()
        Passed.states.append(snapshot(env))


def snapshot(env):
    """What the ShapeEnv says in the attributes that the finding is about, as text."""
    return {name: str(show(getattr(env, name, "absent"))) for name in ('divisible', 'guards')}


def show(value):
    if isinstance(value, dict):
        return [(str(key), show(one)) for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        return [show(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return str(getattr(value, "expr", value))


def main():
    trace()
    before = Passed.states[0]
    after = next((one for one in Passed.states[1:] if one != before), before)
    for name in before:
        if before[name] != after[name]:
            print(f"ShapeEnv.{name} before the pass: {before[name]}")
            print(f"ShapeEnv.{name} after the pass:  {after[name]}")
    shows = before != after
    print("\nFAULT: the pass changed the ShapeEnv" if shows else "\nthe fault does not show")
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
