"""A station without TLS does not pay for it at its start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

START = """
import sys
from pathlib import Path
import kiosk.station.__main__, kiosk.station.service, kiosk.station.ocpp.client, kiosk.station.ocpp.dialler
from kiosk.station.certificates.names import CertificateUse
from kiosk.station.certificates.store import CertificateStore
store = CertificateStore(Path(sys.argv[1]))
assert not store.installed.root and store.pairs() == store.roots(CertificateUse.CENTRAL_ROOT) == []
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "cryptography"))
"""


def test_cryptography_is_not_loaded_for_a_station_without_certificates(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []
