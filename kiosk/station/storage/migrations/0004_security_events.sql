-- The security log, and which of its entries a backend is still owed (security white paper, section 3).

CREATE TABLE security_events (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    at        TEXT NOT NULL,
    type      TEXT NOT NULL,
    tech_info TEXT NOT NULL,
    delivery  TEXT NOT NULL CHECK (delivery IN ('none', 'owed', 'answered'))
) STRICT;
CREATE INDEX security_events_owed ON security_events (seq) WHERE delivery = 'owed';
CREATE INDEX security_events_at ON security_events (at);
