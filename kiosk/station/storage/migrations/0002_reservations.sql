-- Reservations survive a restart: a driver may have been told of one (OCPP 1.6 section 5.13).

CREATE TABLE reservations (
    reservation_id INTEGER PRIMARY KEY,
    connector_id   INTEGER NOT NULL,
    id_tag         TEXT NOT NULL,
    parent_id_tag  TEXT,
    expires_at     TEXT NOT NULL,
    made_at        TEXT NOT NULL
) STRICT;
