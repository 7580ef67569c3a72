"""Assumptions and obligations of a capture: what the pass may rely on and what it must see to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import sympy
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._sympy.symbol import SymT, symbol_is_type
from torch.utils._sympy.value_ranges import ValueRanges

from properties.capture.leaves import is_lost, named_leaf, program_leaves
from properties.capture.types import Capture, Part
from properties.errors import NotCaptured, Unsupported
from properties.read.bindings import Bindings, TensorLeaf, bindings_of
from properties.read.bodies import Entered, bodies_of
from properties.read.graph import read_asserts, read_nodes
from properties.read.sympy_terms import finite_bounds, term_of
from properties.read.values import Opaque
from strategies.evaluate import evaluate
from strategies.inputs import inner_dims, input_offsets, input_strides, outer_dims
from strategies.semantics import Requirement, guarantees, requirements, scopes, source_of
from strategies.terms import (
    Apply,
    Const,
    Term,
    Valuation,
    Value,
    Var,
    apply,
    conjuncts,
    substitute,
    variables,
)

if TYPE_CHECKING:
    from properties.execution.probes import Probes

_UNBACKED = (SymT.UNBACKED_INT, SymT.UNBACKED_FLOAT)


@dataclass(frozen=True)
class Obligation:
    """One thing that the pass must see to.

    ``origin`` is ``deferred`` (a RuntimeAssert), ``range`` (of an unbacked symbol), ``replacement`` (of an
    unbacked symbol) or ``existing`` (an assert that the graph had). ``text`` is its source as torch writes it.
    """

    term: Term
    origin: str
    text: str


@dataclass(frozen=True)
class Facts:
    """Γ, O and P of one capture, all over the same leaves.

    ``unplaceable`` are obligations over a symbol that nothing in this graph binds: no pass can emit them.
    ``unread`` says why an obligation or assumption could not be read exactly; with any of it in an
    obligation the case is UNDECIDED.
    """

    capture: Capture
    bindings: Bindings
    assumptions: tuple[Term, ...]
    obligations: tuple[Obligation, ...]
    unplaceable: tuple[Obligation, ...]
    unread: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    leaf_of: Mapping[str, Term]
    truth_known: bool = True
    """Whether ``requirements`` is all that the program demands; of foreign code it is not known."""
    inside: tuple[Obligation, ...] = ()
    """What the pass must see to in the bodies of the graph, as it is seen from outside."""
    bodies: Mapping[str, Bindings] = field(default_factory=dict)
    """The leaves of each body by its path."""
    equated: Mapping[str, str] = field(default_factory=dict)
    """Symbols without a leaf, each with the leaf that a guard equates it with."""

    @cached_property
    def required(self) -> tuple[Term, ...]:
        return tuple(dict.fromkeys(obligation.term for obligation in (*self.obligations, *self.inside)))

    @cached_property
    def truth(self) -> tuple[Term, ...]:
        """The Program's own requirements, over the capture's leaves."""
        return tuple(requirement.term for requirement in self.requirements)

    def valuation(self, program_values: Valuation) -> dict[str, Value]:
        """The value of every capture leaf that the Program's leaves determine.

        An input that the front end left out is a leaf of the Program's alone, and keeps its name.
        """
        values = dict(program_values)
        result: dict[str, Value] = {name: value for name, value in values.items() if name not in self.leaf_of}
        for name, term in self.defined_leaves:
            result[name] = evaluate(term, values)
        return result

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The kind of each capture leaf: ``dim``, or the construct that yields it; of other names of one another.

        ``inner_`` stands before the construct where it runs in a branch or a loop, ``lost_`` where the graph does not
        read the value.
        """
        program = self.capture.program
        named = dict.fromkeys(self.equated, "other_name")
        inner = scopes(program)[-1].closed
        for name, term in self.leaf_of.items():
            if leaf := named_leaf(term):
                kind, _ = source_of(program, name)
                if kind == "scalar" and leaf is not term:
                    kind = "scalar_truth"
                if name in inner:
                    kind = f"inner_{kind}"
                named[leaf.name] = f"lost_{kind}" if is_lost(leaf.name) else kind
        return named

    @cached_property
    def probes(self) -> Probes:
        """The boundary inputs of this capture with their eager runs, shared by all subjects."""
        from properties.execution.probes import probes_of

        return probes_of(self)

    def traced_for(self, device: str) -> Facts | str:
        """The same Program traced for ``device``, once for all subjects; torch's reason if it refuses.

        Only for captures of a Program: code that nobody generated cannot be traced again from here.
        """
        if device not in self._twins:
            from properties.capture.frontends import capture

            try:
                self._twins[device] = facts_of(capture(self.capture.program, self.capture.frontend, device))
            except NotCaptured as refusal:
                self._twins[device] = str(refusal)
        return self._twins[device]

    @cached_property
    def _twins(self) -> dict[str, Facts | str]:
        return {}

    @cached_property
    def defined_leaves(self) -> tuple[tuple[str, Term], ...]:
        """Each capture leaf with its term over the Program's leaves."""
        found: dict[str, Term] = {}
        inputs, all_strides = outer_dims(self.capture.program), input_strides(self.capture.program)
        offsets, inside = input_offsets(self.capture.program), inner_dims(self.capture.program)
        for binding, spec in zip(self.bindings.placeholders.values(), self.capture.placeholders, strict=True):
            if isinstance(binding, TensorLeaf) and isinstance(spec, Part):
                sizes = zip(binding.shape, inside[spec.position][spec.attribute], strict=True)
                found |= {leaf.name: term for leaf, term in sizes if isinstance(leaf, Var) and leaf.name not in found}
            elif isinstance(binding, TensorLeaf) and isinstance(spec, int):
                shape = inputs[spec]
                for leaf, term in zip(binding.shape, shape, strict=True):
                    if isinstance(leaf, Var) and term is not None:
                        found.setdefault(leaf.name, term)
                strides = all_strides[spec]
                for leaf, term in zip(binding.stride, strides, strict=True):
                    if isinstance(leaf, Var):
                        found.setdefault(leaf.name, term)
                if isinstance(binding.offset, Var):
                    found.setdefault(binding.offset.name, offsets[spec])
            elif isinstance(binding, Var) and isinstance(spec, (Const, Var, Apply)):
                found.setdefault(binding.name, spec)
            elif isinstance(binding, Var) and isinstance(spec, str):
                found.setdefault(binding.name, Var(spec))
        for name, term in self.leaf_of.items():
            if isinstance(term, Var):
                found.setdefault(term.name, Var(name))
            elif leaf := named_leaf(term):
                found.setdefault(leaf.name, apply("ite", Var(name, "bool"), 1, 0))
        found |= {name: found[leaf] for name, leaf in self.equated.items() if leaf in found}
        return tuple(found.items())


