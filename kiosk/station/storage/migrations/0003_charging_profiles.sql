-- Charging profiles as the backend sent them (JSON), with what is looked up and replaced by.

CREATE TABLE charging_profiles (
    profile_id   INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    purpose      TEXT NOT NULL,
    stack_level  INTEGER NOT NULL,
    local_id     TEXT,
    payload      TEXT NOT NULL,
    installed_at TEXT NOT NULL,
    CHECK ((purpose = 'TxProfile') = (local_id IS NOT NULL)),
    UNIQUE (connector_id, purpose, stack_level)
) STRICT;
