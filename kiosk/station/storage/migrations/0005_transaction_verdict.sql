-- The backend's word on a session's tag, committed together with its transaction id; and which sessions have
-- been reduced to their own row, because a year of samples would fill the disk.

ALTER TABLE transactions ADD COLUMN id_tag_status TEXT;
ALTER TABLE transactions ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0 CHECK (pruned IN (0, 1));
CREATE INDEX transactions_to_prune ON transactions (ended_at) WHERE pruned = 0 AND ended_at IS NOT NULL;
