"""Shrinks one Program whatever drew it: small reducers over its JSON, each step checked again; no seed is needed.

The campaign shrinks with Hypothesis by replaying the shard that drew the Program. A Program that comes from a file,
from a person or from another version of the generator has no such shard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from strategies.constructs import CONSTRUCTS
from strategies.program import Program, ProgramError
from strategies.semantics import scopes, steps
from strategies.statement import Scope

CALLS = 400
"""How many different Programs are checked at most."""

Document = dict[str, Any]


def minimise(document: Mapping[str, Any], shows: Callable[[Program], bool], *, calls: int = CALLS) -> Document:
    """The smallest Program found from ``document`` for which ``shows`` is true: statements, inputs, terms and numbers
    go as long as that holds. The same input gives the same result.

    Raises:
        ProgramError: if ``document`` is no Program.
        ValueError: if ``shows`` is false for it.
    """
    best = Program.from_json(document).to_json()
    if not shows(Program.from_json(best)):
        raise ValueError("the fault does not show to begin with")
    tried = {_text(best)}
    improved = True
    while improved and len(tried) <= calls:
        improved = False
        for candidate in _candidates(best):
            text = _text(candidate)
            if text in tried or _weight(candidate) >= _weight(best):
                continue
            try:
                program = Program.from_json(candidate)
            except ProgramError:
                continue
            tried.add(text)
            if len(tried) > calls:
                break
            if shows(program):
                best, improved = program.to_json(), True
                break
    return best


def same_fault(row: Mapping[str, Any]) -> Callable[[Program], bool]:
    """Whether a Program shows the fault of a ``finding`` row: the same property, direction and coarse cause, for the
    same subject on the same front end.

    Raises:
        UsageError: if the subject cannot be used.
    """
    from properties.campaign.check import check_program
    from properties.campaign.pool import prepare
    from properties.campaign.signature import signature_of
    from properties.subjects import resolve

    prepare()
    outside = row["stage"] in ("frontend", "backend")
    name = row.get("seen_with") or ("reference" if outside else row["subject"])
    subjects = {name: resolve(name)}
    codes = tuple(dict.fromkeys(("RA101", row["property"])))
    wanted = (row["property"], row["direction"], row.get("cause"))

    def shows(program: Program) -> bool:
        checked = check_program(program, row["frontend"], subjects, codes, thorough=False)
        if name not in checked.cases or checked.faults:
            return False
        found = checked.refutations(name)
        if outside:
            fault = checked.outside(row["stage"])
            found = [] if fault is None else [(fault[1], fault[2])]
        for code, verdict in found:
            cause = signature_of(checked.cases[name], code, verdict).cause
            if (code, verdict.direction, cause if wanted[2] is not None else None) == wanted:
                return True
        return False

    return shows


def _candidates(document: Document) -> Iterator[Document]:
    """Smaller Programs, the boldest steps first; some are none, which their reader tells."""
    yield from _without_statements(document)
    yield from _without_params(document)
    yield from _without_dims(document)
    yield from _simpler_terms(document)
    yield from _smaller_numbers(document)


@dataclass(frozen=True)
class _Node:
    """A statement of a document with its index and its blocks."""

    index: int
    statement: Document
    blocks: tuple[tuple[_Node, ...], ...]


def _tree(body: list[Document]) -> tuple[_Node, ...]:
    left = iter(enumerate(body))

    def some(count: int) -> tuple[_Node, ...]:
        found = []
        while len(found) < count and (entry := next(left, None)) is not None:
            index, statement = entry
            lengths = (statement[name] for name in CONSTRUCTS[statement["op"]].lengths)
            found.append(_Node(index, statement, tuple(some(length) for length in lengths)))
        return tuple(found)

    return some(len(body))


def _flat(nodes: Iterable[_Node]) -> list[Document]:
    body: list[Document] = []
    for node in nodes:
        names = CONSTRUCTS[node.statement["op"]].lengths
        lengths = {name: len(block) for name, block in zip(names, node.blocks, strict=True)}
        body += [{**node.statement, **lengths}, *(inner for block in node.blocks for inner in _flat(block))]
    return body


def _put_instead(nodes: tuple[_Node, ...], index: int, new: tuple[_Node, ...]) -> tuple[_Node, ...]:
    """``nodes`` with ``new`` in the place of the one that has ``index``, however deep that stands."""
    found: list[_Node] = []
    for node in nodes:
        blocks = tuple(_put_instead(block, index, new) for block in node.blocks)
        found += new if node.index == index else (_Node(node.index, node.statement, blocks),)
    return tuple(found)


def _all(nodes: Iterable[_Node]) -> Iterator[_Node]:
    for node in nodes:
        yield node
        for block in node.blocks:
            yield from _all(block)


def _without_statements(document: Document) -> Iterator[Document]:
    """One statement less, from the last to the first, with all that its blocks hold or with what one of them holds in
    its place; what it bound is replaced by its example value."""
    tree = _tree(document["body"])
    bound = _bound(Program.from_json(document))
    for node in reversed(list(_all(tree))):
        for rest in ((), *(block for block in node.blocks if block)):
            left = _put_instead(tree, node.index, rest)
            yield {**document, "body": _renamed(_flat(left), _closed_up(bound, {one.index for one in _all(left)}))}


def _bound(program: Program) -> dict[str, tuple[int, Any]]:
    """For each leaf and computed tensor, in order, the statement that binds it, and a leaf's example value."""
    found: dict[str, tuple[int, Any]] = {}
    for step, before in zip(steps(program), _befores(program), strict=True):
        if step.kind == "behind":
            statement = program.body[step.statement]
            effect = CONSTRUCTS[statement.op].effect(statement, before)
            names = step.scope.next_leaves(len(effect.leaves))
            found |= {name: (step.statement, value) for name, value in zip(names, effect.leaves, strict=True)}
            found |= dict.fromkeys(step.scope.next_tensors(len(effect.tensors)), (step.statement, None))
    return found


