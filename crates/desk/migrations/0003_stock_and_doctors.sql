-- Stock and doctors. Everything here but the thresholds is a fold of the journal.

-- One known level. The folds keep their sums up to date by putting a fact into its place between its neighbours.
DROP TABLE stock_fact;
CREATE TABLE stock_fact (
    event_id    INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    realm       TEXT    NOT NULL,
    uid         TEXT    NOT NULL,
    at          INTEGER NOT NULL, -- its place: provider's time,
    updated_at  INTEGER NOT NULL, -- ... provider's "changed at" (the least number where there is none),
    received_at INTEGER NOT NULL, -- ... first receipt,
    event       TEXT    NOT NULL, -- ... and the event
    stock       INTEGER NOT NULL,
    price       INTEGER,          -- cents
    data        TEXT    NOT NULL, -- JSON: what product it is
    placed      INTEGER NOT NULL DEFAULT 0, -- its sums are in stock_day and stock_row
    moved_to    INTEGER           -- an earlier receipt turned up after it was placed
) STRICT;
CREATE INDEX stock_fact_place ON stock_fact (realm, uid, at, updated_at, received_at, event) WHERE placed = 1;
CREATE INDEX stock_fact_some ON stock_fact (realm, uid, at, updated_at, received_at, event) WHERE placed = 1 AND stock > 0;
CREATE INDEX stock_fact_due ON stock_fact (realm, uid) WHERE placed = 0;
CREATE INDEX stock_fact_moved ON stock_fact (realm, uid) WHERE moved_to IS NOT NULL;
CREATE INDEX stock_fact_uid ON stock_fact (uid, realm);

CREATE TRIGGER stock_fact_receipt AFTER UPDATE OF received_at ON event WHEN new.received_at <> old.received_at BEGIN
    UPDATE stock_fact SET received_at = new.received_at WHERE event_id = new.id AND placed = 0;
    UPDATE stock_fact SET moved_to = new.received_at WHERE event_id = new.id AND placed = 1;
END;

-- What moved on one day (UTC, days since 1970).
CREATE TABLE stock_day (
    realm   TEXT    NOT NULL,
    uid     TEXT    NOT NULL,
    day     INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    down    INTEGER NOT NULL, -- pieces that left
    up      INTEGER NOT NULL, -- pieces that came
    level   INTEGER NOT NULL, -- at the end of the day
    PRIMARY KEY (realm, uid, day)
) STRICT, WITHOUT ROWID;

DROP TABLE stock_row;
CREATE TABLE stock_row (
    realm     TEXT    NOT NULL,
    uid       TEXT    NOT NULL,
    sort      INTEGER NOT NULL, -- empty ones first, then low ones, then by level
    level     INTEGER NOT NULL,
    first_at  INTEGER NOT NULL,
    out_ms    INTEGER NOT NULL, -- how long it stood empty, as far as a later event ended it
    low_until INTEGER,          -- low until this moment if nothing moves, by its threshold; NULL: not low
    search    TEXT    NOT NULL,
    view      TEXT    NOT NULL, -- JSON
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_row_sort ON stock_row (sort, uid);
CREATE INDEX stock_row_low ON stock_row (low_until) WHERE low_until IS NOT NULL;
CREATE INDEX stock_row_uid ON stock_row (uid);

-- From when on one product is low, where it differs from the rule. A choice of the administrator: no fold touches it.
CREATE TABLE stock_threshold (
    realm  TEXT    NOT NULL,
    uid    TEXT    NOT NULL,
    pieces INTEGER,
    days   INTEGER,
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;

-- What an event says about who has a prescription. Names no patient.
CREATE TABLE assignment_fact (
    event_id         INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    realm            TEXT    NOT NULL,
    prescription_uid TEXT    NOT NULL,
    data             TEXT    NOT NULL -- JSON
) STRICT;
CREATE INDEX assignment_fact_prescription ON assignment_fact (realm, prescription_uid);

CREATE TABLE prescription_row (
    realm             TEXT    NOT NULL,
    uid               TEXT    NOT NULL,
    changed_at        INTEGER NOT NULL,
    external_order_id TEXT,
    external_fulfillment_id TEXT,
    search            TEXT    NOT NULL,
    view              TEXT    NOT NULL, -- JSON
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX prescription_row_changed ON prescription_row (changed_at DESC, uid DESC);
CREATE INDEX prescription_row_uid ON prescription_row (uid);
CREATE INDEX prescription_row_order ON prescription_row (realm, external_order_id) WHERE external_order_id IS NOT NULL;
CREATE INDEX prescription_row_fulfillment ON prescription_row (realm, external_fulfillment_id)
    WHERE external_fulfillment_id IS NOT NULL;

-- What prescriptions are filtered by: doctor, reason, shop, state.
CREATE TABLE prescription_facet (
    kind       TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    uid        TEXT    NOT NULL,
    realm      TEXT    NOT NULL,
    PRIMARY KEY (kind, value, changed_at DESC, uid DESC, realm)
) STRICT, WITHOUT ROWID;
CREATE INDEX prescription_facet_of ON prescription_facet (realm, uid);

-- Who had a prescription, from when to when.
CREATE TABLE assignment_row (
    realm            TEXT    NOT NULL,
    prescription_uid TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    id               TEXT    NOT NULL,
    doctor_uid       TEXT,             -- NULL: nobody
    reason           TEXT,
    shop             TEXT,
    sort_at          INTEGER NOT NULL,
    open             INTEGER NOT NULL,
    counts           TEXT    NOT NULL, -- JSON [[what, reason]]: what it adds to its doctor's counts
    view             TEXT    NOT NULL, -- JSON
    PRIMARY KEY (realm, prescription_uid, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_row_at ON assignment_row (sort_at DESC, id DESC);
CREATE INDEX assignment_row_doctor ON assignment_row (doctor_uid, sort_at DESC, id DESC);
CREATE INDEX assignment_row_reason ON assignment_row (reason, sort_at DESC, id DESC);
CREATE INDEX assignment_row_shop ON assignment_row (shop, sort_at DESC, id DESC);
CREATE INDEX assignment_row_prescription ON assignment_row (prescription_uid, sort_at DESC, id DESC);

CREATE TABLE doctor_count (
    realm      TEXT    NOT NULL,
    doctor_uid TEXT    NOT NULL,
    what       TEXT    NOT NULL, -- open, taken, lost, requeued
    reason     TEXT    NOT NULL, -- empty where none was told
    number     INTEGER NOT NULL,
    PRIMARY KEY (realm, doctor_uid, what, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE doctor_row (
    realm  TEXT    NOT NULL,
    uid    TEXT    NOT NULL,
    open   INTEGER NOT NULL,
    search TEXT    NOT NULL,
    view   TEXT    NOT NULL, -- JSON
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX doctor_row_open ON doctor_row (open DESC, uid DESC);
CREATE INDEX doctor_row_uid ON doctor_row (uid);

-- How the shop's side calls an order, as far as an order's own events say so.
CREATE TABLE order_external (
    realm TEXT NOT NULL,
    kind  TEXT NOT NULL, -- order, fulfillment
    value TEXT NOT NULL,
    lane  TEXT NOT NULL, -- a lane, or the order itself where no lane is named
    shop  TEXT NOT NULL, -- empty where the order names none
    PRIMARY KEY (realm, kind, value, lane, shop)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_external_lane ON order_external (realm, lane);
