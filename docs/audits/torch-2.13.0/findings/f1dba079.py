# the ShapeEnv is changed
#
# RA305, direction impure, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what make_fx traced.
# The finding was made through export+named+deferred, which this script cannot do. Through make_fx
# the fault may not show; then `runtime-assert replay` of the finding's JSON file is the way.
# Emitted: u0 >= 1
# Emitted: 1 + u0 == a0.shape[0]
# Emitted: 1 + u0 == s18
# deferred_runtime_asserts
# before: [('u0', ['Eq(u0 + 1, s62)'])]
# after: [('u0', ['Eq(u0 + 1, s62)', 'Eq(u0 + 1, s18)'])]
# num_deferred_runtime_asserts
# before: 1
# after: 2
#
# Stand-alone: it imports only torch. It exits with 1 if the fault shows, with 0 if it does not.
import sys

import torch
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts


def forward(a0, v0):
    t0 = torch.bincount(v0)
    u0 = t0.shape[0]
    torch._check(u0 == a0.shape[0] - 1)
    return t0


def example_inputs():
    return (torch.tensor([1.0, 2.0], dtype=torch.float32), torch.tensor([0, 0], dtype=torch.int64),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[0], [0]]


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


def trace():
    env = ShapeEnv(duck_shape=False)
    mode = FakeTensorMode(shape_env=env)
    fakes = []
    for index, (tensor, dims) in enumerate(zip(example_inputs(), DYNAMIC)):
        sizes = [DimDynamic.DYNAMIC if d in dims else DimDynamic.STATIC for d in range(tensor.dim())]
        context = StatelessSymbolicContext(
            dynamic_sizes=sizes,
            constraint_sizes=[None] * tensor.dim(),
        )
        source = ConstantSource(f"arg{index}")
        fakes.append(mode.from_tensor(tensor, symbolic_context=context, source=source))
    with mode:
        gm = make_fx(forward, tracing_mode="real")(*fakes)
    run_pass(gm, env, "reproducer")


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


def main():
    trace()
    shows = False
    for name, before in Passed.env_before.items():
        after = Passed.env_after[name]
        if before != after:
            shows = True
            print(f"ShapeEnv.{name} before the pass: {before}")
            print(f"ShapeEnv.{name} after the pass:  {after}")
    print("\nFAULT: the pass changed the ShapeEnv" if shows else "\nthe fault does not show")
    return int(shows)


if __name__ == "__main__":
    print("torch", torch.__version__)
    sys.exit(main())
