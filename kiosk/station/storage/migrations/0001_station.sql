-- First layout. Times are ISO 8601 UTC with microseconds, so that text order is time order.

CREATE TABLE settings (
    name        TEXT PRIMARY KEY COLLATE NOCASE,
    text        TEXT NOT NULL,
    provenance  TEXT NOT NULL,
    changed_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE availability (
    connector_id INTEGER PRIMARY KEY,
    operative    INTEGER NOT NULL CHECK (operative IN (0, 1)),
    changed_at   TEXT NOT NULL
) STRICT;

CREATE TABLE transactions (
    id             INTEGER PRIMARY KEY,
    local_id       TEXT NOT NULL UNIQUE,
    connector_id   INTEGER NOT NULL,
    transaction_id INTEGER,
    id_tag         TEXT NOT NULL,
    parent_id_tag  TEXT,
    vehicle_id     TEXT,
    source         TEXT NOT NULL,
    kiosk          INTEGER NOT NULL CHECK (kiosk IN (0, 1)),
    remote         INTEGER NOT NULL CHECK (remote IN (0, 1)),
    reservation_id INTEGER,
    started_at     TEXT NOT NULL,
    meter_start_wh INTEGER NOT NULL,
    ended_at       TEXT,
    meter_stop_wh  INTEGER,
    reason         TEXT,
    stop_id_tag    TEXT,
    forgotten      INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1)),
    CHECK ((ended_at IS NULL) = (meter_stop_wh IS NULL)),
    CHECK ((ended_at IS NULL) = (reason IS NULL))
) STRICT;
CREATE INDEX transactions_open ON transactions (id) WHERE ended_at IS NULL;
CREATE INDEX transactions_by_backend ON transactions (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX transactions_to_forget ON transactions (ended_at) WHERE forgotten = 0 AND ended_at IS NOT NULL;

CREATE TABLE facts (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    local_id     TEXT REFERENCES transactions (local_id),
    connector_id INTEGER NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('begin', 'sample', 'end')),
    payload      TEXT NOT NULL,
    delivery     TEXT NOT NULL CHECK (delivery IN ('none', 'owed', 'answered', 'undelivered')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    CHECK (local_id IS NOT NULL OR kind = 'sample')
) STRICT;
CREATE INDEX facts_owed ON facts (seq) WHERE delivery = 'owed';
CREATE INDEX facts_undelivered ON facts (seq) WHERE delivery = 'undelivered';
CREATE INDEX facts_by_session ON facts (local_id, seq);

CREATE TABLE checkpoints (
    local_id    TEXT PRIMARY KEY REFERENCES transactions (local_id),
    at          TEXT NOT NULL,
    meter_wh    INTEGER NOT NULL,
    soc_percent INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
    list          TEXT NOT NULL CHECK (list IN ('whitelist', 'cache', 'local')),
    id_tag        TEXT NOT NULL COLLATE NOCASE,
    status        TEXT NOT NULL,
    expiry        TEXT,
    parent_id_tag TEXT,
    changed_at    TEXT NOT NULL,
    PRIMARY KEY (list, id_tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    at           TEXT NOT NULL,
    kind         TEXT NOT NULL,
    connector_id INTEGER,
    code         INTEGER,
    text         TEXT NOT NULL
) STRICT;
CREATE INDEX events_at ON events (at);
