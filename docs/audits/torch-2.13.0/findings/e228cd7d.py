# the ShapeEnv is changed
#
# RA305, direction impure, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what compile traced.
# Emitted: a0.shape[0] >= 0
# Emitted: u0 // a0.shape[0] >= 0
# Emitted: u0 <= 0
# Emitted: u0 // a0.shape[0] >= 0
# deferred_runtime_asserts
# before: [('u0', ['u0 <= 0']), ('u1', ['0 <= ((u0//u1))'])]
# after: [('u0', ['u0 <= 0', '0 <= ((u0//u1))']), ('u1', ['0 <= ((u0//u1))'])]
#
# Stand-alone: it imports only torch. It exits with 1 if the fault shows, with 0 if it does not, with 2 if it cannot tell.
import sys
import traceback

import torch
import torch._dynamo.output_graph
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts


def forward(a0, x0):
    u0 = x0.item()
    torch._check(u0 <= 0)
    torch._check(u0 // a0.shape[0] >= 0)
    return u0


def example_inputs():
    return (torch.tensor([1.0, 2.0], dtype=torch.float32), torch.tensor([0], dtype=torch.int64),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[0], []]
# Those of them that are unbacked: tracing may not look at their sizes.
UNBACKED = [[0], []]


def compile_with(backend):
    """The function under torch.compile, after it has seen the example."""
    config = torch._dynamo.config
    config.capture_scalar_outputs = config.capture_dynamic_output_shape_ops = True
    config.prefer_deferred_runtime_asserts_over_guards = False
    function = torch.compile(forward, backend=backend, fullgraph=True)
    example = example_inputs()
    for index, (tensor, dims) in enumerate(zip(example, DYNAMIC)):
        for d in dims:
            if d in UNBACKED[index]:
                torch._dynamo.decorators.mark_unbacked(tensor, d)
                continue
            # A size of 0 or 1 is a constant for torch.
            mark = torch._dynamo.maybe_mark_dynamic if tensor.shape[d] in (0, 1) else torch._dynamo.mark_dynamic
            mark(tensor, d)
    function(*example)
    return function


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


NAMES = ['a0', 'x0']


def trace_example():
    # Dynamo calls the pass itself, by a name of its own in this module.
    def noting(gm, env, name, export=False):
        sources = [node.meta["grapharg"].source for node in gm.graph.nodes if node.op == "placeholder"]
        Passed.sources = [one.name if isinstance(one.name, str) else one.name() for one in sources]
        return run_pass(gm, env, name, export)

    torch._dynamo.output_graph.insert_deferred_runtime_asserts = noting
    torch._dynamo.reset()
    compile_with("eager")


def arguments(inputs):
    """What the graph takes for these inputs: Dynamo hands their sizes in as numbers of their own."""
    named, taken = dict(zip(NAMES, inputs)), []
    for source in Passed.sources:  # such as L['a0'] or L['a0'].size()[0]
        name, _, rest = source.removeprefix("L['").partition("']")
        value = named[name]
        for method in ("size", "stride", "storage_offset"):
            if rest.startswith(f".{method}()"):
                value = getattr(value, method)()
        taken.append(value[int(rest[rest.index("[") + 1 : -1])] if rest.endswith("]") else value)
    return taken


def work(gm, env, name, export):
    Passed.states = [snapshot(env)]
    for _ in range(2):  # what a pass writes on reading its own asserts back counts, too
        insert_deferred_runtime_asserts(gm, env, name, export)
        gm.recompile()
        Passed.states.append(snapshot(env))


def snapshot(env):
    """What the ShapeEnv says in the attributes that the finding is about, as text."""
    return {name: str(show(getattr(env, name, "absent"))) for name in ('deferred_runtime_asserts',)}


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
