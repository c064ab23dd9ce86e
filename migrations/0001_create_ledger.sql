-- What was decided and said. Every instant is epoch milliseconds (UTC), given by the caller.

CREATE TABLE notices (
    notice_key   TEXT   NOT NULL PRIMARY KEY, -- as NoticeKey writes it
    window_id    TEXT,                        -- absent: about the service
    municipality BIGINT,                      -- absent: to staff
    edition      BIGINT,
    kind         TEXT,                        -- absent: a report
    rung         BIGINT,                      -- days before the deadline
    version      BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    valid_until  BIGINT,                      -- absent: for ever
    told         TEXT,                        -- 2026-12-31T23:59:59, or a-definir
    parts        TEXT   NOT NULL,             -- one a line
    copies       TEXT   NOT NULL,             -- who asked for a copy of its letter, one a line
    act          TEXT   NOT NULL,             -- the last decision
    cause        TEXT   NOT NULL,
    because      TEXT   NOT NULL,
    recorded_at  BIGINT NOT NULL,
    queued_at    BIGINT                       -- when it was last recorded to be sent or published
);

CREATE INDEX notices_by_window ON notices (window_id, municipality);
CREATE INDEX notices_of_the_service ON notices (queued_at) WHERE window_id IS NULL;
CREATE INDEX notices_by_municipality ON notices (municipality, recorded_at);

CREATE TABLE letters (
    notice_key  TEXT   NOT NULL REFERENCES notices (notice_key),
    version     BIGINT NOT NULL,
    kind        TEXT,            -- what sort it was written as: its notice may be decided otherwise since
    message_id  TEXT   NOT NULL UNIQUE,
    subject     TEXT   NOT NULL,
    sha256      TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL,
    bytes       BLOB,            -- exactly what goes after DATA, compressed (zlib); absent: its years are over
    PRIMARY KEY (notice_key, version)
);

CREATE TABLE deliveries (
    id              TEXT   NOT NULL PRIMARY KEY, -- a digest of notice, version and address
    notice_key      TEXT   NOT NULL,
    version         BIGINT NOT NULL,
    role            TEXT   NOT NULL,
    address         TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT, -- absent: never again
    valid_until     BIGINT, -- absent: for ever
    stopped_at      BIGINT, -- since when it is not to be tried
    stopped_by      TEXT,   -- the decision that stopped it; reter may be undone
    reached_at      BIGINT, -- when the relay took it, or may have
    sending_at      BIGINT, -- when the last attempt began
    settled_at      BIGINT, -- when the last attempt ended
    reply           TEXT   NOT NULL,
    fence           BIGINT NOT NULL, -- grows with each claim
    owner           TEXT,
    lease_until     BIGINT,
    FOREIGN KEY (notice_key, version) REFERENCES letters (notice_key, version),
    UNIQUE (notice_key, version, address)
);

CREATE INDEX deliveries_by_standing
    ON deliveries (notice_key, reached_at, stopped_at, next_attempt_at, state);
-- The nearest end of validity leaves first. Letters that end together and are due at one instant leave in the order of their
-- names: what is settled together then lies together.
CREATE INDEX deliveries_due
    ON deliveries ((COALESCE(valid_until, next_attempt_at)), next_attempt_at, notice_key, version, address)
    WHERE next_attempt_at IS NOT NULL AND stopped_at IS NULL;
CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX deliveries_held ON deliveries (settled_at) WHERE state = 'incerto' AND next_attempt_at IS NULL;
CREATE INDEX deliveries_on_the_wire ON deliveries (state) WHERE state = 'enviando';

CREATE TABLE attempts (
    delivery   TEXT   NOT NULL REFERENCES deliveries (id),
    n          BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    outcome    TEXT   NOT NULL,
    reply      TEXT   NOT NULL,
    PRIMARY KEY (delivery, n)
);

-- Addresses that are not written to for now.
CREATE TABLE flagged_contacts (
    address TEXT   NOT NULL PRIMARY KEY,
    since   BIGINT NOT NULL,
    refusal TEXT   NOT NULL, -- whose matter it is; only endereco accuses the address
    until   BIGINT NOT NULL, -- from when on it gets one more try
    why     TEXT   NOT NULL
);

-- What came back by mail, byte for byte, and which delivery each message was about.
CREATE TABLE returns (
    sha256      TEXT   NOT NULL PRIMARY KEY, -- of the message as it came
    received_at BIGINT NOT NULL,
    size        BIGINT NOT NULL,             -- as it came; more than is kept where it was cut
    kept_sha256 TEXT   NOT NULL,
    bytes       BLOB                         -- absent: its years are over
);

CREATE TABLE delivery_returns (
    delivery TEXT   NOT NULL REFERENCES deliveries (id),
    sha256   TEXT   NOT NULL REFERENCES returns (sha256),
    PRIMARY KEY (delivery, sha256)
);

-- Letters of notices not decided here yet that left from another ledger before this one was assumed.
CREATE TABLE left_elsewhere (
    message_id     TEXT   NOT NULL,
    address_sha256 TEXT   NOT NULL, -- of the address in small letters; empty: every address
    notice_key     TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    left_at        BIGINT NOT NULL,
    proof          TEXT   NOT NULL, -- registro, pessoa; nenhuma: the relay still had it
    PRIMARY KEY (message_id, address_sha256)
);
CREATE INDEX left_elsewhere_by_notice ON left_elsewhere (notice_key);
