-- Which process leads, where several may. Only PostgreSQL has it: a SQLite ledger is led by whoever locks its file.
-- Instants are the server's own: the machines' clocks need not agree.

CREATE TABLE leadership (
    id           BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch        BIGINT NOT NULL, -- grows with each leader; a write of an earlier one is refused
    changes      BIGINT NOT NULL, -- transactions that a plan may depend on
    leader       TEXT   NOT NULL, -- machine and process
    session      TEXT   NOT NULL, -- what its connections call themselves
    since        BIGINT NOT NULL,
    assured      BIGINT NOT NULL, -- the last epoch whose leader knew that this is the ledger that last sent
    -- The last entry that a leader had witnessed, and that the ledger lost under it; until somebody assumes what is left
    lost_seq     BIGINT,
    lost_hash    TEXT,
    lost_at      TEXT
);

INSERT INTO leadership (id, epoch, changes, leader, session, since, assured) VALUES (1, 0, 0, '', '', 0, 0);

-- Apart, because each write holds the row above until it is committed, and a lease is renewed meanwhile.
CREATE TABLE lease (
    id           BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch        BIGINT NOT NULL, -- whose it is
    leased_until BIGINT NOT NULL  -- until then that leader may speak, whatever becomes of its connections
);

INSERT INTO lease (id, epoch, leased_until) VALUES (1, 0, 0);
