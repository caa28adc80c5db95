-- Timelines as they are shown: whoever opens an order waits for one row and not for a fold. Made anew on opening.
CREATE TABLE order_timeline (
    id     INTEGER NOT NULL PRIMARY KEY, -- of the order
    bytes  INTEGER NOT NULL,             -- of the JSON
    packed BLOB    NOT NULL              -- zstd of it
) STRICT;

-- Which order a lane names is read from the index alone.
DROP INDEX order_fact_lane;
CREATE INDEX order_fact_lane ON order_fact (realm, lane_uid, parent_uid);
