"""The properties for a graph of your own: a GraphModule, its ShapeEnv, and the pass or what it left.

Nothing is generated and nothing run: asserts and constraints are read and compared by proof, as a campaign does it.
What only execution can tell is reported as not decided, and never as passed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.capture.facts import Facts, graph_facts
from properties.capture.state import EnvState
from properties.capture.types import Capture, copy_module
from properties.case import Case
from properties.errors import ToolError, UsageError
from properties.execution.probes import Probe
from properties.registry import properties
from properties.verdict import PROVED, Outcome, Status, Verdict, Witness, worst
from strategies.program import Program
from strategies.statement import Unrealisable
from strategies.terms import Term, Valuation, Value, Var, variables

_NEED_INPUTS = ("RA102", "RA103", "RA201", "RA302", "RA303", "RA403", "RA501", "RA502", "RA601", "RA602")
_NEED_PASS = ("RA301", "RA304", "RA305")
_NOT_RUN = Outcome("not run")


@dataclass(frozen=True)
class Report:
    """The verdicts of one check by the code of their property.

    ``required`` and ``emitted`` are the conditions that the ShapeEnv recorded and that the graph asserts, as text.
    """

    verdicts: dict[str, Verdict]
    required: tuple[str, ...]
    emitted: tuple[str, ...]

    @property
    def refuted(self) -> dict[str, Verdict]:
        """The verdicts that found a fault."""
        return {code: verdict for code, verdict in self.verdicts.items() if verdict.status is Status.REFUTED}

    @property
    def undecided(self) -> dict[str, Verdict]:
        """The verdicts that could not tell, with the reason; what needs inputs or the pass itself is among them."""
        return {code: verdict for code, verdict in self.verdicts.items() if verdict.status is Status.UNDECIDED}

    @property
    def proved(self) -> tuple[str, ...]:
        """The codes of the properties that hold."""
        return tuple(code for code, verdict in self.verdicts.items() if verdict.status is Status.PROVED)

    @property
    def worst(self) -> Verdict:
        """The gravest verdict."""
        return worst(list(self.verdicts.values()))

    def __str__(self) -> str:
        lines = [f"{code} {verdict} {verdict.detail}".rstrip() for code, verdict in self.verdicts.items()]
        return "\n".join(lines)


def check(
    before: fx.GraphModule,
    after: fx.GraphModule | None = None,
    *,
    shape_env: ShapeEnv,
    subject: Callable[..., Any] | None = None,
    export: bool = False,
    property_codes: Sequence[str] = (),
) -> Report:
    """What the properties say about a pass's work on ``before``, a graph traced with ``shape_env``.

    Args:
        before: the graph as the pass gets it; it is not changed.
        after: the graph that the pass left, or
        subject: the pass, with torch's signature ``(gm, shape_env, name, export=False)``, which is then run on copies.
            One of the two is needed; with ``subject`` more properties can be told. ``shape_env`` has to be as the pass
            finds it, and is left so.
        export: what the pass is told about where it works.
        property_codes: codes of the properties to check; all of them if empty.

    Raises:
        UsageError: if neither or both of ``after`` and ``subject`` are given, or a code is unknown.
    """
    if (after is None) == (subject is None):
        raise UsageError("check: give either after=, the graph that the pass left, or subject=, the pass")
    known = properties()
    for code in property_codes:
        if code not in known:
            raise UsageError(f"property {code!r} is unknown; allowed: {', '.join(known)}")
    case = _GraphCase(_facts(before, shape_env, export), "subject", subject or _leaves(after))
    given = subject is not None
    verdicts = {code: _decide(code, case, given) for code in tuple(property_codes) or tuple(known)}
    emitted = () if case.unusable else case.emitted_terms
    return Report(verdicts, tuple(map(_text, case.facts.required)), tuple(map(_text, emitted)))


def _leaves(after: fx.GraphModule | None) -> Callable[..., None]:
    """The pass that leaves the graph ``after``."""
    assert after is not None

    def subject(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
        copied = copy_module(after)
        for attribute, value in vars(copied).get("_modules", {}).items():
            setattr(gm, attribute, value)
        gm.graph = copied.graph
        # A new graph takes over nodes by copying, which drops nothing; their metadata is copied with them.

    return subject


def _decide(code: str, case: Case, pass_given: bool) -> Verdict:
    if code in _NEED_INPUTS:
        return Verdict(Status.UNDECIDED, reason="needs inputs", detail="only a run of the program can tell")
    if code in _NEED_PASS and not pass_given:
        return Verdict(Status.UNDECIDED, reason="needs the pass", detail="give subject= instead of after=")
    try:
        return properties()[code].check(case)
    except Unrealisable as error:
        return Verdict(Status.UNDECIDED, reason="needs inputs", detail=str(error))


def _facts(graph: fx.GraphModule, env: ShapeEnv, export: bool) -> Facts:
    found = graph_facts(graph.graph, env)
    capture = _GraphCapture(
        program=Program((), (), ()),
        frontend="export" if export else "graph",
        graph=copy_module(graph),
        shape_env=env,
        state=EnvState.take(env),
        export=export,
        name="check",
        placeholders=(),
        source_placeholders={},
        arguments=_no_arguments,
    )
    every = (*found.assumptions, *(item.term for item in found.obligations))
    leaves = sorted({name for term in every for name in variables(term)} | found.bindings.bound)
    return _GraphFacts(
        capture,
        found.bindings,
        found.assumptions,
        found.obligations,
        found.unplaceable,
        found.unread,
        (),
        {name: Var(name) for name in leaves},
        False,
    )


def _no_arguments(valuation: Valuation) -> tuple[Any, ...]:
    raise Unrealisable(f"nothing was run; the values are {dict(valuation)}")


class _GraphCapture(Capture):
    """A graph alone, of which no inputs are known."""

    def example(self) -> dict[str, int]:
        return {}

    def eager(self, valuation: Valuation) -> Outcome:
        return _NOT_RUN

    def eager_example(self) -> Outcome:
        return _NOT_RUN


class _GraphFacts(Facts):
    """What a graph and its ShapeEnv say by themselves."""

    def valuation(self, program_values: Valuation) -> dict[str, Value]:
        return dict(program_values)

    @property
    def kinds(self) -> dict[str, str]:
        return dict.fromkeys(self.leaf_of, "leaf")


class _GraphCase(Case):
    """A case whose counterexamples are values, not runs."""

    @property
    def probed(self) -> tuple[tuple[Probe, Outcome], ...]:
        raise ToolError("a property that needs runs was asked of a graph alone")

    def run(self, program_values: Valuation) -> Witness:
        if program_values:
            _no_arguments(program_values)
        return Witness((), _NOT_RUN, _NOT_RUN, _NOT_RUN)


def _text(term: Term) -> str:
    from strategies.source import render_term

    return render_term(term, {name: name for name in variables(term)})


__all__ = ["PROVED", "Report", "check"]
