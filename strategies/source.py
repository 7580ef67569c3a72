"""How Programs and terms print: Python that a person reads, and that runs as it stands behind ``import torch``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from strategies.constructs import CONSTRUCTS
from strategies.constructs.submodule import CALL, DEFINITION
from strategies.custom_operators import DEFINITIONS
from strategies.input_forms import DEFINITION as WRAPPER_DEFINITION
from strategies.input_forms import DENSE, WRAPPED, size_in_source
from strategies.operators import OPERATORS
from strategies.placement import placed
from strategies.program import Program
from strategies.semantics import all_inputs, has_form, scopes, steps
from strategies.statement import Scope
from strategies.terms import Const, Term, Var, variables

_COMPARISON, _CALL = 4, 10


def render_term(term: Term, names: Mapping[str, str]) -> str:
    """``term`` in Python, each variable printed as ``names`` says, with no parentheses that are not needed.

    Raises:
        KeyError: if ``names`` lacks a variable of ``term``.
    """
    return _render(term, names)[0]


def _render(term: Term, names: Mapping[str, str]) -> tuple[str, float]:
    """The text, and how tightly its outermost operator binds."""
    if isinstance(term, Const):
        if isinstance(term.value, float) and not math.isfinite(term.value):
            return f'float("{term.value}")', _CALL
        negative = not isinstance(term.value, bool) and repr(term.value).startswith("-")
        return repr(term.value), OPERATORS["neg"].precedence if negative else _CALL
    if isinstance(term, Var):
        return names[term.name], _CALL
    row = OPERATORS[term.op]
    parts = [_render(arg, names) for arg in term.args]
    count = len(row.sorts)
    text = _application(row.template, row.precedence, parts[:count])
    for part in parts[count:]:
        text = _application(row.template, row.precedence, [(text, row.precedence), part])
    return text, row.precedence


def _application(template: str, precedence: float, parts: list[tuple[str, float]]) -> str:
    if precedence >= _CALL:
        return template.format(*(text for text, _ in parts))
    rendered = []
    for position, (text, inner) in enumerate(parts):
        # Infix operators group to the left, except comparisons, which Python would chain.
        enough = inner > precedence or (inner == precedence and position == 0 and precedence != _COMPARISON)
        rendered.append(text if enough else f"({text})")
    return template.format(*rendered)


def leaf_names(program: Program) -> dict[str, str]:
    """How each leaf is written in the program's source: a dim as ``a0.shape[1]``, an unbacked int by its name."""
    names = {leaf: leaf for leaf in scopes(program)[-1].values if not leaf.startswith("d")}
    for position, param in enumerate(program.params):
        for axis, size in enumerate(param.shape):
            if isinstance(size, Var):
                names.setdefault(size.name, size_in_source(param.form, f"a{position}", axis))
    return names


def program_source(program: Program, *, method: bool = False, device: str = "cpu") -> str:
    """The whole program as a function ``forward``; with ``method`` it takes ``self`` first.

    It returns every tensor that it makes, and the unbacked ints that no tensor's size names. What it makes out of
    nothing is made on ``device``, where its inputs have to be.
    """
    inputs = [item.name for item in all_inputs(program)]
    parts = {index for index, statement in enumerate(program.body) if statement.op == "submodule"}
    lines = [f"def forward({', '.join(['self', *inputs] if method else inputs)}):"]
    child = f"self.{CALL}" if method else CALL
    lines += [text.replace(CALL, child) if index in parts else text for text, index in _lines(program)]
    lines.append(f"    return {_result(program)}")
    text = "\n".join(lines) + "\n"
    return text if device == "cpu" else placed(text, device)


def operators_of(program: Program) -> tuple[str, ...]:
    """The operators of this project's own that ``program`` calls, in the order of the first call."""
    return tuple(dict.fromkeys(name for statement in program.body for name in CONSTRUCTS[statement.op].operators()))


def has_parts(program: Program) -> bool:
    """Whether ``program`` calls a child module."""
    return any(statement.op == "submodule" for statement in program.body)


def standalone_source(program: Program) -> str:
    """:func:`program_source` behind the definitions of what it calls beside torch: behind ``import torch`` it runs."""
    definitions = [DEFINITIONS[name] for name in operators_of(program)]
    definitions += [WRAPPER_DEFINITION] if has_form(program, WRAPPED) else []
    definitions += [DEFINITION.lstrip()] if has_parts(program) else []
    return "\n\n".join((*definitions, program_source(program)))


@lru_cache(maxsize=256)
def _lines(program: Program) -> tuple[tuple[str, int | None], ...]:
    """The lines between the first and the last, each with the index of the statement that it belongs to."""
    names = leaf_names(program)
    found: list[tuple[str, int | None]] = []
    starts: list[tuple[int, Scope]] = []
    depth = 1

    def render(term: Term) -> str:
        return render_term(term, names)

    for step in steps(program):
        statement = program.body[step.statement]
        construct = CONSTRUCTS[statement.op]
        lines: tuple[str, ...] = ()
        if step.kind == "enter":
            lines = construct.opening(statement, step.scope, step.block, render)
        elif step.kind == "leave":
            lines = construct.closing(statement, starts[-1][1], step.scope, step.block)
            if not lines and len(found) == starts[-1][0]:
                found.append((f"{'    ' * depth}pass", None))
        elif step.kind == "behind":
            before = scopes(program)[step.statement]
            lines = construct.source_behind(statement, before, step.scope, render)
        found += [(f"{'    ' * depth}{line}", step.statement) for line in lines]
        if step.kind == "enter":
            starts.append((len(found), step.scope))
            depth += 1
        elif step.kind == "leave":
            starts.pop()
            depth -= 1
    return tuple(found)


def _result(program: Program) -> str:
    last = scopes(program)[-1]
    made = [name for name in last.tensors if name.startswith("t")]
    named = {leaf for name in made for size in last.tensors[name].shape for leaf in variables(size)}
    results = [*made, *(leaf for leaf in last.unbacked if leaf not in named)]
    # Compiled code gives a float back as a tensor, so that the program does so itself.
    results += [f"torch.full((), {leaf}, dtype=torch.float64)" for leaf in last.floats if leaf in last.origins]
    if results:
        return ", ".join(results)
    tensors = [item.name for item in all_inputs(program) if not item.scalar and item.form == DENSE]
    return f"{tensors[0]}.sum()" if tensors else "torch.zeros(())"


def statement_of_line(program: Program, line: int) -> int | None:
    """The index of the statement that :func:`program_source` prints on ``line`` (from 1), if there is one."""
    lines = _lines(program)
    return lines[line - 2][1] if 2 <= line < len(lines) + 2 else None
