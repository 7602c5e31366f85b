-- The backend's word on a session's tag, committed together with its transaction id.

ALTER TABLE transactions ADD COLUMN id_tag_status TEXT;
