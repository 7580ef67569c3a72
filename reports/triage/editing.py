"""Writing people's decisions into their TOML files; comments, order and layout of what is there stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from reports.files import FileError, read_text, write_text
from reports.text import one_line, plain

_HEADS = {
    "buckets.toml": "What people decided about buckets; runtime-assert triage merge and split write here.",
    "known.toml": "Known findings; runtime-assert triage accept adds to it. The format is described in docs/known.md.",
}

Check = Callable[[str, str], object]


def append(path: Path, kind: str, entry: Mapping[str, Any], *, check: Check) -> None:
    """Adds a table ``[[kind]]`` at the end of those in ``path``, which is made if it is not there.

    ``check`` reads the new text before it is written and raises if it is not valid, so that a file that can be read
    stays one.

    Raises:
        FileError: if the file cannot be read, is no TOML, or cannot be written.
    """
    document = _document(path)
    tables = _tables(document, kind, path)
    table = tomlkit.table()
    for key, value in entry.items():
        table.add(key, _item(value))
    tables.append(table)
    _write(path, document, check)


def remove(path: Path, kind: str, key: str, value: str, *, check: Check) -> int:
    """Takes the tables ``[[kind]]`` whose ``key`` is ``value`` out of ``path``; returns how many there were.

    Raises:
        FileError: as :func:`append`.
    """
    document = _document(path)
    tables = _tables(document, kind, path)
    places = [place for place, table in enumerate(tables) if table.get(key) == value]
    for place in reversed(places):
        del tables[place]
    if places:
        if not len(tables):
            del document[kind]
        _write(path, document, check)
    return len(places)


def _document(path: Path) -> tomlkit.TOMLDocument:
    if not path.exists():
        document = tomlkit.document()
        document.add(tomlkit.comment(_HEADS.get(path.name, _HEADS["known.toml"])))
        return document
    try:
        return tomlkit.parse(read_text(path))
    except TOMLKitError as error:
        raise FileError(f"{path}: not TOML: {one_line(error)}") from error


def _tables(document: tomlkit.TOMLDocument, kind: str, path: Path) -> AoT:
    if kind not in document:
        document[kind] = tomlkit.aot()
    tables = document[kind]
    if not isinstance(tables, AoT):
        raise FileError(f"{path}: {kind} has to be a list of tables, each opened by [[{kind}]]")
    return tables


def _item(value: Any) -> Any:
    if isinstance(value, list):
        return [_item(one) for one in value]
    if not isinstance(value, str):
        return value
    # Controls cannot stand in TOML, and invisible characters should not stand in a file that is reviewed.
    text = plain(value)
    return tomlkit.string(text, multiline="\n" in text)


def _write(path: Path, document: tomlkit.TOMLDocument, check: Check) -> None:
    text = tomlkit.dumps(document)
    check(text, str(path))
    write_text(path, text)
