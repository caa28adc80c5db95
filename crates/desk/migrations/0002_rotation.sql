-- Rotation, health and the administrators' record.

-- One replacement of a subscription by a fresh one. Each step is written down before it is taken and after it was.
CREATE TABLE rotation (
    id            TEXT    NOT NULL PRIMARY KEY,
    connection_id TEXT    NOT NULL REFERENCES connection (id),
    old_id        TEXT    NOT NULL REFERENCES subscription (id),
    new_id        TEXT    NOT NULL REFERENCES subscription (id),
    step          TEXT    NOT NULL,
    grace_ms      INTEGER NOT NULL,
    started_by    TEXT    NOT NULL, -- account of the operating system
    started_at    INTEGER NOT NULL,
    step_at       INTEGER NOT NULL,
    test_sent_at  INTEGER,
    proved_at     INTEGER,          -- the first delivery that verified under the new secret was seen
    switched_at   INTEGER,          -- the provider's list no longer held the old one
    grace_until   INTEGER,
    ended_at      INTEGER,
    tries         INTEGER NOT NULL DEFAULT 0, -- of the present step, after problems that pass
    next_try_at   INTEGER,
    problem       TEXT              -- JSON of the last failure
) STRICT, WITHOUT ROWID;
CREATE INDEX rotation_connection ON rotation (connection_id, started_at);
-- A subscription takes part in one open rotation at the most.
CREATE UNIQUE INDEX rotation_old ON rotation (old_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX rotation_new ON rotation (new_id);

ALTER TABLE subscription ADD COLUMN silent_since INTEGER; -- quiet for longer than its rhythm explains
ALTER TABLE subscription ADD COLUMN expected REAL;        -- how many would usually have come meanwhile
CREATE INDEX subscription_inlet ON subscription (inlet_id);

ALTER TABLE connection ADD COLUMN wrote_at INTEGER;       -- its key created or deleted something: it may write
ALTER TABLE connection ADD COLUMN list_tried_at INTEGER;  -- the desk listed it by itself, or tried to
ALTER TABLE relay ADD COLUMN listened_at INTEGER;         -- silence was looked for

-- What came through an inlet, hour by hour of receipt. Sums only, so the order of arrival leaves no trace.
CREATE TABLE inlet_hour (
    inlet_id   TEXT    NOT NULL REFERENCES inlet (id),
    hour       INTEGER NOT NULL, -- start of the hour, epoch milliseconds
    verified   INTEGER NOT NULL DEFAULT 0,
    events     INTEGER NOT NULL DEFAULT 0, -- of them seen for the first time
    rejected   INTEGER NOT NULL DEFAULT 0,
    delayed    INTEGER NOT NULL DEFAULT 0, -- receipts whose event has a time of its own
    delay_ms   INTEGER NOT NULL DEFAULT 0, -- the sum of their delays
    PRIMARY KEY (inlet_id, hour)
) STRICT, WITHOUT ROWID;

-- What administrators did. Append-only: an act has a row when it begins and another when it ends.
CREATE TABLE audit (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    begun   INTEGER REFERENCES audit (id), -- the row this one ends; NULL: it begins an act
    at      INTEGER NOT NULL,
    account TEXT    NOT NULL,
    shell   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT,
    code    TEXT                           -- how it failed; NULL on an ending row: done
) STRICT;
CREATE INDEX audit_begun ON audit (begun);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'append-only'); END;
