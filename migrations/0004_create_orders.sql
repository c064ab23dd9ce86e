-- What people decided by hand, and what the daemon read and lived through.

CREATE TABLE overrides (
    id           TEXT   NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL, -- reter, liberar, dispensar, contestar, anotar, reter-dados
    window_id    TEXT,
    municipality BIGINT,
    part         TEXT,
    batch        TEXT,
    until_on     TEXT,            -- a civil date
    author       TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    decided_at   BIGINT NOT NULL,
    telephone    TEXT,            -- of a call made (anotar): the number; its result is the reason, empty where its years are over
    lifted_by    TEXT,
    lift_reason  TEXT,
    lifted_at    BIGINT
);

CREATE INDEX overrides_in_force ON overrides (window_id) WHERE lifted_at IS NULL;

CREATE TABLE edition_readings (
    window_id TEXT   NOT NULL,
    edition   BIGINT NOT NULL,
    read_at   BIGINT NOT NULL, -- the first time
    deadline  TEXT   NOT NULL, -- 2026-12-31T23:59:59, or a-definir
    source    TEXT   NOT NULL,
    PRIMARY KEY (window_id, edition)
);

CREATE TABLE outages (
    from_at  BIGINT NOT NULL,
    until_at BIGINT NOT NULL PRIMARY KEY
);
