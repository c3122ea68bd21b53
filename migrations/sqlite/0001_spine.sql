-- What the spine keeps. Times are microseconds since 1970 in UTC; Discord's ids are 64-bit numbers stored bit for
-- bit (equality only, never order); indexes count from 0. No column outside `exhibit.sealed` and `log_entry.bytes`
-- (commitments) rests on what anybody wrote.

-- The Merkle log, append-only: entries in order, the hashes of the tree, signed checkpoints.
CREATE TABLE log_entry (
    idx   INTEGER NOT NULL PRIMARY KEY,
    bytes BLOB    NOT NULL
) STRICT;

CREATE TABLE log_hash (
    idx  INTEGER NOT NULL PRIMARY KEY,
    hash BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE checkpoint (
    size INTEGER NOT NULL PRIMARY KEY,
    note TEXT    NOT NULL
) STRICT;

-- What the engine is rebuilt from; each fact is one entry of the log.
CREATE TABLE fact (
    entry        INTEGER NOT NULL PRIMARY KEY REFERENCES log_entry (idx),
    organisation TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    salt         BLOB    NOT NULL CHECK (length(salt) = 32)
) STRICT;
CREATE INDEX fact_of ON fact (organisation, entry);

-- Ciphertext only the leads' identities open; a message is an exhibit of a case once; case 0 is
-- none: an observation that belongs to no case yet.
CREATE TABLE exhibit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation TEXT    NOT NULL,
    case_ref     INTEGER NOT NULL,
    message      INTEGER,
    space        INTEGER,
    author       INTEGER,
    finding      INTEGER NOT NULL CHECK (finding IN (0, 1)),
    received_at  INTEGER NOT NULL,
    entry        INTEGER NOT NULL REFERENCES log_entry (idx),
    sealed       BLOB    NOT NULL,
    UNIQUE (organisation, case_ref, message)
) STRICT;

-- The outbox. A row stays when its job has ended, so that the same decision, replayed, is not done again.
CREATE TABLE job (
    key          TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    case_ref     INTEGER,
    effect       TEXT    NOT NULL,
    urgency      INTEGER NOT NULL CHECK (urgency IN (0, 1, 2)),
    not_before   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    lease_until  INTEGER NOT NULL,
    lease_by     TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('waiting', 'ended'))
) STRICT;
CREATE INDEX job_waiting ON job (urgency DESC, not_before, key) WHERE state = 'waiting';

-- How far each gateway shard has been heard, durably.
CREATE TABLE position (
    shard    INTEGER NOT NULL PRIMARY KEY,
    session  TEXT    NOT NULL,
    heard_at INTEGER NOT NULL
) STRICT;
