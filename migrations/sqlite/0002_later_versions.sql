-- A message that its author changed after it became an exhibit is one again, in its new form: the same message stands
-- once for each time at which it was changed; 0 is the form in which it was first kept.
CREATE TABLE exhibit_of_version (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation TEXT    NOT NULL,
    case_ref     INTEGER NOT NULL,
    message      INTEGER,
    edited_at    INTEGER NOT NULL DEFAULT 0,
    space        INTEGER,
    author       INTEGER,
    finding      INTEGER NOT NULL CHECK (finding IN (0, 1)),
    received_at  INTEGER NOT NULL,
    entry        INTEGER NOT NULL REFERENCES log_entry (idx),
    sealed       BLOB    NOT NULL,
    UNIQUE (organisation, case_ref, message, edited_at)
) STRICT;
INSERT INTO exhibit_of_version (id, organisation, case_ref, message, space, author, finding, received_at, entry, sealed)
    SELECT id, organisation, case_ref, message, space, author, finding, received_at, entry, sealed FROM exhibit;
DROP TABLE exhibit;
ALTER TABLE exhibit_of_version RENAME TO exhibit;
