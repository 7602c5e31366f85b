"""Keys and certificates of the station: the only room with ``cryptography``.

``store`` keeps root certificates and the station's own pair on disk, ``chains`` checks and names certificates,
``requests`` makes keys and signing requests, ``context`` builds what a TLS connection needs. This room must never
talk to a backend, never decide when a certificate is renewed, and never let a private key out of its folder.
"""
