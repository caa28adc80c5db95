-- What an event says about an order, in nobody's words. A fold of the journal: it is made anew on opening.
DROP TABLE order_fact;
CREATE TABLE order_fact (
    event_id   INTEGER NOT NULL PRIMARY KEY REFERENCES event (id),
    realm      TEXT    NOT NULL,
    lane_uid   TEXT,             -- NULL: it speaks of the whole order
    parent_uid TEXT,
    updated_at INTEGER,
    name       TEXT,
    data       TEXT    NOT NULL  -- JSON
) STRICT;
CREATE INDEX order_fact_lane ON order_fact (realm, lane_uid);
CREATE INDEX order_fact_whole ON order_fact (realm, parent_uid) WHERE lane_uid IS NULL;