def _befores(program: Program) -> Iterator[Scope]:
    known = scopes(program)
    return (known[step.statement] for step in steps(program))


def _closed_up(bound: Mapping[str, tuple[int, Any]], kept: set[int]) -> dict[str, Any]:
    """New names, without gaps, of what the statements ``kept`` bind, and the example values of the other leaves."""
    names: dict[str, Any] = {}
    counts = {"u": 0, "t": 0}
    for name, (statement, value) in bound.items():
        if statement in kept:
            names[name] = f"{name[0]}{counts[name[0]]}"
            counts[name[0]] += 1
        elif value is not None:
            names[name] = value
    return names


def _without_params(document: Document) -> Iterator[Document]:
    for index in reversed(range(len(document["params"]))):
        rest = [one for place, one in enumerate(document["params"]) if place != index]
        names = {f"a{place}": f"a{place - 1}" for place in range(index + 1, len(document["params"]))}
        yield _unused_dims_gone({**document, "params": rest, "body": _renamed(document["body"], names)})


def _without_dims(document: Document) -> Iterator[Document]:
    """A dim less: every use of it becomes its example value."""
    for index, size in reversed(list(enumerate(document["dims"]))):
        names: dict[str, Any] = {f"d{place}": f"d{place - 1}" for place in range(index + 1, len(document["dims"]))}
        names[f"d{index}"] = size
        dims = [one for place, one in enumerate(document["dims"]) if place != index]
        parts = {key: _renamed(document[key], names) for key in ("params", "body")}
        yield {**document, **parts, "dims": dims}


def _unused_dims_gone(document: Document) -> Document:
    """A dim has to be the size of some param; those that are none any more become numbers."""
    shown = json.dumps(document["params"])
    for index in reversed(range(len(document["dims"]))):
        if f'"d{index}"' not in shown:
            return _unused_dims_gone(next(one for one in _without_dims(document) if _lacks(one, document, index)))
    return document


def _lacks(candidate: Document, document: Document, index: int) -> bool:
    return candidate["dims"] == [one for place, one in enumerate(document["dims"]) if place != index]


def _simpler_terms(document: Document) -> Iterator[Document]:
    """A term replaced by one of its operands or by a small constant."""
    for path, value in _places(document["body"]):
        if isinstance(value, list) and value and isinstance(value[0], str) and len(value) > 1:
            for smaller in (*value[1:], 0, 1, True):
                yield {**document, "body": _put(document["body"], path, smaller)}


def _smaller_numbers(document: Document) -> Iterator[Document]:
    for key in ("dims", "params", "body"):
        for path, value in _places(document[key]):
            if type(value) is int and value not in (0, 1):
                for smaller in (0, 1, 2, value // 2, value - 1):
                    if abs(smaller) < abs(value):
                        yield {**document, key: _put(document[key], path, smaller)}


def _renamed(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "op" else _renamed(one, names) for key, one in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    items = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, one in items:
        yield from _places(one, (*path, key))


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    key, *rest = path
    changed = _put(value[key], tuple(rest), new)
    if isinstance(value, list):
        return [*value[:key], changed, *value[key + 1 :]]
    return {**value, key: changed}


def _text(document: Document) -> str:
    return json.dumps(document, sort_keys=True)


def _weight(document: Document) -> tuple[int, int, int, int]:
    """Fewer statements first, then fewer inputs, then shorter, then smaller numbers."""
    inputs = len(document["params"]) + len(document["dims"])
    numbers = sum(abs(value) for _, value in _places(document) if type(value) is int)
    return len(document["body"]), inputs, len(_text(document)), numbers
