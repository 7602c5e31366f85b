"""Addresses as configuration values: of the backend and of name servers."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from kiosk.settings.unfit import Unfit, refuse

_NETLOC: Final = re.compile(r"(\[[^\]%]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?")
_PATH: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")


def websocket_url(text: str) -> str:
    """A ws:// or wss:// address to which a path can be appended, in canonical form. Raises Unfit."""
    if not text.isascii() or " " in text:
        raise Unfit("it holds a space or a letter beyond ASCII")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise Unfit("its host is malformed") from error
    if parts.scheme not in ("ws", "wss"):
        raise Unfit("it does not begin with ws:// or wss://")
    if "@" in parts.netloc:
        raise Unfit("it holds a user name or password; that is what AuthorizationKey is for")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise Unfit("it holds a '?' or '#', and the identity is appended to it")
    if not _PATH.fullmatch(parts.path):
        raise Unfit("its path holds a character that must be percent-encoded")
    match = _NETLOC.fullmatch(parts.netloc) or refuse("its host or port is malformed")
    port = int(match[2]) if match[2] else None
    if port is not None and not 1 <= port <= 65535:
        raise Unfit("its port is not between 1 and 65535")
    return f"{parts.scheme}://{_host(match[1].lower())}{f':{port}' if port else ''}{parts.path}".rstrip("/")


def _host(host: str) -> str:
    try:
        if host.startswith("["):
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        if host.rpartition(".")[2].isdigit():
            return str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise Unfit("its IP address is malformed") from error
    return host if _HOST.fullmatch(host) else refuse("its host is missing or malformed")


def server(text: str) -> str:
    """The IP address of a server, in canonical form. Raises Unfit."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise Unfit("it is no IP address") from error
    if address.is_unspecified or address.is_multicast:
        raise Unfit("no server can have this address")
    return str(address)
