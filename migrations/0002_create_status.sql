-- Who has filled in, and where that was read.

CREATE TABLE mappings (
    sha256 TEXT NOT NULL PRIMARY KEY,
    bytes  BLOB NOT NULL -- what was mapped, one observation a line; equal snapshots share it
);

CREATE TABLE snapshots (
    id             TEXT   NOT NULL PRIMARY KEY,
    position       BIGINT NOT NULL UNIQUE, -- the order in which they were taken in
    feed           TEXT   NOT NULL,
    taken_at       BIGINT NOT NULL,
    source         TEXT   NOT NULL,
    sha256         TEXT   NOT NULL, -- of the original
    row_count      BIGINT NOT NULL,
    verdict        TEXT   NOT NULL, -- aceita, quarentena
    reasons        TEXT   NOT NULL, -- a JSON array
    mapping        TEXT REFERENCES mappings (sha256),
    done           BIGINT NOT NULL,
    municipalities BIGINT NOT NULL,
    original       BLOB,
    recorded_at    BIGINT NOT NULL
);

CREATE INDEX snapshots_by_feed ON snapshots (feed, verdict, position);

CREATE TABLE snapshot_tallies (
    snapshot       TEXT   NOT NULL REFERENCES snapshots (id),
    window_id      TEXT   NOT NULL,
    done           BIGINT NOT NULL,
    municipalities BIGINT NOT NULL,
    PRIMARY KEY (snapshot, window_id)
);

CREATE TABLE status_entries (
    window_id       TEXT   NOT NULL,
    municipality    BIGINT NOT NULL,
    part            TEXT   NOT NULL,
    unit            TEXT   NOT NULL, -- empty: the part as a whole
    feed            TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    dated           BIGINT,
    taken_at        BIGINT NOT NULL,
    snapshot        TEXT   NOT NULL REFERENCES snapshots (id),
    reverting_since BIGINT,
    wording         TEXT,
    PRIMARY KEY (window_id, municipality, part, unit, feed)
);

CREATE INDEX status_entries_by_feed ON status_entries (feed, window_id);

CREATE TABLE fetches (
    feed       TEXT   NOT NULL PRIMARY KEY,
    fetched_at BIGINT NOT NULL
);