@dataclass(frozen=True)
class GraphFacts:
    """What a graph and its ShapeEnv say by themselves: :class:`Facts` without what a Program adds."""

    bindings: Bindings
    assumptions: tuple[Term, ...]
    obligations: tuple[Obligation, ...]
    unplaceable: tuple[Obligation, ...]
    unread: tuple[str, ...]
    equated: Mapping[str, str] = field(default_factory=dict)
    """Symbols without a leaf, each with the leaf that a guard equates it with."""


def facts_of(capture: Capture) -> Facts:
    """The assumptions, obligations and truth of ``capture``, read before any subject ran."""
    found = graph_facts(capture.graph.graph, capture.shape_env, capture.input_ranges)
    renamings = getattr(capture.shape_env, "unbacked_renamings", None)
    bodies = tuple(bodies_of(capture.graph, found.bindings, None, renamings))
    leaves, program_links = program_leaves(capture, found.bindings, bodies)
    guaranteed = [substitute(term, leaves) for term in guarantees(capture.program)]
    truth = tuple(
        Requirement(substitute(item.term, leaves), item.kind, item.statement) for item in requirements(capture.program)
    )
    inside, unplaceable, unread = inside_of(capture.shape_env, found, bodies)
    return Facts(
        capture,
        found.bindings,
        tuple(dict.fromkeys((*found.assumptions, *program_links, *guaranteed))),
        found.obligations,
        unplaceable,
        (*found.unread, *unread),
        truth,
        leaves,
        inside=inside,
        bodies={body.path: body.bindings for body in bodies},
        equated=found.equated,
    )


