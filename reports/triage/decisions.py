"""``buckets.toml``: which buckets a person has merged or split; it stands beside the known list and outlives runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.files import FileError, read_text
from reports.text import one_line

FILE_NAME = "buckets.toml"
SHIPPED = Path(__file__).parent.parent / "known" / FILE_NAME

# What may tell two findings of one bucket apart: facts of a finding that are not part of its signature.
SPLIT_FIELDS = ("constraint", "device", "frontend", "seen_with", "stage")

_BUCKET = re.compile(r"[0-9a-f]{12}(?:/[^\s\x00-\x1f\x7f]{1,60})?")
_KEYS = {"merge": ("bucket", "into"), "split": ("bucket", "by")}
_FOR_READERS = ("note", "signature")


@dataclass(frozen=True, slots=True)
class Decisions:
    """``merged`` maps a bucket to the one that it is shown under, ``split`` a bucket to the field that parts it."""

    merged: Mapping[str, str]
    split: Mapping[str, str]

    def bucket_of(self, row: Mapping[str, Any]) -> str:
        """The bucket under which a ``finding`` row is shown; a part of a split bucket is called ``BUCKET/value``."""
        bucket = row["bucket"]
        if bucket in self.split:
            bucket = f"{bucket}/{part_name(row.get(self.split[bucket], ''))}"
        return self.shown_under(bucket)

    def shown_under(self, bucket: str) -> str:
        """Follows merges to their end."""
        while bucket in self.merged:
            bucket = self.merged[bucket]
        return bucket


NONE = Decisions({}, {})


def part_name(value: object) -> str:
    """The name of a bucket's part whose field has this value: without blanks, and short."""
    return re.sub(r"\s+", "_", one_line(value, 60)) or "none"


def decisions_beside(known: Path | None) -> Decisions:
    """The shipped decisions, and those in ``buckets.toml`` beside the list ``known``, else in the current folder.

    Raises:
        FileError: if a file cannot be read or is unclear.
    """
    paths = [SHIPPED, (known.parent if known is not None else Path()) / FILE_NAME]
    found = [parse(read_text(path), str(path)) for path in paths if path.exists()]
    return joined(found)


def joined(parts: Sequence[Decisions]) -> Decisions:
    """Several files' decisions as one; the last word on a bucket counts."""
    merged: dict[str, str] = {}
    split: dict[str, str] = {}
    for part in parts:
        merged |= part.merged
        split |= part.split
    return Decisions(merged, split)


def parse(text: str, name: str) -> Decisions:
    """The decisions in the TOML document ``text``, which errors call ``name``.

    Raises:
        FileError: at the first thing that the format does not allow, merges in a circle among them.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FileError(f"{name}: not TOML: {one_line(error)}") from error
    surplus = sorted(set(document) - set(_KEYS))
    if surplus:
        raise FileError(f"{name}: unknown key {surplus[0]!r} (only tables [[merge]] and [[split]] are allowed)")
    found = {kind: dict(_pairs(document.get(kind, []), kind, name)) for kind in _KEYS}
    for bucket in found["merge"]:
        _check_circle(bucket, found["merge"], name)
    return Decisions(found["merge"], found["split"])


def _pairs(tables: Any, kind: str, name: str) -> list[tuple[str, str]]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FileError(f"{name}: {kind} has to be a list of tables, each opened by [[{kind}]]")
    return [_pair(table, kind, f"{name}: [[{kind}]] {number}") for number, table in enumerate(tables, start=1)]


def _pair(table: dict[str, Any], kind: str, where: str) -> tuple[str, str]:
    first, second = _KEYS[kind]
    for key, value in table.items():
        if key not in (first, second, *_FOR_READERS):
            raise FileError(f"{where}: unknown key {key!r} (allowed: {', '.join((first, second, *_FOR_READERS))})")
        if not isinstance(value, str):
            raise FileError(f"{where}: {key}={value!r} (allowed: a text)")
    for key in (first, second):
        if key not in table:
            raise FileError(f"{where}: {key} is missing (needed: {first}, {second})")
    for key in [first, second] if kind == "merge" else [first]:
        if not _BUCKET.fullmatch(table[key]):
            raise FileError(f"{where}: {key}={one_line(table[key], 40)!r} (allowed: a bucket, 12 hexadecimal digits)")
    if kind == "split" and table["by"] not in SPLIT_FIELDS:
        raise FileError(f"{where}: by={one_line(table['by'], 40)!r} (allowed: {', '.join(SPLIT_FIELDS)})")
    return table[first], table[second]


def _check_circle(bucket: str, merged: Mapping[str, str], name: str) -> None:
    seen = {bucket}
    while bucket in merged:
        bucket = merged[bucket]
        if bucket in seen:
            raise FileError(f"{name}: the merges of bucket {bucket} form a circle")
        seen.add(bucket)
