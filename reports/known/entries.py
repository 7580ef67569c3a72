"""The file of known findings: read, and refused where it is unclear (docs/known.md)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.known.versions import check_range
from reports.text import one_line

SHIPPED = Path(__file__).with_name("torch.toml")
MAX_BYTES = 1 << 20

_REQUIRED = ("id", "title", "url", "property", "direction", "subject", "signature", "versions")
_OPTIONAL = ("note", "frontends")
_PATTERNS = {
    "id": re.compile(r"[a-z0-9][a-z0-9-]{0,63}"),
    "property": re.compile(r"RA[0-9]{3}"),
    "direction": re.compile(r"[a-z][a-z-]*"),
    "url": re.compile(r"https?://[^\s<>\"']+"),
}
_ALLOWED = {
    "id": "lower case letters, digits and hyphens",
    "property": "a property code such as RA101",
    "direction": "a direction such as missing, extra or impure",
    "url": "an http(s) address",
}


class KnownFileError(ValueError):
    """A file of known findings that cannot be read: one line with the file, the entry and what is allowed."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """One known fault. ``signatures`` are globs (``*`` and ``?`` only), any of which may match."""

    id: str
    title: str
    url: str
    property: str
    direction: str
    subject: str
    signatures: tuple[str, ...]
    versions: str
    note: str = ""
    frontends: tuple[str, ...] = ()


def load_known(extra: Path | None = None) -> tuple[KnownEntry, ...]:
    """The shipped entries, followed by those of the file ``extra``.

    Raises:
        KnownFileError: if a file cannot be read, is no such list, or repeats an id.
    """
    paths = [SHIPPED] if extra is None else [SHIPPED, extra]
    entries: dict[str, KnownEntry] = {}
    for path in paths:
        for entry in parse_known(_text(path), str(path)):
            if entry.id in entries:
                raise KnownFileError(f"{path}: entry id={entry.id!r} is there twice (ids have to differ)")
            entries[entry.id] = entry
    return tuple(entries.values())


def parse_known(text: str, name: str) -> tuple[KnownEntry, ...]:
    """The entries of the TOML document ``text``; ``name`` is what errors call it.

    Raises:
        KnownFileError: at the first thing that the format does not allow.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise KnownFileError(f"{name}: not TOML: {one_line(error)}") from error
    surplus = sorted(set(document) - {"known"})
    if surplus:
        raise KnownFileError(f"{name}: unknown key {surplus[0]!r} (only tables [[known]] are allowed)")
    tables = document.get("known", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise KnownFileError(f"{name}: known has to be a list of tables, each opened by [[known]]")
    return tuple(_entry(table, f"{name}: entry {number}") for number, table in enumerate(tables, start=1))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise KnownFileError(f"{path}: larger than {MAX_BYTES} bytes")
        return data.decode()
    except OSError as error:
        raise KnownFileError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KnownFileError(f"{path}: not UTF-8 text") from error


def _entry(table: dict[str, Any], where: str) -> KnownEntry:
    if isinstance(table.get("id"), str):
        where = f"{where} (id={table['id']!r})"
    for key in _REQUIRED:
        if key not in table:
            raise KnownFileError(f"{where}: {key} is missing (needed: {', '.join(_REQUIRED)})")
    for key in table:
        if key not in _REQUIRED and key not in _OPTIONAL:
            raise KnownFileError(f"{where}: unknown key {key!r} (allowed: {', '.join(_REQUIRED + _OPTIONAL)})")
    texts = {key: _string(table, key, where) for key in (*_REQUIRED, "note") if key != "signature" and key in table}
    for key, pattern in _PATTERNS.items():
        if not pattern.fullmatch(texts[key]):
            raise KnownFileError(f"{where}: {key}={texts[key]!r} (allowed: {_ALLOWED[key]})")
    try:
        check_range(texts["versions"])
    except ValueError as error:
        raise KnownFileError(f"{where}: {error}") from error
    return KnownEntry(
        **texts,
        signatures=_strings(table, "signature", where),
        frontends=_strings(table, "frontends", where) if "frontends" in table else (),
    )


def _string(table: dict[str, Any], key: str, where: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise KnownFileError(f"{where}: {key}={value!r} (allowed: a text that is not empty)")
    return value


def _strings(table: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table[key]
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(one, str) and one for one in values):
        raise KnownFileError(f"{where}: {key}={value!r} (allowed: a text, or a list of texts)")
    return tuple(values)
