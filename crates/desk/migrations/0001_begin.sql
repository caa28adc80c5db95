-- The first shape of the desk's database. Times are epoch milliseconds. The file is encrypted as a whole (SQLCipher).

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The one relay this desk is paired with. Token and private key are in the keyring.
CREATE TABLE relay (
    one             INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    url             TEXT    NOT NULL,
    inbox           TEXT    NOT NULL,
    inbox_name      TEXT    NOT NULL,
    device          TEXT    NOT NULL,
    device_name     TEXT    NOT NULL,
    paired_at       INTEGER NOT NULL,
    cursor          INTEGER NOT NULL, -- everything up to this sequence is in this database
    acked           INTEGER NOT NULL, -- ... and the relay was told so after it was durable
    head            INTEGER NOT NULL DEFAULT 0,
    last_attempt_at INTEGER,
    last_success_at INTEGER,
    complete_until  INTEGER,
    problem         TEXT              -- JSON of the last failure, NULL after a success
) STRICT;

CREATE TABLE connection (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    provider     TEXT    NOT NULL,
    api          TEXT    NOT NULL,
    base_url     TEXT    NOT NULL,
    realm        TEXT    NOT NULL, -- provider and host: one world of uids
    pharmacy_uid TEXT,
    settings     TEXT    NOT NULL, -- JSON
    created_at   INTEGER NOT NULL,
    checked_at   INTEGER,
    removed_at   INTEGER           -- kept for the events that came through it
) STRICT;
CREATE UNIQUE INDEX connection_name ON connection (name COLLATE NOCASE) WHERE removed_at IS NULL;

