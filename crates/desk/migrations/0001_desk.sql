-- Longer than 500 lines because a migration is one file, and this is every table in reading order.
--
-- The desk's database. The file is encrypted as a whole (SQLCipher); no key, token or secret is in it, those are in the
-- keyring. Times are epoch milliseconds, money is cents, ids are opaque.
--
-- Reading order: what the desk was told by its administrator, what it arranged with relay and providers, what arrived, and
-- at the end what is folded of that. Everything after "Folds" can be thrown away and made again.

-- ---- Settings and the record ------------------------------------------------------------------------------------------

-- Small JSON documents by name: how the window looks, rules, the network. Written by the settings and by whoever keeps one
-- number between two starts; never removed.
CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What administrators did. An act has a row when it begins and another when it ends; nothing is ever changed or removed.
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

-- ---- Relay, senders and inlets ----------------------------------------------------------------------------------------

-- The one relay this desk is paired with. Written by pairing and by every pull, removed by leaving the relay. Its token and
-- the private key are in the keyring.
CREATE TABLE relay (
    one             INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    url             TEXT    NOT NULL,
    inbox           TEXT    NOT NULL,
    inbox_name      TEXT    NOT NULL,
    device          TEXT    NOT NULL,
    device_name     TEXT    NOT NULL,
    paired_at       INTEGER NOT NULL,
    cursor          INTEGER NOT NULL,           -- everything up to this sequence is in this database
    acked           INTEGER NOT NULL,           -- ... and the relay was told so after it was durable
    head            INTEGER NOT NULL DEFAULT 0, -- the last sequence of the relay's log, as of its last answer
    last_attempt_at INTEGER,
    last_success_at INTEGER,
    complete_until  INTEGER,                    -- everything the relay accepted before this moment is here
    listened_at     INTEGER,                    -- silence was looked for
    problem         TEXT,                       -- JSON of the last failure, NULL after a success
    refused         INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)) -- it failed because the relay does not know this device
) STRICT;

-- Who sends events: the events of two senders are told apart even where their bodies are equal. One is made with every
-- connection, and one with every inlet that belongs to no connection. Never removed, because events name it.
CREATE TABLE sender (
    id          TEXT NOT NULL PRIMARY KEY,
    realm       TEXT NOT NULL,                    -- provider and host: one world of uids
    rejections  TEXT NOT NULL DEFAULT 'not_sure', -- what a missing word on finality means: final_only, each, not_sure
    orders_base TEXT                              -- where its orders can be asked for; NULL: no key for that is in the keyring
) STRICT, WITHOUT ROWID;

-- A sender that can also be called: an account at a provider's API. Written and removed by the administrator; a removed one
-- stays as a row, for the events that came through it.
CREATE TABLE connection (
    id            TEXT    NOT NULL PRIMARY KEY REFERENCES sender (id),
    name          TEXT    NOT NULL,
    provider      TEXT    NOT NULL,
    api           TEXT    NOT NULL,
    base_url      TEXT    NOT NULL,
    pharmacy_uid  TEXT,
    settings      TEXT    NOT NULL, -- JSON: what the provider's documents leave open
    created_at    INTEGER NOT NULL,
    checked_at    INTEGER,          -- its provider answered
    wrote_at      INTEGER,          -- its key created or deleted something: it may write
    list_tried_at INTEGER,          -- the desk listed it by itself, or tried to
    removed_at    INTEGER
) STRICT;
CREATE UNIQUE INDEX connection_name ON connection (name COLLATE NOCASE) WHERE removed_at IS NULL;

