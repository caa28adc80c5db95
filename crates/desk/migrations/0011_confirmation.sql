-- A key for the provider's orders API lies in the keyring: orders of this connection can be confirmed.
ALTER TABLE connection ADD COLUMN confirms INTEGER NOT NULL DEFAULT 0;
