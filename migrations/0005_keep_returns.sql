-- What came back by mail, byte for byte, and which delivery each message was about.

CREATE TABLE returns (
    sha256      TEXT   NOT NULL PRIMARY KEY, -- of the message as it came
    received_at BIGINT NOT NULL,
    size        BIGINT NOT NULL,             -- as it came; more than is kept where it was cut
    kept_sha256 TEXT   NOT NULL,
    bytes       BLOB   NOT NULL
);

CREATE TABLE delivery_returns (
    delivery TEXT   NOT NULL REFERENCES deliveries (id),
    sha256   TEXT   NOT NULL REFERENCES returns (sha256),
    PRIMARY KEY (delivery, sha256)
);

-- Letters due at one instant leave in the order of their names: what is settled together then lies together.
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (next_attempt_at, notice_key, version, address)
    WHERE next_attempt_at IS NOT NULL AND stopped_at IS NULL;
