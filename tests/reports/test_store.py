"""The store: derived from logs, the same however often a run is added, never used when it is something else."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from reports.store import Store, StoreError
from reports.store.database import migrations
from tests.reports.conftest import Row, finding, log, shard, tally


def run_rows(id_: str = "r1", started: str = "2026-01-01T00:00:00Z", *middle: Row) -> list[Row]:
    rows = log(*middle)
    rows[0] |= {"id": id_, "started": started}
    return rows


HITS: Row = {"kind": "hits", "bucket": finding()["bucket"], "count": 3}


def test_a_run_comes_back_row_by_row(tmp_path: Path):
    rows = run_rows("r1", "t", finding(), HITS)
    with Store.open(tmp_path / "s.sqlite") as store:
        assert store.add(rows) == "r1"
        assert [row for _, row in store.rows("r1")] == rows
        assert store.rows("r1", "finding") == ((5, rows[4]),)
        assert store.rows("other") == ()


def test_adding_a_run_again_changes_nothing(tmp_path: Path):
    rows = run_rows("r1", "t", finding(), HITS)
    with Store.open(tmp_path / "s.sqlite") as store:
        store.add(rows)
        before = (store.runs(), store.rows("r1"), store.findings("r1"), store.tallies())
        store.add(rows)
        assert before == (store.runs(), store.rows("r1"), store.findings("r1"), store.tallies())


def test_figures_are_sums_over_the_rows(tmp_path: Path):
    rows = run_rows("r1", "t", shard(1, 1, torch=tally(proved=47, refuted={"missing": 2, "extra": 1})))
    with Store.open(tmp_path / "s.sqlite") as store:
        store.add(rows)
        found = {(one["subject"], one["frontend"]): one for one in store.tallies("r1")}
    torch = found["torch", "make_fx"]
    assert (torch["programs"], torch["proved"], torch["refuted"]) == (100, 97, 3)
    assert found["reference", "shape_env"]["programs"] == 100


def test_runs_are_ordered_by_time_and_a_bucket_has_a_history(tmp_path: Path):
    with Store.open(tmp_path / "s.sqlite") as store:
        store.add(run_rows("b", "2026-01-02", finding(), HITS))
        store.add(run_rows("a", "2026-01-03"))
        store.add(run_rows("c", "2026-01-01", finding()))
        assert [run.id for run in store.runs()] == ["c", "b", "a"]
        assert store.history(HITS["bucket"]) == (("c", "2026-01-01", 1), ("b", "2026-01-02", 3))
        assert store.findings("b")[0]["hits"] == 3
        assert store.runs()[0].complete
        store.remove("b")
        assert [run.id for run in store.runs()] == ["c", "a"]
        assert store.rows("b") == ()


def test_a_store_of_a_newer_schema_is_refused_in_one_line(tmp_path: Path):
    path = tmp_path / "s.sqlite"
    Store.open(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match=r"schema 99, newer than this version knows \(\d+\)"):
        Store.open(path)


@pytest.mark.parametrize(
    ("data", "says"), [(b"not a database" * 100, "not a database"), (None, "unable to open")], ids=["text", "folder"]
)
def test_what_is_no_store_is_refused_in_one_line(tmp_path: Path, data: bytes | None, says: str):
    path = tmp_path / "s.sqlite"
    path.mkdir() if data is None else path.write_bytes(data)
    with pytest.raises(StoreError, match=says) as caught:
        Store.open(path)
    assert "\n" not in str(caught.value)


def test_somebody_elses_database_is_not_touched(tmp_path: Path):
    path = tmp_path / "s.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE songs (name TEXT)")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match="not a store of runs"):
        Store.open(path)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


def test_migrations_are_numbered_without_a_gap():
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_rows_are_kept_by_a_store_that_is_killed_right_after_it_said_so(tmp_path: Path):
    code = (
        "import os, signal, sys, pathlib\nfrom reports.store import Store\n"
        "from tests.reports.test_store import run_rows\n"
        "Store.open(pathlib.Path(sys.argv[1])).add(run_rows())\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "s.sqlite")], env=environment, check=False)
    assert done.returncode == -9
    with Store.open(tmp_path / "s.sqlite") as store:
        assert [run.id for run in store.runs()] == ["r1"]
