"""Keys and certificates of the station: the only room with ``cryptography``.

``store`` keeps root certificates and the station's own pairs on disk, ``files`` makes them whole or absent,
``chains`` checks and names certificates, ``requests`` makes keys and signing requests, ``signatures`` checks
firmware, ``context`` builds what a TLS connection needs. This room must never talk to a backend, never decide when
a certificate is renewed, and never let a private key out of its folder.

Decisions
- Files, not the database: OpenSSL reads keys from files, and a technician can look at certificates with his tools.
- A key and its certificate are one folder that appears by one rename, so there is no moment with a key of one pair
  and the certificate of another; the older pair stays until a connection has worked with the newer one.
- What is trusted may be an authority that is not self-signed (an operator's own under a public root); its
  signature is then not asked for, because trust is not a matter of signatures.
- A certificate of the station must lead to an installed root of the central system, where there is one. Without
  any, its chain is checked in itself: who signs stations need not be who signs servers.
- A certificate that is valid later is taken, and shown from then on.
- ``cryptography`` is imported when a certificate is looked at: a station without any does not pay for it.
- Revocation is not looked up: OCPP 1.6 brings no addresses for it, and a station must charge behind a dead link.
"""
