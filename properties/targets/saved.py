"""An exported program on disk (``torch.export.save``), read as data: nothing in the file is executed.

``torch.export.load`` unpickles weights, sample inputs and constants without restriction and evaluates expressions, so
it is not used. The graph, its metadata and its ranges are JSON; they are parsed within limits, expressions by a table
of operators, and calls stay names. Weights, sample inputs and pickled objects are not read at all.
"""

from __future__ import annotations

import ast
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import fx

from properties.errors import Unsupported, UsageError
from properties.read.bindings import Bindings, TensorLeaf
from properties.read.graph import Emitted, read_nodes
from properties.solver import solve
from properties.solver.normal import Known, normal
from properties.targets.asserts import NOWHERE, Names
from properties.targets.places import stack_place, written_at
from strategies.operators import OPERATORS
from strategies.source import render_term
from strategies.terms import TRUE, Apply, Const, Term, Var, apply, conjuncts, variables

_NOT_CHECKED = "a constraint of the metadata that no assert checks; not executed"
MAX_JSON = 256 * 2**20
# Sizes and the numbers that files say something of are integers.
_BY_CLASS = {name: row for row in OPERATORS.values() if "float" not in row.sorts for name in row.sympy}
_READERS = frozenset({"aten.item.default", "aten._local_scalar_dense.default"})
NOT_IN_THE_FILE = (
    "the relations between values that tracing recorded (a .pt2 file keeps ranges of symbols and no deferred asserts)",
    "what the eager program accepts: there is none to run, so that nothing was executed",
)


def check_saved(target: str) -> dict[str, Any]:
    """The ``target`` row of the file ``target``.

    Raises:
        UsageError: if it is no exported program that this reader knows; one line.
    """
    document = _document(target)
    try:
        return _row(target, document)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"[:120]
        raise UsageError(f"target {target!r}: its graph is not laid out as torch.export.save does ({what})") from error