def inside_of(
    env: ShapeEnv, found: GraphFacts, bodies: tuple[Entered, ...]
) -> tuple[tuple[Obligation, ...], tuple[Obligation, ...], tuple[str, ...]]:
    """What the bodies must check: of what the outer graph cannot, what one of them can, and the asserts they had."""
    known = _known_symbols(found.bindings)
    demands: list[tuple[Entered, Obligation]] = []
    unplaceable: list[Obligation] = []
    unread: list[str] = []
    for item in found.unplaceable:
        place = next((body for body in bodies if variables(item.term) <= known | body.bound), None)
        if place is None:
            unplaceable.append(item)
        else:
            demands.append((place, item))
    for body in bodies:
        for origin, expr, text in _recorded(env, body.bindings):
            if origin == "deferred":
                continue
            try:
                term = substitute(term_of(expr), body.bindings.renamed)
                demands.append((body, Obligation(term, origin, text)))
            except Unsupported as error:
                unread.append(f"obligation {text}: {error}")
        for emitted in read_nodes(body.module.graph, body.bindings, body.inputs)[0]:
            if emitted.term is None:
                unread.append(f"assert {body.path}.{emitted.node} in the graph: {emitted.reason}")
            else:
                demands.append((body, Obligation(emitted.term, "existing", f"{body.path}.{emitted.node}")))
    inside: list[Obligation] = []
    for body, item in demands:
        for part in conjuncts(item.term):
            seen = body.seen_from_outside(part)
            if isinstance(seen, Opaque):
                unread.append(f"{item.text} in {body.path}: {seen.reason}")
            else:
                inside.append(Obligation(seen, item.origin, item.text))
    return tuple(inside), tuple(unplaceable), tuple(unread)


def graph_facts(graph: fx.Graph, env: ShapeEnv, input_ranges: Mapping[str, ValueRanges] | None = None) -> GraphFacts:
    """The assumptions and obligations of ``graph``, as a pass would find it, with ``env``.

    ``input_ranges`` are told in :class:`~properties.capture.types.Capture`.
    """
    bindings = bindings_of(graph, getattr(env, "unbacked_renamings", None))
    unread: list[str] = []
    known = _known_symbols(bindings)
    equated = _equated(known, env)

    assumptions = list(bindings.links)
    for guard in env.guards:
        try:
            assumptions.append(term_of(guard.expr))
        except Unsupported as error:
            unread.append(f"guard {guard.expr}: {error}")
    assumptions += _backed_ranges(env, known, input_ranges)

    obligations: list[Obligation] = []
    unplaceable: list[Obligation] = []
    for origin, expr, text in _recorded(env, bindings):
        try:
            term = term_of(expr)
        except Unsupported as error:
            unread.append(f"obligation {text}: {error}")
            continue
        obligation = Obligation(term, origin, text)
        (obligations if variables(term) <= known | equated.keys() else unplaceable).append(obligation)
    for emitted in read_asserts(graph, bindings):
        if emitted.term is None:
            unread.append(f"assert {emitted.node} in the graph: {emitted.reason}")
        else:
            obligations.append(Obligation(emitted.term, "existing", emitted.node))
    return GraphFacts(
        bindings, tuple(dict.fromkeys(assumptions)), tuple(obligations), tuple(unplaceable), tuple(unread), equated
    )


