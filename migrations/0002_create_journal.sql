-- The journal: each entry's hash covers the one before it.

CREATE TABLE journal (
    seq          BIGINT NOT NULL PRIMARY KEY CHECK (seq > 0),
    at           BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    window_id    TEXT,
    municipality BIGINT,
    body         TEXT   NOT NULL,
    prev_hash    TEXT   NOT NULL,
    hash         TEXT   NOT NULL
);

CREATE INDEX journal_by_window ON journal (window_id, municipality, seq);
CREATE INDEX journal_by_municipality ON journal (municipality, seq);
CREATE INDEX journal_by_time ON journal (at);
CREATE INDEX journal_of_audits ON journal (seq) WHERE kind = 'conferencia';
CREATE INDEX journal_of_alerts ON journal (at) WHERE kind = 'alerta';
CREATE INDEX journal_of_reductions ON journal (seq) WHERE kind = 'reducao';
CREATE INDEX journal_of_feeds ON journal (seq) WHERE kind = 'fonte';
CREATE INDEX journal_of_configurations ON journal (seq) WHERE kind = 'configuracao';
-- What is told of the service beside loads, alerts, audits and visits, which are very many.
CREATE INDEX journal_of_service ON journal (seq)
    WHERE kind IN ('abertura', 'fonte', 'livro', 'ordem', 'parada', 'reducao', 'teste');

-- Which entry tells what was so when the deadline of an edition passed.
CREATE TABLE closings (
    window_id   TEXT   NOT NULL,
    edition     BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    entry       BIGINT NOT NULL REFERENCES journal (seq) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (window_id, edition)
);

CREATE TABLE meta (
    id           BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    born_at      BIGINT,
    last_pass_at BIGINT,
    heartbeat_at BIGINT,
    high_water   BIGINT,
    relay_failing_since BIGINT, -- absent: the relay took the last letter
    panel_failing_since BIGINT, -- absent: the panel is served, or none is wished for
    panel_failure TEXT, -- why not, in words
    leap_from    BIGINT,
    leap_to      BIGINT,
    stop_since   BIGINT, -- the last time that the queue stood still because letters came back
    stop_until   BIGINT,
    stop_times   BIGINT, -- how often it had before, each time within a day of the last
    stop_over    BIGINT,
    zone_name    TEXT,   -- of the zone as it was when the service last began
    zone_release TEXT,
    zone_digest  TEXT,
    scrub_since  BIGINT, -- since when what was erased may still lie in free pages; absent: it does not
    return_key   BLOB,   -- signs envelope senders; absent: none was yet
    head_seq     BIGINT NOT NULL,
    head_hash    TEXT   NOT NULL
);

-- Which windows a pass need not read. It only spares reading: nothing of it is evidence, and without it all is read.
CREATE TABLE frontier (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    basis TEXT   NOT NULL, -- the configuration and the program that it was judged with
    entry BIGINT NOT NULL, -- the journal's last entry that it was judged over
    at    BIGINT NOT NULL,
    open  TEXT   NOT NULL  -- windows behind it that are not settled, one a line
);

-- When each loop of the service last got on, and from when on it counts as hung.
CREATE TABLE loops (
    name     TEXT   NOT NULL PRIMARY KEY,
    moved_at BIGINT NOT NULL,
    hangs_at BIGINT NOT NULL,
    noted_at BIGINT NOT NULL
);

-- Where this ledger came from and went to (livro mudar). It is about this place, and does not move with the rest.
CREATE TABLE place (
    id        BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    came_from TEXT,            -- the path that names the ledger before it; absent: it began here
    arriving  BIGINT NOT NULL, -- 1 until that one is marked: until then it counts, and not this one
    went_path TEXT,            -- the path that names the ledger after it; absent: it is here
    went_to   TEXT,            -- the same in words
    went_at   BIGINT
);

INSERT INTO place (id, arriving) VALUES (1, 0);
INSERT INTO meta (id, head_seq, head_hash) VALUES (1, 0, '');
