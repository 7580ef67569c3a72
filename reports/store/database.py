"""The store of many runs (SQLite): what trends, ``diff`` and lists of findings are read from.

It holds nothing of its own: every row comes from the log of a run, adding a run again changes nothing, and a store that
was lost is built again from the journals. One process writes, any number read.
"""

from __future__ import annotations

import importlib.resources
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

Row = Mapping[str, Any]
_BY_REASON = ("refuted", "undecided", "vacuous", "not_captured")
_TALLIES = (
    "programs",
    "proved",
    "refuted",
    "undecided",
    "vacuous",
    "not_captured",
    "tool_error",
    "asserts_emitted",
    "asserts_required",
)


class StoreError(RuntimeError):
    """A store that cannot be used: one line that names the file and says why."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run in the store; ``body`` is its ``run`` row."""

    id: str
    started: str
    seconds: float
    complete: bool
    seed: int
    torch: str
    programs: int
    body: Row


class Store:
    """An open store. Use it as a context manager, or close it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Store:
        """Opens the store at ``path``, makes it if there is none, and brings an older schema up to date.

        Raises:
            StoreError: if it cannot be read or written, is no store, or has a newer schema.
        """
        with _told(path):
            connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
            try:
                _migrate(path, connection)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def add(self, rows: Sequence[Row]) -> str:
        """Adds a run by the rows of its log and returns its id; one that is there already is replaced as a whole.

        The rows are on the disk when this returns.

        Raises:
            StoreError: if they cannot be written.
            ValueError: if ``rows`` do not begin with a ``run`` row that has an ``id``.
        """
        head = rows[0] if rows else {}
        if head.get("kind") != "run" or not isinstance(head.get("id"), str):
            raise ValueError("a log has to begin with a row of kind 'run' that has an id")
        run = head["id"]
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run,))
            db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _run_values(rows))
            db.executemany(
                "INSERT INTO rows VALUES (?, ?, ?, ?)",
                ((run, line, row["kind"], _text(row)) for line, row in enumerate(rows, start=1)),
            )
            db.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _finding_values(run, rows))
            db.executemany(
                f"INSERT INTO tallies VALUES ({', '.join('?' * (4 + len(_TALLIES)))})", _tally_values(run, rows)
            )
        return run

    def remove(self, run: str) -> None:
        """Forgets a run; one that is not there is no error."""
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run,))

    def runs(self) -> tuple[Run, ...]:
        """Every run, the oldest first."""
        found = self._query(
            "SELECT id, started, seconds, complete, seed, torch, programs, body FROM runs ORDER BY started, id"
        )
        return tuple(
            Run(run, started, seconds, bool(complete), seed, torch, programs, json.loads(body))
            for run, started, seconds, complete, seed, torch, programs, body in found
        )

    def rows(self, run: str, *kinds: str) -> tuple[tuple[int, Row], ...]:
        """The rows of a run with their lines in its log, in order; only those of ``kinds`` if any are given."""
        wanted = f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        found = self._query(f"SELECT line, body FROM rows WHERE run = ?{wanted} ORDER BY line", (run, *kinds))
        return tuple((line, json.loads(body)) for line, body in found)

    def findings(self, run: str) -> tuple[dict[str, Any], ...]:
        """One dict for each bucket of a run: bucket, line, finding (its id), subject, property, direction, signature,
        frontend, hits; the full row is ``rows(run, "finding")`` at that line."""
        names = "bucket, line, finding, subject, property, direction, signature, frontend, hits"
        found = self._query(f"SELECT {names} FROM findings WHERE run = ? ORDER BY line", (run,))
        return tuple(dict(zip(names.split(", "), row, strict=True)) for row in found)

    def history(self, bucket: str) -> tuple[tuple[str, str, int], ...]:
        """The runs that saw a bucket, the oldest first: (run, started, hits)."""
        return tuple(
            self._query(
                "SELECT runs.id, started, hits FROM findings JOIN runs ON runs.id = run WHERE bucket = ?"
                " ORDER BY started, runs.id",
                (bucket,),
            )
        )

    def tallies(self, run: str | None = None) -> tuple[dict[str, Any], ...]:
        """What each subject's programs came to, one dict for each (run, subject, frontend, device), oldest run first.

        Besides these names: programs, proved, refuted, undecided, vacuous, not_captured, tool_error, asserts_emitted,
        asserts_required, and the run's ``started``. All runs if ``run`` is None.
        """
        columns = ("run", "started", "subject", "frontend", "device", *_TALLIES)
        names = ", ".join(f"tallies.{name}" if name in _TALLIES else name for name in columns)
        wanted, values = ("", ()) if run is None else (" WHERE run = ?", (run,))
        found = self._query(
            f"SELECT {names} FROM tallies JOIN runs ON runs.id = run{wanted} ORDER BY started, run, subject, frontend",
            values,
        )
        return tuple(dict(zip(columns, row, strict=True)) for row in found)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with _told(self.path):
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _told(self.path), _transaction(self._connection):
            yield self._connection


def check_store(path: Path) -> None:
    """Makes sure that a run can be added to the store at ``path``; makes none where there is none.

    Raises:
        StoreError: if it cannot be written, is no store, or has a newer schema.
    """
    if not path.exists():
        if not path.parent.is_dir():
            raise StoreError(f"{path}: the store cannot be used: there is no folder {path.parent}")
        if not os.access(path.parent, os.W_OK):
            raise StoreError(f"{path}: the store cannot be used: {path.parent} cannot be written")
        return
    with Store.open(path) as store, store._writing():
        pass


def migrations() -> list[tuple[int, str]]:
    """The numbered SQL files in order: (number, text)."""
    files = importlib.resources.files("reports.store.migrations").iterdir()
    return sorted((int(file.name[:4]), file.read_text(encoding="utf-8")) for file in files if file.name[-4:] == ".sql")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: the store cannot be used: {error}") from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    steps = migrations()
    newest = steps[-1][0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > newest:
        raise StoreError(f"{path}: a store of schema {version}, newer than this version knows ({newest})")
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StoreError(f"{path}: a database, but not a store of runs")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    if version == newest:
        return
    # The write-ahead log stays switched on in the file.
    connection.execute("PRAGMA journal_mode = WAL")
    with _transaction(connection):
        # Another process may have been faster while this one waited.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for number, text in steps:
            if number > version:
                for statement in _statements(text):
                    connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {newest}")


def _statements(text: str) -> list[str]:
    """The statements of a migration: ``executescript`` would commit the transaction around them."""
    found, current = [], ""
    for line in text.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current)
            current = ""
    return found


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _run_values(rows: Sequence[Row]) -> tuple[Any, ...]:
    head = rows[0]
    end = next((row for row in reversed(rows) if row["kind"] == "end"), {})
    return (
        head["id"],
        str(head.get("started", "")),
        float(end.get("seconds", 0.0)),
        int(bool(end.get("complete"))),
        int(head["plan"]["seed"]) % 2**63,
        str(head["environment"].get("torch", "")),
        sum(row["programs"] for row in rows if row["kind"] == "shard"),
        _text(head),
    )


def _finding_values(run: str, rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    hits: Counter[str] = Counter()
    for line, row in enumerate(rows, start=1):
        if row["kind"] == "hits":
            hits[row["bucket"]] += row["count"]
        elif row["kind"] == "finding":
            names = ("id", "subject", "property", "direction", "signature", "frontend")
            found.setdefault(row["bucket"], (line, *(str(row[name]) for name in names)))
    for bucket, values in found.items():
        yield run, bucket, *values, max(1, hits[bucket])


def _tally_values(run: str, rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    sums: dict[tuple[str, str, str], Counter[str]] = {}
    for row in rows:
        if row["kind"] != "shard":
            continue
        for subject, tally in row["subjects"].items():
            key = (subject, row["frontend"], row["device"])
            counted = {
                name: sum(tally.get(name, {}).values()) if name in _BY_REASON else tally.get(name, 0)
                for name in _TALLIES
            }
            sums.setdefault(key, Counter()).update(counted)
    for key, counts in sums.items():
        yield run, *key, *(counts[name] for name in _TALLIES)
