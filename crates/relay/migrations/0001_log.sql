-- The relay's log in one file, in the order in which a delivery meets it: the inbox it is for, the address it comes in at,
-- the segment it is kept in, the desks that fetch it, and how a desk is paired.
--
-- Times are epoch milliseconds. Tokens and codes are stored as SHA-256 only. Nothing here can be read without a desk's key
-- except what the relay itself needs: who may pull, which addresses exist, how large a segment is.

-- One for each pharmacy. Everything below belongs to an inbox and goes with it.
CREATE TABLE inbox (
    key        INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    -- What the operator calls it.
    name       TEXT    NOT NULL UNIQUE,
    -- The highest sequence ever given out. A counter of its own, so that retention never makes a sequence come back.
    head       INTEGER NOT NULL DEFAULT 0,
    -- Grows with every device that is paired or revoked. A segment sealed to an older set of devices is refused, so that
    -- whoever is paired can read everything after its cursor, whichever relay sealed it.
    version    INTEGER NOT NULL DEFAULT 0,
    -- 1 while the inbox is on its way from or to another store: nothing is appended, paired or changed.
    held       INTEGER NOT NULL DEFAULT 0,
    -- What is kept right now, so that nobody has to count rows to know it.
    segments   INTEGER NOT NULL DEFAULT 0,
    bytes      INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- An address that a provider delivers to. A retired one stays, so that its address is never given to somebody else.
CREATE TABLE inlet (
    inbox      INTEGER NOT NULL REFERENCES inbox ON DELETE CASCADE,
    id         TEXT    NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    deliveries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (inbox, id)
) STRICT, WITHOUT ROWID;

-- What was committed together for one inbox, sealed to its devices. Retention removes rows; nothing changes one.
CREATE TABLE segment (
    -- In the order of arrival whatever the inbox, so that a commit appends to one end of one tree.
    id           INTEGER PRIMARY KEY,
    inbox        INTEGER NOT NULL REFERENCES inbox ON DELETE CASCADE,
    sequence     INTEGER NOT NULL,
    committed_at INTEGER NOT NULL,
    deliveries   INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    -- The age file. Last, so that reading the columns before it never touches its overflow pages.
    sealed       BLOB    NOT NULL,
    UNIQUE (inbox, sequence)
) STRICT;

-- A desk that was paired. A revoked one stays, so that a desk asking again with its code is told no.
CREATE TABLE device (
    key          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    inbox        INTEGER NOT NULL REFERENCES inbox ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    recipient    TEXT    NOT NULL,
    token_hash   BLOB    NOT NULL UNIQUE,
    paired_at    INTEGER NOT NULL,
    last_seen_at INTEGER,
    -- The head of the inbox when the device was paired: everything after it is sealed to this device.
    cursor       INTEGER NOT NULL,
    -- The highest sequence it has said to have.
    acked        INTEGER NOT NULL,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX device_inbox ON device (inbox);

-- What an operator gives to a desk so that it can pair, until it expires. Kept after its use, so that the same desk gets
-- the same answer if it asks again.
CREATE TABLE pairing_code (
    hash       BLOB    PRIMARY KEY,
    inbox      INTEGER NOT NULL REFERENCES inbox ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    used_by    INTEGER REFERENCES device ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX pairing_code_inbox ON pairing_code (inbox);
CREATE INDEX pairing_code_used_by ON pairing_code (used_by);

-- What a readiness probe writes and takes away again.
CREATE TABLE probe (filling BLOB NOT NULL) STRICT;