-- Addresses at the relay. One is made for every subscription, others by hand. Never removed: what was on its way when one
-- was retired still has to be judged.
CREATE TABLE inlet (
    id               TEXT    NOT NULL PRIMARY KEY,
    token            TEXT    NOT NULL, -- the unguessable part of the address
    source           TEXT    NOT NULL, -- rxscale, rxscale-pubsub, evitalrx
    sender_id        TEXT    NOT NULL REFERENCES sender (id),
    label            TEXT    NOT NULL,
    required_header  TEXT,             -- a header that must carry one of its secrets, in lower case; NULL: none is asked for
    created_at       INTEGER NOT NULL,
    retires_at       INTEGER,          -- it was replaced and answers until then
    retired_at       INTEGER,
    last_verified_at INTEGER,
    verified         INTEGER NOT NULL DEFAULT 0,
    rejected         INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX inlet_sender ON inlet (sender_id);

-- What came through an inlet, hour by hour of receipt. Sums only, so that the order of arrival leaves no trace.
CREATE TABLE inlet_hour (
    inlet_id TEXT    NOT NULL REFERENCES inlet (id),
    hour     INTEGER NOT NULL,           -- start of the hour
    verified INTEGER NOT NULL DEFAULT 0,
    events   INTEGER NOT NULL DEFAULT 0, -- of them seen for the first time
    rejected INTEGER NOT NULL DEFAULT 0,
    delayed  INTEGER NOT NULL DEFAULT 0, -- receipts whose event has a time of its own
    delay_ms INTEGER NOT NULL DEFAULT 0, -- the sum of their delays
    PRIMARY KEY (inlet_id, hour)
) STRICT, WITHOUT ROWID;

-- Which secrets verify an inlet's deliveries. The secret itself is in the keyring under its fingerprint.
CREATE TABLE signing_key (
    inlet_id    TEXT    NOT NULL REFERENCES inlet (id),
    fingerprint TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER, -- NULL: current; else it verifies what was received before
    PRIMARY KEY (inlet_id, fingerprint)
) STRICT, WITHOUT ROWID;

-- ---- Subscriptions and rotations --------------------------------------------------------------------------------------

-- Subscriptions of ours, removed ones too. Written before the provider is asked for one, and by every listing after that.
CREATE TABLE subscription (
    id                TEXT    NOT NULL PRIMARY KEY,
    connection_id     TEXT    NOT NULL REFERENCES connection (id),
    inlet_id          TEXT    NOT NULL REFERENCES inlet (id),
    provider_uid      TEXT,
    notification_type TEXT    NOT NULL,
    target            TEXT    NOT NULL,
    state             TEXT    NOT NULL,
    secret            TEXT    NOT NULL, -- stored, missing, not_issued
    fingerprint       TEXT,
    created_at        INTEGER NOT NULL,
    silent_since      INTEGER,          -- quiet for longer than its rhythm explains
    expected          REAL              -- how many would usually have come meanwhile
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_connection ON subscription (connection_id);
CREATE INDEX subscription_inlet ON subscription (inlet_id);

-- What a provider listed the last time and is not ours. Every listing replaces it.
CREATE TABLE foreign_subscription (
    connection_id     TEXT    NOT NULL REFERENCES connection (id),
    provider_uid      TEXT    NOT NULL,
    notification_type TEXT    NOT NULL,
    target            TEXT    NOT NULL,
    seen_at           INTEGER NOT NULL,
    PRIMARY KEY (connection_id, provider_uid)
) STRICT, WITHOUT ROWID;

-- One replacement of a subscription by a fresh one. Each step is written down before it is taken and after it was. Never
-- removed.
CREATE TABLE rotation (
    id            TEXT    NOT NULL PRIMARY KEY,
    connection_id TEXT    NOT NULL REFERENCES connection (id),
    old_id        TEXT    NOT NULL REFERENCES subscription (id),
    new_id        TEXT    NOT NULL REFERENCES subscription (id),
    step          TEXT    NOT NULL,
    grace_ms      INTEGER NOT NULL,
    started_by    TEXT    NOT NULL,           -- account of the operating system
    started_at    INTEGER NOT NULL,
    step_at       INTEGER NOT NULL,
    test_sent_at  INTEGER,
    proved_at     INTEGER,                    -- the first delivery that verified under the new secret was seen
    switched_at   INTEGER,                    -- the provider's list no longer held the old one
    grace_until   INTEGER,
    ended_at      INTEGER,
    tries         INTEGER NOT NULL DEFAULT 0, -- of the present step, after problems that pass
    next_try_at   INTEGER,
    problem       TEXT                        -- JSON of the last failure
) STRICT, WITHOUT ROWID;
CREATE INDEX rotation_connection ON rotation (connection_id, started_at);
-- A subscription takes part in one open rotation at the most.
CREATE UNIQUE INDEX rotation_old ON rotation (old_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX rotation_new ON rotation (new_id);

-- ---- What arrived -----------------------------------------------------------------------------------------------------

-- The journal: one row per distinct body and sender. Rows are never removed. The counters of receipts move with every
-- receipt, and what a decoder understood moves with the decoder.
CREATE TABLE event (
    id              INTEGER NOT NULL PRIMARY KEY,
    public_id       TEXT    NOT NULL UNIQUE,
    sender_id       TEXT    NOT NULL REFERENCES sender (id),
    realm           TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    body_hash       BLOB    NOT NULL, -- SHA-256 of the raw body
    body_bytes      INTEGER NOT NULL, -- of the raw body
    event_type      TEXT,
    payload_version TEXT,
    at              INTEGER,          -- the event's own time
    received_at     INTEGER NOT NULL, -- first receipt
    last_receipt_at INTEGER NOT NULL,
    receipts        INTEGER NOT NULL,
    trust           INTEGER NOT NULL, -- 0 unsigned, 1 reconciled, 2 verified
    unrecognised    TEXT,             -- why it was not understood
    header_mismatch INTEGER NOT NULL DEFAULT 0,
    UNIQUE (sender_id, body_hash)
) STRICT;
CREATE INDEX event_received ON event (received_at DESC, public_id DESC);
CREATE INDEX event_unrecognised ON event (received_at DESC, public_id DESC) WHERE unrecognised IS NOT NULL;
CREATE INDEX event_type ON event (event_type, received_at DESC, public_id DESC);
CREATE INDEX event_source ON event (source, received_at DESC, public_id DESC);

-- The raw body of each event, apart from it: whoever reads about an event does not read past its prescription. What other
-- events bring as well, long runs of base64, is cut out and stands in `attachment`.
CREATE TABLE body (
    event_id  INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    own_bytes INTEGER NOT NULL, -- of the body without what was cut out
    packed    BLOB    NOT NULL  -- zstd of that
) STRICT;

-- Where something was cut out of a body, in the order of the body.
CREATE TABLE body_cut (
    event_id   INTEGER NOT NULL REFERENCES event (id),
    number     INTEGER NOT NULL,
    place      INTEGER NOT NULL, -- bytes of the body's own that stand before it
    attachment INTEGER NOT NULL REFERENCES attachment (id),
    escaped    INTEGER NOT NULL, -- 1: its slashes were written as \/
    PRIMARY KEY (event_id, number)
) STRICT, WITHOUT ROWID;

-- What was cut out of bodies, each distinct content once: the signed prescription that rides in every event of an order.
CREATE TABLE attachment (
    id     INTEGER NOT NULL PRIMARY KEY,
    hash   BLOB    NOT NULL UNIQUE, -- SHA-256 of the decoded content
    bytes  INTEGER NOT NULL,        -- of the decoded content
    packed BLOB    NOT NULL         -- zstd of it
) STRICT;

-- Each delivery of an event: where it came from, how it was verified, what headers it had.
CREATE TABLE receipt (
    id          INTEGER NOT NULL PRIMARY KEY,
    event_id    INTEGER NOT NULL REFERENCES event (id),
    inlet_id    TEXT    NOT NULL,
    inbox       TEXT,             -- from a relay: the inbox,
    sequence    INTEGER,          -- ... the place in its log
    position    INTEGER,          -- ... and the place in that segment
    import      TEXT UNIQUE,      -- from a file: what identifies the delivery
    received_at INTEGER NOT NULL,
    fingerprint TEXT,             -- of the secret that verified it; NULL: its source does not sign
    headers     TEXT    NOT NULL, -- JSON [[name, value or {"base64"}]]
    UNIQUE (inbox, sequence, position),
    CHECK ((import IS NULL) = (inbox IS NOT NULL AND sequence IS NOT NULL AND position IS NOT NULL))
) STRICT;
CREATE INDEX receipt_event ON receipt (event_id);

-- Deliveries that were not believed, whole, with the reason. A row leaves when the delivery verifies after all.
CREATE TABLE quarantine (
    id          INTEGER NOT NULL PRIMARY KEY,
    public_id   TEXT    NOT NULL UNIQUE,
    inlet_id    TEXT    NOT NULL,
    inbox       TEXT,             -- as in `receipt`
    sequence    INTEGER,
    position    INTEGER,
    import      TEXT UNIQUE,
    received_at INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    headers     TEXT    NOT NULL,
    body_hash   BLOB    NOT NULL,
    body_bytes  INTEGER NOT NULL,
    body        BLOB    NOT NULL, -- zstd of the raw body
    UNIQUE (inbox, sequence, position),
    CHECK ((import IS NULL) = (inbox IS NOT NULL AND sequence IS NOT NULL AND position IS NOT NULL))
) STRICT;
CREATE INDEX quarantine_received ON quarantine (received_at DESC, public_id DESC);
CREATE INDEX quarantine_inlet ON quarantine (inlet_id);

-- Segments this desk's key does not open: kept as they are, so that the cursor may go on and nothing is lost.
CREATE TABLE unopened_segment (
    inbox        TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    committed_at INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    PRIMARY KEY (inbox, sequence)
) STRICT;

-- What is counted on every glance. Moved by triggers, so that it cannot be forgotten.
CREATE TABLE counter (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('event', 0), ('unrecognised', 0), ('quarantine', 0);
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

-- ---- What administrators add to what arrived --------------------------------------------------------------------------

-- From when on one product is low, where it differs from the rule. A choice of the administrator: no fold touches it.
CREATE TABLE stock_threshold (
    realm  TEXT    NOT NULL,
    uid    TEXT    NOT NULL,
    pieces INTEGER,
    days   INTEGER,
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;

-- What the provider's API said of an order when somebody asked. It rewrites nothing and no fold reads it. Asking again
-- replaces it.
CREATE TABLE confirmation (
    realm     TEXT    NOT NULL,
    order_uid TEXT    NOT NULL,
    asked_at  INTEGER NOT NULL,
    view      TEXT    NOT NULL, -- JSON
    PRIMARY KEY (realm, order_uid)
) STRICT, WITHOUT ROWID;

-- ---- Folds: everything from here on is thrown away and made again when a decoder or a fold changes ---------------------

-- What an event says about an order, in provider-neutral words.
CREATE TABLE order_fact (
    event_id   INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    realm      TEXT    NOT NULL,
    lane_uid   TEXT,             -- NULL: it speaks of the whole order
    parent_uid TEXT,
    updated_at INTEGER,
    name       TEXT,
    data       TEXT    NOT NULL  -- JSON
) STRICT;
-- Which order a lane names is read from the index alone.
CREATE INDEX order_fact_lane ON order_fact (realm, lane_uid, parent_uid);
CREATE INDEX order_fact_whole ON order_fact (realm, parent_uid) WHERE lane_uid IS NULL;

-- Lanes that take over from others, as the facts tell it.
CREATE TABLE order_handover (
    event_id  INTEGER NOT NULL REFERENCES event (id),
    realm     TEXT    NOT NULL,
    successor TEXT    NOT NULL,
    PRIMARY KEY (event_id, successor)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_handover_successor ON order_handover (realm, successor);

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

-- Which order each lane belongs to.
CREATE TABLE lane (
    realm     TEXT NOT NULL,
    uid       TEXT NOT NULL,
    order_uid TEXT NOT NULL,
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_order ON lane (realm, order_uid);
CREATE INDEX lane_uid ON lane (uid);

-- Orders, newest first. The key is the time of an order's oldest event with some bits of its uid behind it, so that a list
-- in the order of the key needs no sorting, whatever it is filtered or searched by.
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

-- Timelines as they are shown: whoever opens an order waits for one row and not for a fold.
CREATE TABLE order_timeline (
    id     INTEGER NOT NULL PRIMARY KEY, -- of the order
    bytes  INTEGER NOT NULL,             -- of the JSON
    packed BLOB    NOT NULL              -- zstd of it
) STRICT;

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

-- Words of an order from the first letter on: whoever types is not told at every first letter of a word that nothing is
-- found. It holds names of patients, and nothing can be read out of it but keys.
CREATE VIRTUAL TABLE order_search USING fts5 (
    words, content = '', contentless_delete = 1, prefix = '1 2 3 4 5', tokenize = 'unicode61 remove_diacritics 2'
);

-- One known stock level. The folds keep their sums up to date by putting a fact into its place between its neighbours.
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

-- One row per product on one shelf.
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

-- What an event says about who has a prescription. Names no patient.
CREATE TABLE assignment_fact (
    event_id         INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    realm            TEXT    NOT NULL,
    prescription_uid TEXT    NOT NULL,
    data             TEXT    NOT NULL -- JSON
) STRICT;
CREATE INDEX assignment_fact_prescription ON assignment_fact (realm, prescription_uid);

-- One row per prescription, the newest change first.
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

-- How many prescriptions a doctor has and had, by what happened and why.
CREATE TABLE doctor_count (
    realm      TEXT    NOT NULL,
    doctor_uid TEXT    NOT NULL,
    what       TEXT    NOT NULL, -- open, taken, lost, requeued
    reason     TEXT    NOT NULL, -- empty where none was told
    number     INTEGER NOT NULL,
    PRIMARY KEY (realm, doctor_uid, what, reason)
) STRICT, WITHOUT ROWID;

-- One row per doctor, those with the most open prescriptions first.
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

