-- What the spine keeps. Times are microseconds since 1970 in UTC; Discord's ids are 64-bit numbers stored bit for
-- bit (equality only, never order); indexes count from 0. No column outside `exhibit.sealed` and `log_entry.bytes`
-- (commitments) rests on what anybody wrote.

-- The Merkle log, append-only: entries in order, the hashes of the tree, signed checkpoints.
CREATE TABLE log_entry (
    idx   BIGINT  NOT NULL PRIMARY KEY,
    bytes BYTEA   NOT NULL
);

CREATE TABLE log_hash (
    idx  BIGINT  NOT NULL PRIMARY KEY,
    hash BYTEA   NOT NULL CHECK (length(hash) = 32)
);

CREATE TABLE checkpoint (
    size BIGINT  NOT NULL PRIMARY KEY,
    note TEXT    NOT NULL
);

-- What the engine is rebuilt from; each fact is one entry of the log.
CREATE TABLE fact (
    entry        BIGINT  NOT NULL PRIMARY KEY REFERENCES log_entry (idx),
    organisation TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    kind         TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    salt         BYTEA    NOT NULL CHECK (length(salt) = 32)
);
CREATE INDEX fact_of ON fact (organisation, entry);

-- Ciphertext only the leads' identities open; a message is an exhibit of a case once; case 0 is
-- none: an observation that belongs to no case yet.
CREATE TABLE exhibit (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation TEXT    NOT NULL,
    case_ref     BIGINT  NOT NULL,
    message      BIGINT,
    space        BIGINT,
    author       BIGINT,
    finding      BIGINT  NOT NULL CHECK (finding IN (0, 1)),
    received_at  BIGINT  NOT NULL,
    entry        BIGINT  NOT NULL REFERENCES log_entry (idx),
    sealed       BYTEA   NOT NULL,
    UNIQUE (organisation, case_ref, message)
);

-- The outbox. A row stays when its job has ended, so that the same decision, replayed, is not done again.
CREATE TABLE job (
    key          TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    case_ref     BIGINT,
    effect       TEXT    NOT NULL,
    urgency      BIGINT  NOT NULL CHECK (urgency IN (0, 1, 2)),
    not_before   BIGINT  NOT NULL,
    attempts     BIGINT  NOT NULL,
    lease_until  BIGINT  NOT NULL,
    lease_by     TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('waiting', 'ended'))
);
CREATE INDEX job_waiting ON job (urgency DESC, not_before, key) WHERE state = 'waiting';

-- How far each gateway shard has been heard, durably.
CREATE TABLE position (
    shard    BIGINT  NOT NULL PRIMARY KEY,
    session  TEXT    NOT NULL,
    heard_at BIGINT  NOT NULL
);
