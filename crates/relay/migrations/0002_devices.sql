-- Grows with every device that is paired or revoked. A segment sealed to an older set of devices is refused, so that
-- whoever is paired can read everything after its cursor, whichever relay sealed it.
ALTER TABLE inbox ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
-- 1 while the inbox is on its way from or to another store: nothing is appended, paired or changed.
ALTER TABLE inbox ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
