"""Shrinks one Program whatever drew it: small reducers over its JSON, each step checked again; no seed is needed.

The campaign shrinks with Hypothesis by replaying the shard that drew the Program. A Program that comes from a file,
from a person or from another version of the generator has no such shard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from strategies.program import Program, ProgramError
from strategies.semantics import scopes

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


def _without_statements(document: Document) -> Iterator[Document]:
    """One statement less, from the last to the first; what it bound is replaced by its example value."""
    known = scopes(Program.from_json(document))
    for index in reversed(range(len(document["body"]))):
        before, after = known[index], known[index + 1]
        values = {name: value for name, value in after.values.items() if name not in before.values}
        tensors = [name for name in after.tensors if name not in before.tensors]
        rest = [one for place, one in enumerate(document["body"]) if place != index]
        renamed: dict[str, Any] = dict(values)
        renamed |= _moved("u", len(values), known[-1].values, list(values))
        renamed |= _moved("t", len(tensors), known[-1].tensors, tensors)
        yield {**document, "body": _renamed(rest, renamed)}


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


def _moved(prefix: str, count: int, names: Mapping[str, Any], gone: list[str]) -> dict[str, str]:
    """New names of what is bound behind something that went: numbers close up."""
    if not count:
        return {}
    last = max(int(name[1:]) for name in gone)
    behind = [name for name in names if name[:1] == prefix and name[1:].isdigit() and int(name[1:]) > last]
    return {name: f"{prefix}{int(name[1:]) - count}" for name in behind}


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
