"""Which addresses a backend may send us to (design rule 10). Pure.

An address is read once into an ``Address``; its host is resolved once, and ``usable`` picks the IP addresses that
may be dialled. Names decide nothing: whatever ``localhost.example.com`` points to is what is judged.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from kiosk.model.errors import TransferFailed

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS: Final = {"ftp": 21, "ftps": 990, "http": 80, "https": 443, "sftp": 22}
"""The schemes there are, and where their servers listen."""
LONGEST: Final = 2048
_PRIVATE: Final = tuple(
    ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_IN_URL: Final = re.compile(r"[\x00-\x20\x7f\\<>\"`{}|^]")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_-]{1,63})*")
_AUTHORITY: Final = re.compile(r"(?:([^@]*)@)?(\[[0-9A-Fa-f:.]+\]|[^@:\[\]]+)(?::([0-9]{1,5}))?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A checked address. ``host``: ASCII, without brackets. ``path``: as sent to a web server, with the query."""

    scheme: str
    host: str
    port: int
    path: str
    username: str = ""
    password: str = ""

    @property
    def shown(self) -> str:
        """For the log: no user, no password, no query (it often holds a signature)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path.partition('?')[0]}"

    @property
    def has_query(self) -> bool:
        return "?" in self.path

    @property
    def file_path(self) -> str:
        """The decoded path for FTP and SFTP: relative to where the login lands, ``/%2F`` for the root."""
        return unquote(self.path.partition("?")[0].removeprefix("/"))

    def below(self, name: str) -> Address:
        """The address of a file in this folder."""
        path, mark, query = self.path.partition("?")
        return msgspec.structs.replace(self, path=f"{path.rstrip('/')}/{name}{mark}{query}")


def parse(url: str) -> Address:
    """Raises TransferFailed (final) for anything that is not plainly one address of a scheme we know."""
    if len(url) > LONGEST:
        raise _wrong(f"is longer than {LONGEST} characters")
    if _NOT_IN_URL.search(url):
        raise _wrong("holds a space, a backslash or another character that no address has")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _wrong("is malformed") from error
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise TransferFailed(
            f"the scheme {scheme[:20] or 'missing'!r} is not one of {', '.join(PORTS)}",
            final=True,
            unsupported=True,
        )
    match = _AUTHORITY.fullmatch(parts.netloc)
    if match is None:
        raise _wrong("has a malformed host")
    port = int(match[3]) if match[3] else PORTS[scheme]
    if not 1 <= port <= 65535:
        raise _wrong("has a port that is not between 1 and 65535")
    username, _, password = (match[1] or "").partition(":")
    address = Address(
        scheme=scheme,
        host=_host(match[2]),
        port=port,
        path=_path(parts.path, parts.query),
        username=unquote(username),
        password=unquote(password),
    )
    if any(_CONTROL.search(text) for text in (address.username, address.password, address.file_path)):
        raise _wrong("hides a control character behind a percent sign")
    return address


def redirected(address: Address, location: str) -> Address:
    """Where a web server sends us instead. Raises TransferFailed when that is another scheme.

    Credentials stay with the server they were given for.
    """
    target = parse(urljoin(address.shown, location))
    if target.scheme != address.scheme:
        raise TransferFailed(
            f"{address.shown} redirects to another scheme, {target.scheme}", final=True, refused=True
        )
    if (target.host, target.port) == (address.host, address.port) and not target.username:
        return msgspec.structs.replace(target, username=address.username, password=address.password)
    return target


def usable(address: Address, found: Iterable[str], *, allow_private: bool) -> list[str]:
    """The IP addresses of ``found`` that may be dialled, in order. Raises TransferFailed when there is none."""
    reasons: dict[str, str | None] = {}
    for text in found:
        try:
            reasons[text] = refusal(ipaddress.ip_address(text), allow_private=allow_private)
        except ValueError:
            reasons[text] = "no IP address"  # with a zone: link-local
    good = [text for text, reason in reasons.items() if reason is None]
    if not good:
        why = ", ".join(sorted({reason for reason in reasons.values() if reason})) or "nothing"
        text = f"{address.shown} leads to {why}, where no backend may send us"
        raise TransferFailed(text, final=True, refused=True)
    return good


def refusal(ip: Ip, *, allow_private: bool) -> str | None:
    """Why this IP address may not be dialled; None: it may.

    Link-local, multicast and reserved ones never; private ones and loopback only with ``allow_private``.
    """
    ip = _meant(ip)
    if ip.is_link_local:
        return "a link-local address"
    if ip.is_loopback:
        return None if allow_private else "this station itself"
    if any(ip in network for network in _PRIVATE if network.version == ip.version):
        return None if allow_private else "a private network"
    routed = ip.is_global and not ip.is_multicast and (ip.version == 4 or ip in _GLOBAL_V6)
    return None if routed else "a reserved address"


def _meant(ip: Ip) -> Ip:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4, NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _host(raw: str) -> str:
    if raw.startswith("["):
        try:
            return str(ipaddress.IPv6Address(raw[1:-1]))
        except ValueError as error:
            raise _wrong("has a malformed IPv6 address") from error
    try:
        # first to ASCII: what looks like letters may turn out to be digits and dots
        host = raw.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError as error:
        raise _wrong("has a malformed host") from error
    last = host.rpartition(".")[2]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        # 2130706433, 0x7f.1 and 0177.0.0.1 are addresses to some programs and names to others
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise _wrong("has an IPv4 address that is not four plain numbers") from error
    if not _HOST.fullmatch(host):
        raise _wrong("has a malformed host")
    return host


def _path(path: str, query: str) -> str:
    path = path or "/"
    if not path.isascii() or not query.isascii():
        raise _wrong("holds a letter beyond ASCII that is not percent-encoded")
    return f"{path}?{query}" if query else path


def _wrong(problem: str) -> TransferFailed:
    return TransferFailed(f"the address {problem}", final=True)