CREATE TABLE inlet (
    id            TEXT    NOT NULL PRIMARY KEY,
    token         TEXT    NOT NULL,
    source        TEXT    NOT NULL, -- rxscale, rxscale-pubsub
    connection_id TEXT    NOT NULL REFERENCES connection (id),
    label         TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    retired_at    INTEGER,
    last_verified_at INTEGER,
    verified      INTEGER NOT NULL DEFAULT 0,
    rejected      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Which secrets verify an inlet's deliveries. The secret itself is in the keyring under its fingerprint.
CREATE TABLE signing_key (
    inlet_id    TEXT    NOT NULL REFERENCES inlet (id),
    fingerprint TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER, -- NULL: current; else in grace until then
    PRIMARY KEY (inlet_id, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription (
    id                TEXT    NOT NULL PRIMARY KEY,
    connection_id     TEXT    NOT NULL REFERENCES connection (id),
    inlet_id          TEXT    NOT NULL REFERENCES inlet (id),
    provider_uid      TEXT,
    notification_type TEXT    NOT NULL,
    target            TEXT    NOT NULL,
    state             TEXT    NOT NULL,
    secret            TEXT    NOT NULL,
    fingerprint       TEXT,
    created_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_connection ON subscription (connection_id);

-- What the provider listed the last time and is not ours.
CREATE TABLE foreign_subscription (
    connection_id     TEXT    NOT NULL REFERENCES connection (id),
    provider_uid      TEXT    NOT NULL,
    notification_type TEXT    NOT NULL,
    target            TEXT    NOT NULL,
    seen_at           INTEGER NOT NULL,
    PRIMARY KEY (connection_id, provider_uid)
) STRICT, WITHOUT ROWID;

-- The journal: one row per distinct body and connection. Append-only; only the counters of receipts move.
CREATE TABLE event (
    id              INTEGER NOT NULL PRIMARY KEY,
    public_id       TEXT    NOT NULL UNIQUE,
    connection_id   TEXT    NOT NULL REFERENCES connection (id),
    realm           TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    body_hash       BLOB    NOT NULL, -- SHA-256 of the raw body
    body            BLOB    NOT NULL, -- zstd of the raw body
    body_bytes      INTEGER NOT NULL, -- of the raw body
    event_type      TEXT,
    payload_version TEXT,
    at              INTEGER,          -- the event's own time
    received_at     INTEGER NOT NULL, -- first receipt
    last_receipt_at INTEGER NOT NULL,
    receipts        INTEGER NOT NULL,
    trust           INTEGER NOT NULL, -- 0 unsigned, 1 reconciled, 2 verified
    unrecognised    TEXT,
    header_mismatch INTEGER NOT NULL DEFAULT 0,
    UNIQUE (connection_id, body_hash)
) STRICT;
CREATE INDEX event_received ON event (received_at DESC, public_id DESC);
CREATE INDEX event_unrecognised ON event (received_at DESC, public_id DESC) WHERE unrecognised IS NOT NULL;

CREATE TABLE receipt (
    id          INTEGER NOT NULL PRIMARY KEY,
    event_id    INTEGER NOT NULL REFERENCES event (id),
    inlet_id    TEXT    NOT NULL,
    inbox       TEXT    NOT NULL,
    sequence    INTEGER NOT NULL, -- place in the relay's log ...
    position    INTEGER NOT NULL, -- ... and in its segment
    received_at INTEGER NOT NULL,
    fingerprint TEXT,
    headers     TEXT    NOT NULL, -- JSON [[name, value or {"base64"}]]
    UNIQUE (inbox, sequence, position)
) STRICT;
CREATE INDEX receipt_event ON receipt (event_id);

CREATE TABLE quarantine (
    id          INTEGER NOT NULL PRIMARY KEY,
    public_id   TEXT    NOT NULL UNIQUE,
    inlet_id    TEXT    NOT NULL,
    inbox       TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    headers     TEXT    NOT NULL,
    body_hash   BLOB    NOT NULL,
    body        BLOB    NOT NULL,
    body_bytes  INTEGER NOT NULL,
    UNIQUE (inbox, sequence, position)
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

-- Everything below is a fold of the journal and can be thrown away and rebuilt.

-- What one event says about one lane: the body's data without the prescription file's content.
CREATE TABLE order_fact (
    event_id   INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    realm      TEXT    NOT NULL,
    lane_uid   TEXT    NOT NULL,
    parent_uid TEXT,
    updated_at INTEGER,
    data       TEXT    NOT NULL
) STRICT;
CREATE INDEX order_fact_lane ON order_fact (realm, lane_uid);

CREATE TABLE lane (
    realm     TEXT NOT NULL,
    uid       TEXT NOT NULL,
    order_uid TEXT NOT NULL,
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_order ON lane (realm, order_uid);
CREATE INDEX lane_uid ON lane (uid);

CREATE TABLE order_row (
    realm        TEXT    NOT NULL,
    uid          TEXT    NOT NULL,
    connection_id TEXT   NOT NULL,
    updated_at   INTEGER NOT NULL,
    status       TEXT    NOT NULL, -- folded
    status_group TEXT    NOT NULL,
    attention    INTEGER NOT NULL,
    search       TEXT    NOT NULL, -- folded; names no patient
    view         TEXT    NOT NULL, -- JSON
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_row_uid ON order_row (uid);
CREATE INDEX order_row_updated ON order_row (updated_at DESC, uid DESC);
CREATE INDEX order_row_status ON order_row (status, updated_at DESC, uid DESC);
CREATE INDEX order_row_group ON order_row (status_group, updated_at DESC, uid DESC);
CREATE INDEX order_row_attention ON order_row (updated_at DESC, uid DESC) WHERE attention = 1;

CREATE TABLE stock_fact (
    event_id     INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    realm        TEXT    NOT NULL,
    uid          TEXT    NOT NULL,
    updated_at   INTEGER,
    data         TEXT    NOT NULL
) STRICT;
CREATE INDEX stock_fact_uid ON stock_fact (realm, uid);

CREATE TABLE stock_row (
    realm      TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    level      INTEGER NOT NULL, -- for sorting: the stock, or the greatest number where it is not known
    search     TEXT    NOT NULL,
    view       TEXT    NOT NULL, -- JSON
    PRIMARY KEY (realm, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_row_level ON stock_row (level, uid);
CREATE INDEX stock_row_uid ON stock_row (uid);
