"""A finding as a row of plain data: everything that a page, a reproducer or a triage needs to know."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from properties.backends import USUAL
from properties.campaign.check import check_program
from properties.campaign.signature import Signature
from properties.capture.facts import Facts
from properties.capture.leaves import named_leaf
from properties.capture.types import subgraphs
from properties.case import Case
from properties.registry import properties
from properties.subjects import Subject
from properties.verdict import Outcome, Verdict, Witness
from strategies.evaluate import holds
from strategies.input_tensors import expression_of
from strategies.inputs import build_inputs, input_dims, input_names, unbacked_axes
from strategies.program import Program
from strategies.semantics import example
from strategies.source import leaf_names, render_term, standalone_source
from strategies.terms import Const, Term, Valuation, Value, variables

_TITLES = {
    "missing": "an assert is missing",
    "extra": "an assert rejects good inputs",
    "late": "an operator fails where an assert should",
    "broken": "an accepted input fails",
    "altered": "the result is altered",
    "diverging": "two executions reject differently",
    "crash": "the pass raises",
    "malformed": "the graph is malformed",
    "impure": "the ShapeEnv is changed",
    "dropped": "a check of the user's is dropped",
    "metadata": "metadata is missing or wrong",
    "unbound": "a binding is lost",
    "nondeterministic": "two runs give two graphs",
    "redundant": "an assert says nothing new",
    "misplaced": "a check of a branch is dropped or lifted",
    "lost": "asserts are lost in a later stage",
    "unhelpful": "the error does not say what failed",
}


def finding_row(
    case: Case,
    code: str,
    verdict: Verdict,
    signature: Signature,
    where: Mapping[str, int],
    frontends: Mapping[str, str],
) -> dict[str, Any]:
    """The row of one finding; ``frontends`` says what the same Program gives on each frontend."""
    program = case.capture.program
    names = printed_leaves(case.facts)
    after = case.after
    identity = f"{signature.bucket}/{program.key()}/{case.capture.frontend}"
    return {
        "kind": "finding",
        "id": hashlib.sha256(identity.encode()).hexdigest()[:8],
        "bucket": signature.bucket,
        "signature": str(signature),
        "cause": signature.cause,
        "title": _TITLES.get(verdict.direction, verdict.direction),
        "property": code,
        "property_name": properties()[code].name,
        "direction": verdict.direction,
        "subject": signature.subject,
        "seen_with": case.subject_name,
        "stage": verdict.stage,
        "frontend": case.capture.frontend,
        "case": dict(where),
        "program": program.to_json(),
        "source": standalone_source(program),
        "statements": len(program.body),
        "constraint": _text(verdict.constraint, names) if verdict.constraint is not None else "",
        "emitted": [
            _text(emitted.term, names) if emitted.term is not None else f"? {emitted.reason}"
            for emitted in (() if case.unusable else (*case.emitted, *case.inside))
        ],
        "required": [_text(term, names) for term in case.facts.required],
        "graph_before": _graph_text(case.capture.graph),
        "graph_after": _graph_text(after) if after is not None else "",
        "example_inputs": input_expressions(program, example(program)),
        "input_names": list(input_names(program)),
        "dynamic": [
            [axis for axis, size in enumerate(shape) if not isinstance(size, Const)] for shape in input_dims(program)
        ],
        **({"unbacked": list(map(list, unbacked_axes(program)))} if any(unbacked_axes(program)) else {}),
        "witness": _witness(program, verdict.witness),
        "judged": _judged(case, verdict.witness, names),
        "detail": verdict.detail,
        "frontends": dict(frontends),
    }


def ablation(
    program: Program,
    subjects: Mapping[str, Subject],
    subject: str,
    code: str,
    frontends: Sequence[str],
    backends: tuple[str, ...] = USUAL,
) -> dict[str, str]:
    """What property ``code`` says about ``subject`` on ``program``, for each frontend."""
    found = {}
    for frontend in frontends:
        result = check_program(
            program, frontend, {subject: subjects[subject]}, (code,), backends=backends, thorough=False
        )
        if result.refusal:
            found[frontend] = f"NOT_CAPTURED({result.refusal})"
        elif subject not in result.verdicts:
            found[frontend] = "TOOL_ERROR"
        else:
            found[frontend] = str(result.verdicts[subject][code])
    return found


def printed_leaves(facts: Facts) -> dict[str, str]:
    """How each leaf of the capture is called in the program's source."""
    in_source = leaf_names(facts.capture.program)
    named = ((name, named_leaf(term)) for name, term in facts.leaf_of.items())
    return {leaf.name: in_source.get(name, name) for name, leaf in named if leaf}


