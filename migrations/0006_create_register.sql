-- What the ministry's registers of units list, and what people said to their proposals.

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
