-- What the ministry's registers of units list, what people said to their proposals, and what was published.

CREATE TABLE register_loads (
    feed      TEXT   NOT NULL PRIMARY KEY,
    taken_at  BIGINT NOT NULL,
    read_on   TEXT   NOT NULL, -- a civil date
    source    TEXT   NOT NULL,
    sha256    TEXT   NOT NULL,
    covered   TEXT   NOT NULL  -- parts of which every unit is listed, one a line
);

CREATE TABLE register_units (
    feed         TEXT NOT NULL REFERENCES register_loads (feed) ON DELETE CASCADE,
    unit         TEXT NOT NULL,
    standing     TEXT NOT NULL, -- aberta, fechada, or obscura: nothing else of it is kept then
    municipality BIGINT,
    part         TEXT,
    name         TEXT,
    addresses    TEXT,          -- parted by blanks
    telephone    TEXT,
    PRIMARY KEY (feed, unit)
);

CREATE TABLE register_refusals (
    unit       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    fact       TEXT   NOT NULL, -- what the register said; while it says so, the refusal stands
    author     TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    refused_at BIGINT NOT NULL,
    PRIMARY KEY (unit, kind)
);

CREATE TABLE register_told (
    proposal TEXT   NOT NULL PRIMARY KEY,
    told_at  BIGINT NOT NULL
);

CREATE TABLE news_looks (
    feed      TEXT   NOT NULL PRIMARY KEY,
    looked_at BIGINT NOT NULL -- the last time that it could be read
);

CREATE TABLE news_findings (
    id           TEXT   NOT NULL PRIMARY KEY,
    feed         TEXT   NOT NULL,
    system       TEXT   NOT NULL,
    topic        TEXT   NOT NULL, -- abertura, prorrogacao, instabilidade
    title        TEXT   NOT NULL,
    link         TEXT   NOT NULL,
    quote        TEXT   NOT NULL,
    published_on TEXT,
    opens_on     TEXT,
    deadline_on  TEXT,
    deadline_at  TEXT,            -- the hour, where it is not the end of the day
    refs         TEXT   NOT NULL, -- references guessed, parted by blanks
    written      TEXT   NOT NULL, -- dates as written, one a line
    doubts       TEXT   NOT NULL, -- why it may mean something else, parted by blanks
    found_at     BIGINT NOT NULL,
    quiet        BIGINT NOT NULL, -- 1: too old to be told
    told_at      BIGINT,
    seen_at      BIGINT,
    seen_by      TEXT,
    seen_note    TEXT
);

CREATE INDEX news_untold ON news_findings (found_at) WHERE told_at IS NULL AND quiet = 0;
