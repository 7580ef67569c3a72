# metadata is missing or wrong
#
# RA203, direction metadata, found in torch 2.13.0+cpu: its runtime-assert pass.
# Below, torch.fx.passes.runtime_assert.insert_deferred_runtime_asserts runs on what export-strict+deferred traced.
# Emitted: u0 * 2 // 2 >= 0
# mul has no nn_module_stack, what it reads has one
#
# Stand-alone: it imports only torch. It exits with 1 if the fault shows, with 0 if it does not, with 2 if it cannot tell.
import sys
import traceback

import torch
import torch._export.utils
import torch.export.exported_program
from torch.fx.passes.runtime_assert import insert_deferred_runtime_asserts


@torch.library.custom_op("runtime_assert_programs::pairs", mutates_args=())
def pairs(mask: torch.Tensor) -> torch.Tensor:
    return torch.nonzero(mask.reshape(-1)).reshape(-1).repeat(2)


@pairs.register_fake
def _(mask):
    return mask.new_empty(2 * torch.library.get_ctx().new_dynamic_size(), dtype=torch.int64)


def forward(a0, m0):
    t0 = torch.ops.runtime_assert_programs.pairs(m0)
    u0 = t0.shape[0] // 2
    t1 = torch.zeros(u0)
    return t0, t1


def example_inputs():
    return (torch.tensor([1.0, 2.0], dtype=torch.float32), torch.tensor([False, False], dtype=torch.bool),)


# The dimensions of each input that are symbolic.
DYNAMIC = [[0], [0]]


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
    def forward(self, a0, m0):
        return forward(a0, m0)


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
        prefer_deferred_runtime_asserts_over_guards=True,
    )
    return program


TRACES = ("stack_trace", "nn_module_stack")
KINDS = ((torch.SymBool, bool), (torch.SymFloat, float), (torch.SymInt, int), (torch.Tensor,), (tuple, list))


class Noting(torch.fx.Interpreter):
    """Runs a graph and remembers what every node yields."""

    def run_node(self, n):
        found = self.found[n] = super().run_node(n)
        return found


def faults():
    """What the metadata of the nodes lacks, or says wrongly."""
    before = {(node.name, node.op, node.target): node for node in Passed.before.graph.nodes}
    known = [node.meta for node in before.values()]
    key = max(("val", "example_value"), key=lambda one: sum(one in meta for meta in known))
    new = []
    for node in Passed.after.graph.nodes:
        old = before.get((node.name, node.op, node.target))
        if old is None:
            new.append(node) if node.op in ("call_function", "call_method") else None
            continue
        for name, value in old.meta.items():
            if name not in node.meta:
                yield f"{node.name} has no {name} any more"
            elif node.meta[name] is not value and text(node.meta[name]) != text(value):
                yield f"{node.name}: {name} was {text(value)}, is {text(node.meta[name])}"
    expected = {}
    for node in new:
        read = [one for one in node.all_input_nodes if one.op in ("call_function", "call_method")]
        expected[node] = {name for one in read for name in expected.get(one, traces(one))}
        if expected[node] - traces(node):
            yield f"{node.name} has no {sorted(expected[node] - traces(node))[0]}, what it reads has one"
    runner = Noting(Passed.after)
    runner.found = {}
    runner.run(*arguments(example_inputs()))
    for node in new:
        if "assert" in str(node.target):
            continue
        noted, value = node.meta.get(key), runner.found.get(node)
        kinds = next((kinds for kinds in KINDS if isinstance(value, kinds)), None)
        if noted is None:
            yield f"{node.name} has no {key}"
        elif kinds and not (isinstance(noted, kinds) and (isinstance(value, bool) or not isinstance(noted, bool))):
            yield f"{node.name}: {key} is a {type(noted).__name__}, and the node yields {value!r}"


def traces(node):
    return {name for name in TRACES if node.meta.get(name)}


def text(value):
    return str(getattr(getattr(value, "node", None), "_expr", value))


def main():
    trace()
    found = list(faults())
    print(*found, sep="\n")
    print(f"\nFAULT: {found[0]}" if found else "\nthe fault does not show")
    return int(bool(found))


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
