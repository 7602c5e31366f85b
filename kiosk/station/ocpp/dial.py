"""Dialling: from a link to an open WebSocket, or to one sentence that says why not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from kiosk.model.enums import SecurityEventType
from kiosk.model.errors import BackendUnreachable
from kiosk.station.certificates import context
from kiosk.station.certificates.names import BadCertificate, CertificateUse
from kiosk.station.certificates.store import CertificateStore, Pair
from kiosk.station.ocpp import registration
from kiosk.station.ocpp.links import Link

SUBPROTOCOL: Final = Subprotocol("ocpp1.6")
CLOSE_S: Final = 2.0
MAX_FRAME_BYTES: Final = 1024 * 1024
"""Largest message a backend may send."""
_AUTHENTICATION: Final = frozenset({401, 403})


class DialFailed(BackendUnreachable):
    """No connection. ``event``: what the security log should know of it.

    ``retry_after_s``: the server asked for so long a pause.
    """

    def __init__(self, text: str, event: SecurityEventType | None = None, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.event = event
        self.retry_after_s = retry_after_s


class Connection(ClientConnection):
    """Remembers what broke it: with TLS 1.3 a refusal of our certificate comes after the handshake."""

    broke: Exception | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        self.broke = exc
        super().connection_lost(exc)


class Connect(connect):
    """Follows no redirection: who may send us elsewhere is the operator, by WebSocketUrl."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def dial(
    link: Link, base_url: str, store: CertificateStore, connect_timeout_s: float
) -> AsyncIterator[ClientConnection]:
    """``base_url``: where ``link`` leads. Raises DialFailed; what is raised inside goes through."""
    identity = link.identity
    url = registration.address(base_url, identity)
    # white paper, profile 3: the certificate says who we are; below, a key that is set is sent, wanted or not
    auth = registration.basic_auth(identity, link.key) if link.profile < 3 else None
    shown = registration.without_credentials(url)
    made: list[Connection] = []

    class Remembered(Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    try:
        tls = await _tls(link, base_url, store)
        socket = await Connect(
            url,
            ssl=tls,
            subprotocols=[SUBPROTOCOL],
            additional_headers={"Authorization": auth} if auth else None,
            open_timeout=connect_timeout_s,
            close_timeout=CLOSE_S,
            ping_interval=None,
            max_size=MAX_FRAME_BYTES,
            proxy=None,
            create_connection=Remembered,
        )
    except (WebSocketException, OSError, TimeoutError, BadCertificate) as error:
        raise _explained(error, made[-1].broke if made else None, shown, link) from error
    async with socket:
        if socket.subprotocol != SUBPROTOCOL:
            raise DialFailed(f"{shown} does not speak {SUBPROTOCOL}")
        yield socket


async def _tls(link: Link, base_url: str, store: CertificateStore) -> ssl.SSLContext | None:
    """Raises BadCertificate, DialFailed where the link cannot be what its profile asks for."""
    if not base_url.startswith("wss://"):
        if link.profile >= 2:
            raise DialFailed(
                f"security profile {link.profile} needs TLS, but the address is {base_url};"
                " set WebSocketUrl to a wss:// address"
            )
        return None
    return await asyncio.to_thread(_context, link, store)


def _context(link: Link, store: CertificateStore) -> ssl.SSLContext:
    roots = store.roots(CertificateUse.CENTRAL_ROOT)
    if link.profile >= 2 and not roots:
        raise DialFailed(
            f"security profile {link.profile} needs a root certificate of the backend;"
            " `kiosk certificates install` takes one"
        )
    return context.client(roots, _pair(link, store), system_roots=link.profile < 2)


def _pair(link: Link, store: CertificateStore) -> Pair | None:
    if link.profile < 3:
        return None
    found = next((pair for pair in store.pairs() if pair.leaf.fingerprint == link.pair), None)
    if found is None:
        raise DialFailed(
            "security profile 3 needs a certificate of the station that is valid now;"
            " `kiosk certificates csr` begins the way to one"
        )
    return found


def _explained(error: Exception, broke: Exception | None, shown: str, link: Link) -> DialFailed:
    if isinstance(error, DialFailed):
        return error
    if isinstance(error, BadCertificate):
        return DialFailed(str(error))
    trouble = context.trouble(error) or (context.trouble(broke) if broke is not None else None)
    if trouble is not None:
        event, text = trouble
        return DialFailed(f"{shown}: TLS failed: {text}{_advice(event)}", event)
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status in _AUTHENTICATION:
            means = "certificate" if link.profile == 3 else "AuthorizationKey" if link.key else "lack of a key"
            text = f"{shown} refuses {link.identity} for its {means} (HTTP {status})"
            return DialFailed(text, SecurityEventType.FAILED_TO_AUTHENTICATE)
        pause_s = registration.retry_after_s(error.response.headers.get("Retry-After"))
        return DialFailed(f"{shown} answers HTTP {status}", retry_after_s=pause_s)
    if isinstance(error, TimeoutError):
        return DialFailed("no answer to the dial")
    if isinstance(error, InvalidMessage) and link.profile == 3:
        return DialFailed(f"{shown} hung up on us; perhaps it does not take the station's certificate")
    return DialFailed(str(error) or type(error).__name__)


def _advice(event: SecurityEventType) -> str:
    match event:
        case SecurityEventType.INVALID_BACKEND_CERTIFICATE:
            return "; check the station's clock, the installed root certificate and the host in WebSocketUrl"
        case SecurityEventType.FAILED_TO_AUTHENTICATE:
            return "; the backend does not take the station's certificate"
        case _:
            return ""