def _document(target: str) -> Mapping[str, Any]:
    path = Path(target)
    if not path.is_file():
        raise UsageError(f"target {target!r}: there is no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            every = archive.infolist()
            models = [item for item in every if re.search(r"(^|/)models/[^/]+\.json$", item.filename)]
            if not models and any(item.filename == "serialized_exported_program.json" for item in every):
                raise UsageError(f"target {target!r}: an older format; save it again with torch 2.8 or newer")
            if not models:
                raise UsageError(
                    f"target {target!r}: no exported program: an archive without one, or one that is cut off"
                )
            if len(models) != 1:
                raise UsageError(f"target {target!r}: holds {len(models)} exported programs; allowed: one")
            if models[0].file_size > MAX_JSON:
                raise UsageError(f"target {target!r}: a graph of {models[0].file_size} bytes; allowed are {MAX_JSON}")
            found = json.loads(archive.read(models[0]))
    except (
        zipfile.BadZipFile,
        OSError,
        UnicodeDecodeError,
        json.JSONDecodeError,
        RecursionError,
        RuntimeError,
    ) as error:
        raise UsageError(f"target {target!r}: no exported program: {type(error).__name__}") from error
    if not isinstance(found, dict) or "graph_module" not in found:
        raise UsageError(f"target {target!r}: no exported program: it has no graph")
    return found


def expression(text: str) -> Term:
    """The term of an expression as torch writes it (``Add(Symbol('s0'), Integer(4))``); nothing is evaluated.

    Raises:
        Unsupported: for anything but symbols, integers and operators of the table.
    """
    if len(text) > 20_000:
        raise Unsupported("a very long expression")
    try:
        return _term(ast.parse(text, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise Unsupported("an expression that is none") from error


def _term(node: ast.expr) -> Term:
    match node:
        case ast.Call(func=ast.Name(id="Symbol"), args=[ast.Constant(value=str(name)), *_]):
            return Var(name)
        case ast.Call(func=ast.Name(id="Integer"), args=[ast.Constant(value=int(value))]):
            return Const(value)
        case ast.Call(func=ast.Name(id="Integer"), args=[ast.UnaryOp(ast.USub(), ast.Constant(value=int(value)))]):
            return Const(-value)
        case ast.Call(func=ast.Name(id=("Add" | "Mul") as name), args=args) if args:
            return _folded({"Add": "add", "Mul": "mul"}[name], [_term(arg) for arg in args])
        case ast.Call(func=ast.Name(id=name), args=args) if name in _BY_CLASS:
            row = _BY_CLASS[name]
            terms = [_term(arg) for arg in args]
            if row.variadic and terms:
                return _folded(row.name, terms)
            if len(terms) == len(row.sorts):
                return Apply(row.name, tuple(terms))
        case ast.Constant(value=bool(value)):
            return Const(value)
        case ast.Name(id=("true" | "false") as name):
            return Const(name == "true")
        case _:
            pass
    raise Unsupported("an expression that is not in the table of operators")


def _folded(op: str, terms: list[Term]) -> Term:
    total = terms[0]
    for term in terms[1:]:
        total = Apply(op, (total, term))
    return total


class _Reader:
    """Builds a graph of names, its leaves, and what the metadata says that must hold."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.data = document["graph_module"]["graph"]
        self.graph = fx.Graph()
        self.nodes: dict[str, Any] = {}
        self.placeholders: dict[str, TensorLeaf | Term | None] = {}
        self.sources: dict[str, dict[tuple[str, ...], str]] = {}
        self.links: list[Term] = []
        self.required: list[tuple[str, Term]] = []
        self.unread: list[str] = []
        self.seen: set[str] = set()
        for entry in self.data["inputs"]:
            self._input(entry)
        for entry in self.data["nodes"]:
            self._node(entry)
        self.graph.output(None)
        self.ranges: Mapping[str, Any] = document.get("range_constraints") or {}

    @property
    def bindings(self) -> Bindings:
        return Bindings(self.placeholders, self.sources, tuple(self.links))

    def _value(self, value: Mapping[str, Any]) -> Term | None:
        """What the metadata says a number is; None if that cannot be read."""
        ((kind, content),) = value.items()
        if kind in ("as_int", "as_bool"):
            return Const(content)
        try:
            return expression(content["expr_str"]) if kind == "as_expr" else None
        except Unsupported as error:
            self.unread.append(str(error))
            return None

    def _leaf(self, value: Mapping[str, Any], name: str) -> Term:
        term = self._value(value)
        if isinstance(term, Const):
            return term
        if isinstance(term, Var) and term.name not in self.seen:
            self.seen.add(term.name)
            return term
        if term is not None:
            self.links.append(apply("eq", Var(name), term))
        return Var(name)

    def _input(self, entry: Mapping[str, Any]) -> None:
        ((kind, content),) = entry.items()
        name = content.get("name") or content.get("as_name") if isinstance(content, dict) else None
        node = self.graph.placeholder(str(name or f"constant_{len(self.nodes)}"))
        self.placeholders[node.name] = None
        if kind == "as_tensor":
            meta = self.data["tensor_values"][name]
            self.placeholders[node.name] = TensorLeaf(
                tuple(self._leaf(size, f"{name}.shape[{i}]") for i, size in enumerate(meta["sizes"])),
                tuple(self._leaf(step, f"{name}.stride({i})") for i, step in enumerate(meta["strides"])),
                self._leaf(meta["storage_offset"], f"{name}.storage_offset()"),
            )
        elif kind == "as_sym_int" and name in self.data["sym_int_values"]:
            self.placeholders[node.name] = self._leaf(self.data["sym_int_values"][name], str(name))
        if name:
            self.nodes[name] = node

    def _node(self, entry: Mapping[str, Any]) -> None:
        target = str(entry["target"]).removeprefix("torch.ops.")
        args = [self._argument(item["arg"]) for item in entry["inputs"] if item.get("kind") != 2]
        kwargs = {item["name"]: self._argument(item["arg"]) for item in entry["inputs"] if item.get("kind") == 2}
        outputs = [name for output in entry["outputs"] for name in _output_names(output)]
        # A call is a name here and is never looked up.
        node = self.graph.create_node("call_method", target, tuple(args), kwargs, name=outputs[0] if outputs else None)
        node.meta["stack_trace"] = (entry.get("metadata") or {}).get("stack_trace") or ""
        if len(outputs) > 1:
            for index, name in enumerate(outputs):
                part = self.graph.create_node("call_method", "_operator.getitem", (node, index), {}, name=name)
                self.nodes[name] = part
        elif outputs:
            self.nodes[outputs[0]] = node
        for index, name in enumerate(outputs):
            self._bind(node, target, name, (str(index),) if len(outputs) > 1 else ())

    def _bind(self, node: fx.Node, target: str, name: str, path: tuple[str, ...]) -> None:
        """The leaves that ``node`` makes: a number that it reads, or sizes of which no other node knows."""
        if target in _READERS and name in self.data["sym_int_values"]:
            term = self._value(self.data["sym_int_values"][name])
            if isinstance(term, Var) and term.name not in self.seen:
                self.seen.add(term.name)
                self.sources.setdefault(node.name, {})[path] = term.name
                return
            self.sources.setdefault(node.name, {})[path] = name
            if term is not None:
                self.required.append(("replacement", apply("eq", Var(name), term)))
        elif name in self.data["tensor_values"]:
            for axis, size in enumerate(self.data["tensor_values"][name]["sizes"]):
                term = self._value(size)
                if isinstance(term, Var) and term.name.startswith("u") and term.name not in self.seen:
                    self.seen.add(term.name)
                    self.sources.setdefault(node.name, {})[(*path, "size", str(axis))] = term.name

    def _argument(self, value: Any) -> Any:
        if not isinstance(value, dict) or len(value) != 1:
            return None
        ((kind, content),) = value.items()
        if kind in ("as_tensor", "as_sym_int", "as_sym_bool", "as_sym_float"):
            return self._reference(content)
        if kind in ("as_tensors", "as_sym_ints", "as_sym_bools", "as_sym_floats"):
            return [self._reference(item) for item in content]
        if kind in ("as_int", "as_bool", "as_float", "as_string", "as_ints", "as_bools", "as_floats"):
            return content
        return None

    def _reference(self, content: Any) -> Any:
        if isinstance(content, dict):
            name = content.get("name") or content.get("as_name")
            if name is not None:
                return self.nodes.get(name)
            return next((content[key] for key in ("as_int", "as_bool", "as_float") if key in content), None)
        return content if isinstance(content, (int, float, bool)) else None


def _output_names(output: Mapping[str, Any]) -> list[str]:
    ((_, content),) = output.items()
    parts = content if isinstance(content, list) else [content]
    names = (part.get("name") or part.get("as_name") for part in parts if isinstance(part, dict))
    return [name for name in names if name]


def _row(target: str, document: Mapping[str, Any]) -> dict[str, Any]:
    from properties.targets.check import empty_row

    reader = _Reader(document)
    bindings = reader.bindings
    emitted, _ = read_nodes(reader.graph, bindings)
    inputs = {name for leaf in bindings.placeholders.values() for term in _terms(leaf) for name in variables(term)}
    inputs |= {name for link in bindings.links for name in variables(link)}
    assumptions = [*bindings.links, *(apply("ge", name, 0) for name in sorted(inputs))]
    required = list(reader.required)
    for symbol, limits in sorted(reader.ranges.items()):
        bounds = [("ge", limits.get("min_val")), ("le", limits.get("max_val"))]
        terms = [apply(op, symbol, bound) for op, bound in bounds if isinstance(bound, int)]
        if symbol in inputs:
            assumptions += terms
        elif symbol in bindings.bound:
            required += [("range", term) for term in terms]
    sizes = [name for paths in bindings.sources.values() for path, name in paths.items() if "size" in path]
    assumptions += [apply("ge", name, 0) for name in sizes]

    names = Names(_names(reader))
    row = empty_row(target, "file")
    row["nodes"], row["obligations"] = len(reader.graph.nodes), len(required)
    row["leaves"] = dict(names)
    asserts = _asserts(emitted, assumptions, required, names, {node.name: node for node in reader.graph.nodes})
    unchecked = _unchecked(emitted, assumptions, required, names)
    verdicts = _verdicts(asserts, unchecked)
    result = {"seconds": 0.0, "crash": "", "asserts": asserts, "unchecked": unchecked}
    row["subjects"] = {"file": {**result, "verdicts": verdicts, "findings": []}}
    row["not_known"] = [*NOT_IN_THE_FILE, *(f"not readable: {text}" for text in dict.fromkeys(reader.unread))]
    writer = str(document.get("torch_version", "?"))[:40]
    row["note"] = f"written by torch {writer}; weights and pickled objects were not read"
    return row


def _terms(leaf: TensorLeaf | Term | None) -> tuple[Term, ...]:
    if isinstance(leaf, TensorLeaf):
        return (*leaf.shape, *leaf.stride, leaf.offset)
    return () if leaf is None else (leaf,)


def _names(reader: _Reader) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, leaf in reader.placeholders.items():
        if isinstance(leaf, TensorLeaf):
            for axis, term in enumerate(leaf.shape):
                if isinstance(term, Var):
                    names.setdefault(term.name, f"{name}.shape[{axis}]")
    for node in reader.graph.nodes:
        for path, leaf_name in reader.sources.get(node.name, {}).items():
            operand = node.args[0].name if node.args and isinstance(node.args[0], fx.Node) else ""
            call = str(node.target).removeprefix("aten.").split(".")[0].replace("_local_scalar_dense", "item")
            size = f".shape[{path[-1]}]" if "size" in path else ""
            names.setdefault(leaf_name, f"{operand}.{call}(){size}")
    return names


def _asserts(
    emitted: tuple[Emitted, ...],
    assumptions: list[Term],
    required: list[tuple[str, Term]],
    names: Mapping[str, str],
    nodes: Mapping[str, fx.Node],
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    first: dict[Term, str] = {}
    for item in emitted:
        state, why, protects = "unread", item.reason, []
        if item.term is not None:
            form = normal(item.term)
            others = [other.term for other in emitted if other.term is not None and normal(other.term) != form]
            if form == TRUE:
                state, why = "vacuous", "it holds for all values"
            elif form in first:
                state, why = "duplicate", f"{first[form]} says the same"
            elif _follows(item.term, [*assumptions, *others]):
                state, why = "implied", "it follows from the ranges of the inputs and the other asserts"
            else:
                state, why = "needed", ""
            first.setdefault(form, item.node)
            protects = [f"{origin}: {render_term(term, names)}" for origin, term in required if normal(term) == form]
        rows.append(
            {
                "node": item.node,
                "condition": render_term(item.term, names) if item.term is not None else f"? {item.reason}",
                "state": state,
                "why": why,
                "by": "the file",
                "protects": protects,
                "leaves": sorted(names[name] for name in variables(item.term)) if item.term is not None else [],
                **written_at(stack_place(nodes[item.node]), read=False),
                "source_of": "check",
                "message": item.message,
            }
        )
    return rows


def _follows(term: Term, given: list[Term]) -> bool:
    return Known(given).implies(term) or solve(tuple(given), (term,)).status == "unsat"


def _unchecked(
    emitted: tuple[Emitted, ...], assumptions: list[Term], required: list[tuple[str, Term]], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    given = [*assumptions, *(item.term for item in emitted if item.term is not None)]
    return [
        {"condition": render_term(part, names), "origin": origin, "why": "no assert implies it", **NOWHERE}
        for origin, term in required
        for part in conjuncts(term)
        if not _follows(part, given)
    ]


def _verdicts(asserts: list[dict[str, Any]], unchecked: list[dict[str, Any]]) -> dict[str, Any]:
    verdicts: dict[str, Any] = {}
    if unchecked:
        verdicts["RA101"] = _verdict("UNDECIDED", f"UNDECIDED({_NOT_CHECKED})", unchecked[0]["condition"])
    if any(item["state"] == "unread" for item in asserts):
        verdicts.setdefault("RA101", _verdict("UNDECIDED", "UNDECIDED(unread assert)", ""))
    return verdicts


def _verdict(status: str, text: str, constraint: str) -> dict[str, Any]:
    return {"status": status, "text": text, "why": "", "stage": "", "constraint": constraint, "detail": ""}
