-- Who has filled in, and where that was read, by whole pages: a feed may say a million things, and most of them the
-- same as the day before.

CREATE TABLE pages (
    sha256 TEXT NOT NULL PRIMARY KEY,
    bytes  BLOB NOT NULL -- what a snapshot says of one window; equal ones are kept once
);

CREATE TABLE mappings (
    sha256 TEXT NOT NULL PRIMARY KEY,
    bytes  BLOB NOT NULL -- the columns that it came in, then windows and their pages, one a line; equal snapshots share it
);

CREATE TABLE snapshots (
    id             TEXT   NOT NULL PRIMARY KEY,
    position       BIGINT NOT NULL UNIQUE, -- the order in which they were taken in
    feed           TEXT   NOT NULL,
    taken_at       BIGINT NOT NULL,
    source         TEXT   NOT NULL,
    sha256         TEXT   NOT NULL, -- of the original
    row_count      BIGINT NOT NULL,
    rejected       BIGINT NOT NULL, -- rows that say nothing
    repeated       BIGINT NOT NULL, -- rows that repeat others
    verdict        TEXT   NOT NULL, -- aceita, quarentena
    reasons        TEXT   NOT NULL, -- a JSON array
    mapping        TEXT REFERENCES mappings (sha256),
    done           BIGINT NOT NULL,
    municipalities BIGINT NOT NULL,
    original       BLOB,
    recorded_at    BIGINT NOT NULL
);

CREATE INDEX snapshots_by_feed ON snapshots (feed, verdict, position);
CREATE INDEX snapshots_by_original ON snapshots (feed, sha256);
CREATE INDEX snapshots_by_instant ON snapshots (taken_at);

CREATE TABLE snapshot_tallies (
    snapshot       TEXT   NOT NULL REFERENCES snapshots (id),
    window_id      TEXT   NOT NULL,
    done           BIGINT NOT NULL,
    municipalities BIGINT NOT NULL,
    PRIMARY KEY (snapshot, window_id)
);

CREATE INDEX snapshot_tallies_by_window ON snapshot_tallies (window_id);

-- What people decided about snapshots.
CREATE TABLE snapshot_rulings (
    position BIGINT NOT NULL PRIMARY KEY,
    snapshot TEXT   NOT NULL REFERENCES snapshots (id),
    ruled_at BIGINT NOT NULL,
    before   TEXT   NOT NULL, -- aceita, quarentena
    verdict  TEXT   NOT NULL,
    author   TEXT   NOT NULL,
    reason   TEXT   NOT NULL
);

CREATE INDEX snapshot_rulings_by_snapshot ON snapshot_rulings (snapshot, position);

CREATE TABLE status_pages (
    feed      TEXT NOT NULL,
    window_id TEXT NOT NULL,
    bytes     BLOB NOT NULL, -- what is known of a window from a feed
    PRIMARY KEY (window_id, feed)
);

CREATE TABLE fetches (
    feed       TEXT   NOT NULL PRIMARY KEY,
    fetched_at BIGINT NOT NULL
);

-- Later fetches that found a load unchanged, for as long as personal data is kept.
CREATE TABLE confirmations (
    snapshot     TEXT   NOT NULL REFERENCES snapshots (id),
    confirmed_at BIGINT NOT NULL,
    PRIMARY KEY (snapshot, confirmed_at)
);