class _Names(dict[str, str]):
    """A leaf without a name in the source prints as itself."""

    def __missing__(self, key: str) -> str:
        return key


def _text(term: Term, names: Mapping[str, str]) -> str:
    return render_term(term, _Names(names))


def _graph_text(module: torch.fx.GraphModule) -> str:
    texts = [str(module.graph), *(f"{path}: {inner.graph}" for path, inner in subgraphs(module))]
    return "\n".join(line.rstrip() for text in texts for line in text.splitlines() if line.strip())


def input_expressions(program: Program, values: Valuation) -> list[str]:
    """Each input as a Python expression over ``torch``."""
    return [_written(value) for value in build_inputs(program, values)]


def _written(value: torch.Tensor | Value) -> str:
    return expression_of(value, _expression) if isinstance(value, torch.Tensor) else render_term(Const(value), {})


def _expression(tensor: torch.Tensor) -> str:
    if not tensor.is_contiguous() or tensor.storage_offset():
        elements = tensor.untyped_storage().nbytes() // tensor.element_size()
        place = f"{tuple(tensor.shape)}, {tensor.stride()}, {tensor.storage_offset()}"
        return f"torch.ones({elements}, dtype={tensor.dtype}).as_strided({place})"
    if tensor.is_floating_point() and bool((tensor == 1).all()):
        return f"torch.ones({', '.join(str(size) for size in tensor.shape)}, dtype={tensor.dtype})"
    if tensor.numel() == 0:
        return f"torch.zeros({tuple(tensor.shape)}, dtype={tensor.dtype})"
    return f"torch.tensor({_numbers(tensor.tolist())}, dtype={tensor.dtype})"


def _numbers(value: Any) -> str:
    """Nested lists of numbers as Python reads them: NaN and the infinities have no literal."""
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    return repr(value) if not isinstance(value, float) or math.isfinite(value) else f'float("{value}")'


def json_number(value: bool | int | float) -> bool | int | float | str:
    """The value as JSON has it, which knows neither NaN nor the infinities: these are texts."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _witness(program: Program, witness: Witness | None) -> dict[str, Any] | None:
    if witness is None:
        return None
    values = dict(witness.values)
    return {
        "values": {name: json_number(value) for name, value in values.items()},
        "inputs": input_expressions(program, values),
        "eager": outcome_json(witness.eager),
        "before": outcome_json(witness.before),
        "after": outcome_json(witness.after),
        **({"others": {name: outcome_json(run) for name, run in witness.others}} if witness.others else {}),
    }


def _judged(case: Case, witness: Witness | None, names: Mapping[str, str]) -> dict[str, str]:
    """What speaks against the witness's input: in the program, in what was recorded, and in what is asserted.

    These are the three sides whose comparison tells the stage; an empty text says that nothing does.
    """
    if witness is None:
        return {}
    leaves = case.facts.valuation(dict(witness.values))
    asserted = () if case.unusable else case.emitted_terms
    sides = {"demanded": case.facts.truth, "recorded": case.facts.required, "asserted": asserted}
    found = {}
    for side, terms in sides.items():
        judged = (term for term in terms if variables(term) <= leaves.keys())
        broken = next((term for term in judged if not holds(term, leaves)), None)
        found[side] = "" if broken is None else _text(broken, names)
    return found


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {"outcome": outcome.outcome, "by": outcome.by, "error": outcome.error, "text": outcome.text}


def title_of(direction: str) -> str:
    """A direction in a few words."""
    return _TITLES.get(direction, direction)
