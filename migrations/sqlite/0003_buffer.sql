-- Recent messages of supervised spaces, sealed a few seconds at a time, so that what was there before something was
-- noticed can still be handed to its case. Nothing here opens without a lead's identity.

-- The key of one space and hour, by the log entry of its first wrap. Its secret half is in the wraps only.
CREATE TABLE buffer_key (
    id           INTEGER NOT NULL PRIMARY KEY REFERENCES log_entry (idx),
    organisation TEXT    NOT NULL,
    space        INTEGER NOT NULL,
    parent       INTEGER,
    hour         INTEGER NOT NULL
) STRICT;
CREATE INDEX buffer_key_by_hour ON buffer_key (organisation, hour);

-- That key, sealed to each lead separately: so that a case can be given some of them only.
CREATE TABLE buffer_wrap (
    entry  INTEGER NOT NULL PRIMARY KEY REFERENCES log_entry (idx),
    key_id INTEGER NOT NULL REFERENCES buffer_key (id),
    lead   TEXT    NOT NULL,
    sealed BLOB    NOT NULL
) STRICT;
CREATE INDEX buffer_wrap_of ON buffer_wrap (key_id);

-- What was heard in a space within some seconds, sealed to the key of its hour.
CREATE TABLE buffer_segment (
    entry          INTEGER NOT NULL PRIMARY KEY REFERENCES log_entry (idx),
    key_id         INTEGER NOT NULL REFERENCES buffer_key (id),
    received_from  INTEGER NOT NULL,
    received_until INTEGER NOT NULL,
    frames         INTEGER NOT NULL,
    sealed         BLOB    NOT NULL
) STRICT;
CREATE INDEX buffer_segment_of ON buffer_segment (key_id);

-- Which messages a segment is about: ids, never words.
CREATE TABLE buffer_message (
    space   INTEGER NOT NULL,
    message INTEGER NOT NULL,
    segment INTEGER NOT NULL REFERENCES buffer_segment (entry),
    PRIMARY KEY (space, message, segment)
) STRICT, WITHOUT ROWID;
CREATE INDEX buffer_message_of ON buffer_message (segment);

-- Segments and wraps that were handed to a case; `entry` is theirs. They outlast the period.
CREATE TABLE buffer_hold (
    entry        INTEGER NOT NULL,
    organisation TEXT    NOT NULL,
    case_ref     INTEGER NOT NULL,
    PRIMARY KEY (entry, organisation, case_ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX buffer_hold_of ON buffer_hold (organisation, case_ref);
