"""A Program with the guards of its inputs: what torch gives back to a user, rather than the graph that it holds.

The graph of a capture says nothing of inputs that tracing excluded. ``ep.module()`` of an exported program and what
``torch.compile`` returns check their inputs first, so that they can be asked about any.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from properties.capture.facts import Facts
from properties.capture.interception import EXPORT_SITES, in_place_of_torch
from properties.capture.types import Capture
from properties.execution.backends import Compiled, NotCompiled, exported_again, reason_of
from properties.execution.probes import Probe
from properties.subjects import Subject
from strategies.evaluate import holds
from strategies.semantics import requirements
from strategies.statement import Unrealisable
from strategies.terms import Const, Term, Undefined, Valuation, variables


def exported_module(capture: Capture, subject: Subject) -> Compiled:
    """``ep.module()`` of the Program of ``capture``, exported with the pass exchanged.

    Raises:
        NotCompiled: if torch refuses at any step, with its reason.
    """
    with in_place_of_torch(EXPORT_SITES, subject), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Compiled(exported_again(capture).module())
        except Exception as error:
            raise NotCompiled(reason_of(error)) from error


def excluded(facts: Facts) -> Iterator[Probe]:
    """Inputs outside of the assumptions: the example with one size or number changed, as far as there are such."""
    example = facts.capture.example()
    for name, value in example.items():
        if name.startswith("u") or type(value) is not int:
            continue
        for other in (value + 1, value - 1, 0, 1, 2 * value):
            values = {**example, name: other}
            if other == value or _assumed(facts, values):
                continue
            with contextlib.suppress(Unrealisable):
                yield Probe("excluded", None, values, values, facts.capture.eager(values), None)


def _assumed(facts: Facts, values: Valuation) -> bool:
    """Whether the graph is meant for these inputs, so that a probe of its own would tell about them."""
    try:
        leaves = facts.valuation(values)
        return all(holds(term, leaves) for term in facts.assumptions) and all(
            values[name] == leaf.value for name, leaf in facts.leaf_of.items() if isinstance(leaf, Const)
        )
    except (KeyError, Undefined):
        return False


def broken_guard(facts: Facts, values: Valuation) -> Term | None:
    """The first condition that ``values`` break, if it is one on inputs alone, which guards have to check."""
    for requirement in requirements(facts.capture.program):
        try:
            if holds(requirement.term, values):
                continue
        except Undefined:
            return None
        return None if any(name.startswith("u") for name in variables(requirement.term)) else requirement.term
    return None
