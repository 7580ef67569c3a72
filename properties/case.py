"""A case: one subject run on one capture, and everything that properties ask about it."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from functools import cached_property
from typing import Any

from torch import fx

from properties.backends import USUAL
from properties.capture.facts import Facts
from properties.capture.state import EnvState
from properties.capture.types import Capture, copy_module
from properties.errors import ToolError
from properties.execution.probes import Probe
from properties.execution.run import run_graph
from properties.read.bodies import asserts_inside
from properties.read.form import fault_of
from properties.read.graph import Emitted, read_asserts
from properties.subjects import Subject
from properties.verdict import Outcome, Status, Verdict, Witness
from strategies.evaluate import holds
from strategies.terms import Term, Valuation


class Case:
    """One subject's work on one capture.

    ``after`` is the graph that the subject left (None if it raised; ``crash`` then says what), ``state_after``
    the ShapeEnv as it left it. The ShapeEnv itself is put back at once, so cases share a capture. ``backends`` are
    those that RA602 compiles the graph with.
    """

    def __init__(self, facts: Facts, subject_name: str, subject: Subject, *, backends: tuple[str, ...] = USUAL) -> None:
        self.facts = facts
        self.capture: Capture = facts.capture
        self.subject_name = subject_name
        self.subject = subject
        self.backends = backends
        self.after, self.crash, self.state_after = apply(subject, self.capture, self.capture.copy_of_graph())

    @cached_property
    def malformed(self) -> tuple[str, str] | None:
        """What is wrong with the form of the graph after the pass, or of a body in it: (kind, detail)."""
        if self.after is None:
            return None
        for path in ("", *self.facts.bodies):
            before = self.capture.graph.get_submodule(path)
            try:
                after: Any = self.after.get_submodule(path)
                fault = fault_of(after.graph, before.graph)  # type: ignore[arg-type]
            except AttributeError as error:
                fault = "lint", f"no graph {path}: {error}"
            if fault is not None:
                return fault if not path else (fault[0], f"{path}: {fault[1]}")
        return None

    @property
    def unusable(self) -> Verdict | None:
        """UNDECIDED if there is no graph to look at (RA101 reports a crash, RA202 a malformed graph), else None."""
        if self.after is None:
            return Verdict(Status.UNDECIDED, reason="the subject raised", detail=self.crash)
        if self.malformed is not None:
            return Verdict(Status.UNDECIDED, reason="malformed graph", detail=self.malformed[1])
        return None

    @cached_property
    def emitted(self) -> tuple[Emitted, ...]:
        """The asserts in the graph after the pass, in order; none if the subject raised."""
        return read_asserts(self.after.graph, self.facts.bindings) if self.after is not None else ()

    @cached_property
    def inside(self) -> tuple[Emitted, ...]:
        """The asserts in the bodies of the graph after the pass, as they are seen from outside."""
        if self.after is None or not self.facts.bodies:
            return ()
        return asserts_inside(self.after, self.facts.bindings, self.facts.bodies)

    @cached_property
    def emitted_terms(self) -> tuple[Term, ...]:
        return tuple(emitted.term for emitted in (*self.emitted, *self.inside) if emitted.term is not None)

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """Emitted asserts that could not be read, with the reason."""
        return tuple(f"{item.node}: {item.reason}" for item in (*self.emitted, *self.inside) if item.term is None)

    @cached_property
    def again(self) -> tuple[fx.GraphModule | None, str, EnvState]:
        """A second run of the subject, on a copy of its own result."""
        if self.after is None:
            raise ToolError("a second run was asked of a subject that raised in the first")
        return apply(self.subject, self.capture, copy_module(self.after))

    @cached_property
    def probed(self) -> tuple[tuple[Probe, Outcome], ...]:
        """Every probe of the capture with what the graph after the pass does on it; none without such a graph.

        On a GPU without those that would end the process: an index out of range that no assert stops kills a kernel.
        """
        if self.after is None or self.unusable is not None:
            return ()
        probes = (probe for probe in self.facts.probes.probes if self.capture.device == "cpu" or self._is_safe(probe))
        return tuple((probe, run_graph(self.after, self.capture, probe.values)) for probe in probes)

    def _is_safe(self, probe: Probe) -> bool:
        """Whether an operator that fails on ``probe`` is not reached, because an assert stops the run before it."""
        if probe.eager.by != "operator":
            return True
        try:
            return not all(holds(term, probe.leaves) for term in self.emitted_terms)
        except KeyError:
            return False

    def run(self, program_values: Valuation) -> Witness:
        """Eager, the graph before and the graph after, on the same inputs.

        Raises:
            Unrealisable: if there are no inputs with these values.
        """
        unusable = self.unusable
        after = (
            run_graph(self.after, self.capture, program_values)  # type: ignore[arg-type]
            if unusable is None
            else Outcome("not run", error="no graph", text=unusable.detail)
        )
        return Witness(
            tuple(sorted(program_values.items())),
            self.capture.eager(program_values),
            run_graph(self.capture.graph, self.capture, program_values),
            after,
        )


def apply(subject: Subject, capture: Capture, module: fx.GraphModule) -> tuple[fx.GraphModule | None, str, EnvState]:
    """``subject`` run on ``module``: (the module or None, the exception as text or "", the ShapeEnv after).

    As where torch calls it, a body comes first, with the ShapeEnv as it was when the body had been traced. What a run
    on a body changes in it is changed in the state that is returned.
    """
    env = capture.shape_env
    crash = ""
    result: fx.GraphModule | None = module
    state, before = capture.state, capture.state
    # Whoever asks a SymInt what it is equal to, as a reader of the capture does, shortens replacements in its ShapeEnv.
    before.restore(env)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            for body in capture.bodies:
                inner: Any = module.get_submodule(body.path)
                before = body.state
                before.restore(env)
                subject(inner, env, body.name, export=body.export)
                state = state.changed(before, EnvState.take(env))
                inner.recompile()
            if capture.bodies:
                before = capture.state
                before.restore(env)
            subject(module, env, capture.name, export=capture.export)
        module.recompile()
    except BaseException as error:  # noqa: BLE001 - foreign code: a finding
        lines = str(error).splitlines()
        crash, result = f"{type(error).__name__}: {lines[0] if lines else ''}"[:300], None
    finally:
        after = EnvState.take(env)
        # Most often there is no body that changed anything: then nothing has to be compared here.
        state = after if state is before else state.changed(before, after)
        capture.state.restore(env)
    return result, crash, state