def _known_symbols(bindings: Bindings) -> frozenset[str]:
    """Symbols with a leaf in this graph, also through a link (the ``s0`` of a size ``2*s0``)."""
    names = set(bindings.bound)
    for leaf in bindings.placeholders.values():
        terms = (*leaf.shape, *leaf.stride, leaf.offset) if isinstance(leaf, TensorLeaf) else (leaf,)
        for term in terms:
            if term is not None:
                names |= variables(term)
    for link in bindings.links:
        names |= variables(link)
    return frozenset(names)


def _equated(known: frozenset[str], env: ShapeEnv) -> dict[str, str]:
    """The symbols without a leaf that guards equate with one of ``known``, each with that one.

    Guards are assumed, so that an obligation over such a symbol is one over the leaf. They come with inputs that hold
    other tensors: torch names the sizes of both, and its conditions use one of the two names.
    """
    pairs = [
        tuple(map(str, guard.expr.args))
        for guard in env.guards
        if isinstance(guard.expr, sympy.Eq) and all(isinstance(side, sympy.Symbol) for side in guard.expr.args)
    ]
    found: dict[str, str] = {}
    while True:
        reached = known | found.keys()
        news = {
            other: found.get(one, one)
            for pair in pairs
            for one, other in (pair, pair[::-1])
            if one in reached and other not in reached
        }
        if not news:
            return found
        found |= news


def _backed_ranges(
    env: ShapeEnv, known: frozenset[str], input_ranges: Mapping[str, ValueRanges] | None = None
) -> list[Term]:
    """What the ranges of the inputs' symbols say: ``input_ranges``, or else those that the ShapeEnv has come to."""
    terms: list[Term] = []
    for symbol, value_range in env.var_to_range.items():
        if symbol_is_type(symbol, _UNBACKED) or symbol.name not in known:
            continue
        if input_ranges is not None:
            value_range = input_ranges.get(symbol.name, value_range)
        try:
            low, high = finite_bounds(value_range.lower, value_range.upper)
        except Unsupported:
            continue
        if low is not None:
            terms.append(apply("ge", Var(symbol.name), low))
        if high is not None:
            terms.append(apply("le", Var(symbol.name), high))
    return terms


def _recorded(env: ShapeEnv, bindings: Bindings) -> list[tuple[str, sympy.Basic, str]]:
    """What the ShapeEnv recorded for run time, as (origin, expression, torch's text)."""
    found: list[tuple[str, sympy.Basic, str]] = []
    bound = bindings.bound.union(bindings.renamed)
    for asserts in env.deferred_runtime_asserts.values():
        found += [("deferred", ra.expr, str(ra.expr)) for ra in asserts]
    for symbol, value_range in env.var_to_range.items():
        if not symbol_is_type(symbol, SymT.UNBACKED_INT) or symbol.name not in bound:
            continue
        low, high = finite_bounds(value_range.lower, value_range.upper)
        if low is not None:
            found.append(("range", sympy.Ge(symbol, low, evaluate=False), f"{symbol} >= {low}"))
        if high is not None:
            found.append(("range", sympy.Le(symbol, high, evaluate=False), f"{symbol} <= {high}"))
    for symbol, value in env.replacements.items():
        if symbol_is_type(symbol, _UNBACKED) and symbol.name in bound:
            found.append(("replacement", sympy.Eq(symbol, value, evaluate=False), f"{symbol} replaced by {value}"))
    return found


def program_values(facts: Facts, model: Valuation) -> dict[str, Value]:
    """The values of the Program's leaves in ``model``; a leaf that it leaves open keeps its example value."""
    values: dict[str, Value] = dict(facts.capture.example())
    # Of an input that the front end left out the Program's conditions speak all the same.
    values.update((name, model[name]) for name in values if name not in facts.leaf_of and name in model)
    for name, leaf in facts.leaf_of.items():
        if variables(leaf) <= model.keys():
            values[name] = evaluate(leaf, model)
    return values
