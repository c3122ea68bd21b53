-- Recent messages of supervised spaces, sealed a few seconds at a time, so that what was there before something was
-- noticed can still be handed to its case. Nothing here opens without a lead's identity.

-- The key of one space and hour, by the log entry of its first wrap. Its secret half is in the wraps only.
CREATE TABLE buffer_key (
    id           BIGINT PRIMARY KEY REFERENCES log_entry (idx),
    organisation TEXT    NOT NULL,
    space        BIGINT NOT NULL,
    parent       BIGINT,
    hour         BIGINT NOT NULL
);
CREATE INDEX buffer_key_by_hour ON buffer_key (organisation, hour);

-- That key, sealed to each lead separately: so that a case can be given some of them only.
CREATE TABLE buffer_wrap (
    entry  BIGINT PRIMARY KEY REFERENCES log_entry (idx),
    key_id BIGINT NOT NULL REFERENCES buffer_key (id),
    lead   TEXT    NOT NULL,
    sealed BYTEA    NOT NULL
);
CREATE INDEX buffer_wrap_of ON buffer_wrap (key_id);

-- What was heard in a space within some seconds, sealed to the key of its hour.
CREATE TABLE buffer_segment (
    entry          BIGINT PRIMARY KEY REFERENCES log_entry (idx),
    key_id         BIGINT NOT NULL REFERENCES buffer_key (id),
    received_from  BIGINT NOT NULL,
    received_until BIGINT NOT NULL,
    frames         BIGINT NOT NULL,
    sealed         BYTEA    NOT NULL
);
CREATE INDEX buffer_segment_of ON buffer_segment (key_id);

-- Which messages a segment is about: ids, never words.
CREATE TABLE buffer_message (
    space   BIGINT NOT NULL,
    message BIGINT NOT NULL,
    segment BIGINT NOT NULL REFERENCES buffer_segment (entry),
    PRIMARY KEY (space, message, segment)
);
CREATE INDEX buffer_message_of ON buffer_message (segment);

-- Segments and wraps that were handed to a case; `entry` is theirs. They outlast the period.
CREATE TABLE buffer_hold (
    entry        BIGINT NOT NULL,
    organisation TEXT    NOT NULL,
    case_ref     BIGINT NOT NULL,
    PRIMARY KEY (entry, organisation, case_ref)
);
CREATE INDEX buffer_hold_of ON buffer_hold (organisation, case_ref);
