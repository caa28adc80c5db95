-- The views at a million events: narrow rows, lists in the order of their key, counters that are kept and not counted.

-- Bodies apart: whoever reads about an event does not read past its prescription.
CREATE TABLE body (
    event_id INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    packed   BLOB    NOT NULL -- zstd of the raw body
) STRICT;
INSERT INTO body (event_id, packed) SELECT id, body FROM event;
ALTER TABLE event DROP COLUMN body;
CREATE INDEX event_type ON event (event_type, received_at DESC, public_id DESC);
CREATE INDEX event_source ON event (source, received_at DESC, public_id DESC);

-- What is counted on every glance. Moved by triggers, so that it cannot be forgotten.
CREATE TABLE counter (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, value)
    SELECT 'event', count(*) FROM event
    UNION ALL SELECT 'unrecognised', count(*) FROM event WHERE unrecognised IS NOT NULL
    UNION ALL SELECT 'quarantine', count(*) FROM quarantine
    UNION ALL SELECT 'order', 0;

CREATE TRIGGER event_counted AFTER INSERT ON event BEGIN
    UPDATE counter SET value = value + 1 WHERE name = 'event';
END;
CREATE TRIGGER event_gone AFTER DELETE ON event BEGIN
    UPDATE counter SET value = value - 1 WHERE name = 'event';
    UPDATE counter SET value = value - 1 WHERE name = 'unrecognised' AND old.unrecognised IS NOT NULL;
END;
CREATE TRIGGER event_unrecognised AFTER INSERT ON event WHEN new.unrecognised IS NOT NULL BEGIN
    UPDATE counter SET value = value + 1 WHERE name = 'unrecognised';
END;
CREATE TRIGGER event_recognised AFTER UPDATE OF unrecognised ON event
    WHEN (new.unrecognised IS NULL) <> (old.unrecognised IS NULL) BEGIN
    UPDATE counter SET value = value + iif(new.unrecognised IS NULL, -1, 1) WHERE name = 'unrecognised';
END;
CREATE TRIGGER quarantine_counted AFTER INSERT ON quarantine BEGIN
    UPDATE counter SET value = value + 1 WHERE name = 'quarantine';
END;
CREATE TRIGGER quarantine_gone AFTER DELETE ON quarantine BEGIN
    UPDATE counter SET value = value - 1 WHERE name = 'quarantine';
END;

-- Lanes that take over from the fact's, JSON [uid].
ALTER TABLE order_fact ADD COLUMN successors TEXT;

-- Orders, newest first. The key is the time of an order's oldest event with some bits of its uid behind it, so that a list
-- in the order of the key needs no sorting, whatever it is filtered or searched by.
DROP TABLE order_row;
CREATE TABLE order_row (
    id           INTEGER NOT NULL PRIMARY KEY,
    realm        TEXT    NOT NULL,
    uid          TEXT    NOT NULL,
    updated_at   INTEGER NOT NULL,
    status_since INTEGER NOT NULL,
    status_group TEXT    NOT NULL,
    open         INTEGER NOT NULL, -- neither finished nor stopped
    facets       TEXT    NOT NULL, -- JSON [facet]
    view         TEXT    NOT NULL, -- JSON; names no patient
    search       TEXT    NOT NULL, -- what `order_search` holds of it; names the patient
    UNIQUE (realm, uid)
) STRICT;
CREATE INDEX order_row_uid ON order_row (uid);
CREATE INDEX order_row_open ON order_row (status_since, id) WHERE open = 1;
CREATE INDEX order_row_since ON order_row (status_since, status_group);

CREATE TRIGGER order_counted AFTER INSERT ON order_row BEGIN
    UPDATE counter SET value = value + 1 WHERE name = 'order';
END;
CREATE TRIGGER order_gone AFTER DELETE ON order_row BEGIN
    UPDATE counter SET value = value - 1 WHERE name = 'order';
END;

-- What orders can be filtered by: one row per value that occurs (a status, a pharmacy …), and which orders have it.
CREATE TABLE facet (
    id     INTEGER NOT NULL PRIMARY KEY,
    kind   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    label  TEXT    NOT NULL,
    orders INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, value)
) STRICT;
CREATE TABLE order_facet (
    facet INTEGER NOT NULL,
    id    INTEGER NOT NULL, -- of the order
    PRIMARY KEY (facet, id)
) STRICT, WITHOUT ROWID;

-- Words of an order from the second letter on. It holds names of patients, and nothing can be read out of it but keys.
CREATE VIRTUAL TABLE order_search USING fts5 (
    words, content = '', contentless_delete = 1, prefix = '2 3 4 5', tokenize = 'unicode61 remove_diacritics 2'
);
