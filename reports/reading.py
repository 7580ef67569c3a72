"""Foreign JSON files: a finding, several, or a bare Program; read within limits and never executed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.files import FileError, read_text
from reports.text import one_line

MAX_BYTES = 8 << 20
MAX_DEPTH = 64
MAX_VALUES = 200_000


class ReadingError(ValueError):
    """A file that is not what it should be: one line that names it and what is allowed."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a file asks to run again. Fields that a bare Program does not have are None."""

    program: dict[str, Any]
    subject: str | None = None
    frontend: str | None = None
    property: str | None = None


def read_case(path: Path, finding_id: str | None = None) -> Case:
    """The case in ``path``: a finding, a bare Program, or one line of a ``findings.jsonl``.

    ``finding_id`` chooses among several findings.

    Raises:
        ReadingError: if the file cannot be read, exceeds a limit, or holds no such thing.
    """
    documents = _documents(path)
    if finding_id is not None:
        chosen = [one for one in documents if one.get("id") == finding_id]
        if not chosen:
            wanted = one_line(finding_id, 40)
            raise ReadingError(f"{path}: no finding has --id {wanted} (one of {_ids(documents)})")
        documents = chosen[:1]
    if len(documents) != 1:
        raise ReadingError(f"{path}: holds {len(documents)} findings, choose one by --id (one of {_ids(documents)})")
    return _case(documents[0], path)


def _documents(path: Path) -> list[dict[str, Any]]:
    text = _text(path)
    try:
        documents = [_parse(text)]
    except _NotJson as whole:
        # More than one value: a file with one finding per line. The error of the whole is the clearer one
        # unless every line but the last is a value of its own.
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise ReadingError(f"{path}: not JSON: {whole}") from whole
        try:
            documents = [_parse(line) for line in lines]
        except _NotJson:
            raise ReadingError(f"{path}: neither JSON nor JSON lines: {whole}") from whole
    for document in documents:
        _check_size(document, path)
    if not all(isinstance(document, dict) for document in documents):
        raise ReadingError(f"{path}: not a finding and not a Program (a JSON object is needed)")
    return documents


def parse_value(text: str, path: Path, where: str) -> Any:
    """One JSON value, within the limits of depth and of number of values.

    Raises:
        ReadingError: if it is none; one line with ``path`` and ``where`` in it.
    """
    try:
        value = _parse(text)
    except _NotJson as error:
        raise ReadingError(f"{path}: {where}: not JSON: {error}") from error
    _check_size(value, path)
    return value


class _NotJson(ValueError):
    pass


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise _NotJson(f"nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:
        raise _NotJson(one_line(error, 120)) from error


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _text(path: Path) -> str:
    try:
        return read_text(path, limit=MAX_BYTES)
    except FileError as error:
        raise ReadingError(str(error)) from error


def _check_size(document: Any, path: Path) -> None:
    stack, values = [(document, 1)], 0
    while stack:
        value, depth = stack.pop()
        values += 1
        if depth > MAX_DEPTH:
            raise ReadingError(f"{path}: nested deeper than {MAX_DEPTH}")
        if values > MAX_VALUES:
            raise ReadingError(f"{path}: holds more than {MAX_VALUES} values")
        if isinstance(value, float) and not math.isfinite(value):
            raise ReadingError(f"{path}: holds a number that is too large for a float")
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        stack += [(child, depth + 1) for child in children]


def _case(document: dict[str, Any], path: Path) -> Case:
    if "program" not in document:
        if isinstance(document.get("body"), list):
            return Case(program=document)
        raise ReadingError(
            f"{path}: not a finding and not a Program (a key 'program' or 'body' is needed, found "
            f"{one_line(', '.join(sorted(document)) or 'none', 80)})"
        )
    program = document["program"]
    if not isinstance(program, dict):
        raise ReadingError(f"{path}: program={one_line(json.dumps(program), 40)} (allowed: a JSON object)")
    return Case(program=program, **{name: _name(document, name, path) for name in ("subject", "frontend", "property")})


def _name(document: dict[str, Any], key: str, path: Path) -> str | None:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise ReadingError(f"{path}: {key}={one_line(json.dumps(value), 40)} (allowed: a text)")
    return value


def _ids(documents: list[dict[str, Any]]) -> str:
    ids = [one_line(document.get("id", "?"), 16) for document in documents]
    return ", ".join(ids[:8]) + (", …" if len(ids) > 8 else "") if ids else "none"
