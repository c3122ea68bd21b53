-- What others outside said of a state of the log: a witness' cosignature line, a time stamp (RFC 3161). `said_by` is the
-- witness' key or the authority's address; one of each for a state is enough.
CREATE TABLE attestation (
    size BIGINT NOT NULL REFERENCES checkpoint (size),
    kind TEXT   NOT NULL CHECK (kind IN ('cosignature', 'timestamp')),
    said_by TEXT   NOT NULL,
    at   BIGINT NOT NULL,
    body BYTEA  NOT NULL,
    PRIMARY KEY (size, kind, said_by)
);
