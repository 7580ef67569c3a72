"""The file of known findings: read, and refused where it is unclear (docs/known.md)."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.files import FileError, read_text
from reports.known.versions import check_range
from reports.text import one_line

SHIPPED = Path(__file__).with_name("torch.toml")
MAX_BYTES = 1 << 20

_REQUIRED = ("id", "title", "url", "property", "direction", "subject", "signature", "versions")
_OPTIONAL = ("note", "frontends", "expires", "vector")
_PATTERNS = {
    "id": re.compile(r"[a-z0-9][a-z0-9-]{0,63}"),
    "property": re.compile(r"RA[0-9]{3}"),
    "direction": re.compile(r"[a-z][a-z-]*"),
    "url": re.compile(r"https?://[^\s<>\"']+"),
    "vector": re.compile(r"(?!/|.*\.\.)[\w./-]+\.json"),
}
_ALLOWED = {
    "id": "lower case letters, digits and hyphens",
    "property": "a property code such as RA101",
    "direction": "a direction such as missing, extra or impure",
    "url": "an http(s) address",
    "vector": "the path of a .json file, relative to the list",
}


class KnownFileError(ValueError):
    """A file of known findings that cannot be read: one line with the file, the entry and what is allowed."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """One known fault. ``signatures`` are globs (``*`` and ``?`` only), any of which may match.

    ``expires`` is the last day on which the entry excuses anything; ``vector`` is the file of a case that shows it.
    """

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
    expires: datetime.date | None = None
    vector: Path | None = None

    def expired(self, day: datetime.date | None) -> bool:
        """Whether the entry has run out by ``day``; never, if one of the two is not given."""
        return self.expires is not None and day is not None and day > self.expires


def load_known(extra: Path | None = None) -> tuple[KnownEntry, ...]:
    """The shipped entries, followed by those of the file ``extra``, which may be the shipped one itself.

    Raises:
        KnownFileError: if a file cannot be read, is no such list, or repeats an id.
    """
    paths = [SHIPPED] if extra is None or extra.resolve() == SHIPPED.resolve() else [SHIPPED, extra]
    entries: dict[str, KnownEntry] = {}
    for path in paths:
        for entry in parse_known(read_known(path), str(path)):
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
    folder = Path(name).parent
    entries = []
    for number, table in enumerate(tables, start=1):
        try:
            entries.append(_entry(table, folder))
        except _Wrong as wrong:
            line = _line_of(text, number, len(tables), wrong.key)
            called = f" (id={table['id']!r})" if isinstance(table.get("id"), str) else ""
            raise KnownFileError(f"{name}:{line} entry {number}{called}: {wrong}") from wrong
    return tuple(entries)


class _Wrong(ValueError):
    """What is wrong with an entry, and at which key."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def _line_of(text: str, number: int, count: int, key: str) -> str:
    """`` line N:`` for ``key`` of entry ``number``, or for the entry's first line if it has no such key; empty if the
    entries cannot be told apart by their lines."""
    lines = text.splitlines()
    heads = [place for place, line in enumerate(lines) if re.fullmatch(r"\s*\[\[\s*known\s*\]\]\s*(#.*)?", line)]
    if len(heads) != count:
        return ""
    first, last = heads[number - 1], (*heads, len(lines))[number]
    named = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    return f" line {next((at for at in range(first, last) if named.match(lines[at])), first) + 1}:"


def read_known(path: Path) -> str:
    """The text of a list of known findings.

    Raises:
        KnownFileError: if it cannot be read.
    """
    try:
        return read_text(path, limit=MAX_BYTES)
    except FileError as error:
        raise KnownFileError(str(error)) from error


def _entry(table: dict[str, Any], folder: Path) -> KnownEntry:
    # A misspelt key first: it is the reason why another one is missing.
    for key in table:
        if key not in _REQUIRED and key not in _OPTIONAL:
            raise _Wrong(key, f"unknown key {key!r} (allowed: {', '.join(_REQUIRED + _OPTIONAL)})")
    for key in _REQUIRED:
        if key not in table:
            raise _Wrong(key, f"{key} is missing (needed: {', '.join(_REQUIRED)})")
    names = (*_REQUIRED, "note", "vector")
    texts: dict[str, Any] = {key: _string(table, key) for key in names if key != "signature" and key in table}
    for key, pattern in _PATTERNS.items():
        if key in texts and not pattern.fullmatch(texts[key]):
            raise _Wrong(key, f"{key}={texts[key]!r} (allowed: {_ALLOWED[key]})")
    try:
        check_range(texts["versions"])
    except ValueError as error:
        raise _Wrong("versions", str(error)) from error
    vector = texts.pop("vector", None)
    return KnownEntry(
        **texts,
        signatures=_strings(table, "signature"),
        frontends=_strings(table, "frontends") if "frontends" in table else (),
        expires=_day(table),
        vector=None if vector is None else folder / vector,
    )


def _day(table: dict[str, Any]) -> datetime.date | None:
    value = table.get("expires")
    if value is None or (isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)):
        return value
    raise _Wrong("expires", f"expires={value!r} (allowed: a date such as 2027-06-30, without quotes)")


def _string(table: dict[str, Any], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(key, f"{key}={value!r} (allowed: a text that is not empty)")
    return value


def _strings(table: dict[str, Any], key: str) -> tuple[str, ...]:
    value = table[key]
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(one, str) and one for one in values):
        raise _Wrong(key, f"{key}={value!r} (allowed: a text, or a list of texts)")
    return tuple(values)
