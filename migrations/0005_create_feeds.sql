-- How feeds are fetched.

CREATE TABLE feed_runs (
    feed     TEXT   NOT NULL PRIMARY KEY,
    tried_at BIGINT NOT NULL, -- when the last run began
    next_at  BIGINT,          -- absent: none is planned
    failures BIGINT NOT NULL, -- in a row
    failure  TEXT             -- why the last run brought nothing; absent: it did
);

CREATE TABLE crawls (
    feed       TEXT   NOT NULL PRIMARY KEY,
    plan       TEXT   NOT NULL, -- a digest of the feed and its pages: another plan is another crawl
    started_at BIGINT NOT NULL,
    pages      BIGINT NOT NULL
);

CREATE TABLE crawl_pages (
    feed       TEXT   NOT NULL REFERENCES crawls (feed),
    page       TEXT   NOT NULL,
    fetched_at BIGINT NOT NULL,
    place      BIGINT NOT NULL, -- where its bytes begin in the crawl's file
    length     BIGINT NOT NULL,
    sha256     TEXT   NOT NULL,
    failure    TEXT,            -- why it could not be had; then there are no bytes
    PRIMARY KEY (feed, page)
);

-- News and registers: noted before what came is read, so that what ends the process is not asked for at each start.
CREATE TABLE visits (
    feed       TEXT   NOT NULL PRIMARY KEY,
    visited_at BIGINT NOT NULL
);
