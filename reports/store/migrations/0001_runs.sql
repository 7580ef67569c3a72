-- A run: what was planned, on which versions, how it ended. body is the whole "run" row as JSON.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    started TEXT NOT NULL,
    seconds REAL NOT NULL,
    complete INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    torch TEXT NOT NULL,
    programs INTEGER NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX runs_by_time ON runs (started, id);

-- Every row of the run's log, as it stands in log.jsonl; line counts from 1.
CREATE TABLE rows (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, line)
) WITHOUT ROWID;

CREATE INDEX rows_by_kind ON rows (run, kind, line);

-- One bucket of one run.
CREATE TABLE findings (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    bucket TEXT NOT NULL,
    line INTEGER NOT NULL,
    finding TEXT NOT NULL,
    subject TEXT NOT NULL,
    property TEXT NOT NULL,
    direction TEXT NOT NULL,
    signature TEXT NOT NULL,
    frontend TEXT NOT NULL,
    hits INTEGER NOT NULL,
    PRIMARY KEY (run, bucket)
) WITHOUT ROWID;

CREATE INDEX findings_by_bucket ON findings (bucket, run);

-- What the programs of a subject came to on one frontend.
CREATE TABLE tallies (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    frontend TEXT NOT NULL,
    device TEXT NOT NULL,
    programs INTEGER NOT NULL,
    proved INTEGER NOT NULL,
    refuted INTEGER NOT NULL,
    undecided INTEGER NOT NULL,
    vacuous INTEGER NOT NULL,
    not_captured INTEGER NOT NULL,
    tool_error INTEGER NOT NULL,
    asserts_emitted INTEGER NOT NULL,
    asserts_required INTEGER NOT NULL,
    PRIMARY KEY (run, subject, frontend, device)
) WITHOUT ROWID;
