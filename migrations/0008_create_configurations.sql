-- Every configuration that was ever in force, file by file, and those that could not be or wait for a person.

CREATE TABLE config_files (
    sha256 TEXT NOT NULL PRIMARY KEY,
    bytes  BLOB                        -- a file as it was; the same file is kept once; absent: its years are over
);

CREATE TABLE configurations (
    fingerprint TEXT   NOT NULL PRIMARY KEY, -- over every file and variable
    directory   TEXT   NOT NULL,             -- where it was read
    adopted_at  BIGINT NOT NULL,             -- the last time it was put in force
    adopted_by  TEXT   NOT NULL,
    in_force    BIGINT NOT NULL              -- 1 for one row at most
);

CREATE TABLE config_parts (
    fingerprint TEXT NOT NULL REFERENCES configurations (fingerprint),
    name        TEXT NOT NULL, -- calendario.toml, modelos/prazo.txt, VIGIA_MODO
    sha256      TEXT NOT NULL REFERENCES config_files (sha256),
    PRIMARY KEY (fingerprint, name)
);

CREATE TABLE config_refusals (
    fingerprint TEXT   NOT NULL PRIMARY KEY,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    pending     BIGINT NOT NULL, -- 1 while it is what the files hold
    letters     BIGINT,          -- how many letters it would change, where it only waits for a person to let it in
    faults      TEXT   NOT NULL  -- what is wrong with it, or what it would change
);

CREATE TABLE config_consents (
    digest   TEXT   NOT NULL PRIMARY KEY, -- over its files
    given_at BIGINT NOT NULL,
    author   TEXT   NOT NULL
);
