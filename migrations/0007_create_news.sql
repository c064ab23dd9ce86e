-- What the ministry published that may be of a window.

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
