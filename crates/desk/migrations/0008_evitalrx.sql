-- Lanes that take over from others, as the facts tell it. A fold of the journal: it is made anew on opening.
CREATE TABLE order_handover (
    event_id  INTEGER NOT NULL REFERENCES event (id),
    realm     TEXT    NOT NULL,
    successor TEXT    NOT NULL,
    PRIMARY KEY (event_id, successor)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_handover_successor ON order_handover (realm, successor);
ALTER TABLE order_fact DROP COLUMN successors;

-- A source that does not sign can be asked for a fixed header. The expected value is in the keyring.
ALTER TABLE inlet ADD COLUMN required_header TEXT; -- its name in lower case; NULL: none is asked for
-- An address that was replaced answers until then.
ALTER TABLE inlet ADD COLUMN retires_at INTEGER;
-- What a missing word on finality means at this sender: final_only, each, not_sure.
ALTER TABLE connection ADD COLUMN rejections TEXT NOT NULL DEFAULT 'not_sure';

-- What the provider's API said of an order when somebody asked. It rewrites nothing and is no part of the folds.
CREATE TABLE confirmation (
    realm     TEXT    NOT NULL,
    order_uid TEXT    NOT NULL,
    asked_at  INTEGER NOT NULL,
    view      TEXT    NOT NULL, -- JSON
    PRIMARY KEY (realm, order_uid)
) STRICT, WITHOUT ROWID;
