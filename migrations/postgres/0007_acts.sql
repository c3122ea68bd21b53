-- What leads ask for while the bot holds the log: it decides, writes and answers. No word of anybody stands here: what
-- goes with a request is sealed, and goes once it is answered.
CREATE TABLE requested_act (
    id           TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    requested_at BIGINT NOT NULL,
    body         TEXT    NOT NULL,
    commitment   BYTEA,
    sealed       BYTEA,
    recipient    TEXT    NOT NULL,
    proof        BYTEA    NOT NULL,
    answer       TEXT
);
CREATE INDEX requested_act_waiting ON requested_act (organisation, requested_at) WHERE answer IS NULL;

-- What the running bot has sealed to each lead's key: who opens it can prove that a request is theirs.
CREATE TABLE act_challenge (
    organisation TEXT NOT NULL,
    recipient    TEXT NOT NULL,
    sealed       BYTEA NOT NULL,
    PRIMARY KEY (organisation, recipient)
);
