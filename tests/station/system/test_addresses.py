"""Where a backend may send us, and where never: every form of an address that somebody has tried."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.model.errors import TransferFailed
from kiosk.settings.table import KEYS
from kiosk.station.system.addresses import PORTS, Address, parse, redirected, refusal, usable

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:0808:0808::1", "64:ff9b::808:808"]
PRIVATE = [
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "100.64.0.1",
    "fd00::1",
    "::ffff:192.168.1.1",
    "64:ff9b::a00:1",
]
LOOPBACK = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1"]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::",
    "::127.0.0.1",  # IPv4-compatible
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "2002:a9fe:a9fe::",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2001::1",  # Teredo
    "100::1",
]


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_ones_may_be_dialled(ip: str) -> None:
    assert refusal(ipaddress.ip_address(ip), allow_private=False) is None


@pytest.mark.parametrize("ip", PRIVATE + LOOPBACK)
def test_private_ones_only_where_allowed(ip: str) -> None:
    assert refusal(ipaddress.ip_address(ip), allow_private=False) is not None
    assert refusal(ipaddress.ip_address(ip), allow_private=True) is None


@pytest.mark.parametrize("ip", NEVER)
@pytest.mark.parametrize("allow_private", [False, True])
def test_some_are_never_dialled(ip: str, allow_private: bool) -> None:
    assert refusal(ipaddress.ip_address(ip), allow_private=allow_private) is not None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_in_every_dress(ip: ipaddress.IPv4Address) -> None:
    bare = refusal(ip, allow_private=False)
    for dressed in (f"::ffff:{ip}", f"64:ff9b::{ip}", str(ipaddress.IPv6Address((0x2002 << 112) | int(ip) << 80))):
        assert refusal(ipaddress.ip_address(dressed), allow_private=False) == bare


def test_only_the_good_addresses_of_a_name_are_dialled() -> None:
    address = parse("http://example.com/")
    assert usable(address, ["10.0.0.1", "8.8.8.8", "fe80::1%eth0"], allow_private=False) == ["8.8.8.8"]
    with pytest.raises(TransferFailed, match="a private network") as caught:
        usable(address, ["10.0.0.1"], allow_private=False)
    assert caught.value.final
    assert caught.value.refused
    with pytest.raises(TransferFailed, match="nothing"):
        usable(address, [], allow_private=True)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://example.com", "example.com", 80, "/"),
        ("HTTPS://Example.COM./a%20b?x=1#frag", "example.com", 443, "/a%20b?x=1"),
        ("ftp://files.example.com:2121/up/", "files.example.com", 2121, "/up/"),
        ("ftps://h/x", "h", 990, "/x"),
        ("sftp://h/x", "h", 22, "/x"),
        ("http://[2606:4700:0::1111]:81/x", "2606:4700::1111", 81, "/x"),
        ("http://8.8.8.8/x", "8.8.8.8", 80, "/x"),
        ("http://bücher.example/x", "xn--bcher-kva.example", 80, "/x"),
        ("http://127。0。0。1/x", "127.0.0.1", 80, "/x"),  # seen through, and judged as what it is
    ],
)
def test_addresses_are_read(url: str, host: str, port: int, path: str) -> None:
    address = parse(url)
    assert (address.host, address.port, address.path) == (host, port, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/x",
        "//example.com/x",
        "file:///etc/passwd",
        "gopher://h/x",
        "javascript:alert(1)",
        "http:///x",
        "http://",
        "http://:80/x",
        "http://h:0/x",
        "http://h:65536/x",
        "http://h:http/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://0x7f.1/x",
        "http://0177.0.0.1/x",
        "http://127.1/x",
        "http://1.2.3.4.5/x",
        "http://256.1.1.1/x",
        "http://①②⑦.⓪.⓪.①.①/x",
        "http://good.example@evil@127.0.0.1/x",
        "http://good.example\\@127.0.0.1/x",
        "http://good.example%2f@127.0.0.1:80:80/x",
        "http://h /x",
        "http://h\r\nHost: x/",
        "http://h/x y",
        "http://h/ü",
        "http://[::1/x",
        "http://[::1%25eth0]/x",
        "http://[fe80::1%eth0]/x",
        "http://[1.2.3.4]/x",
        "http://-bad.example/x",
        "http://a..b/x",
        "http://" + "a" * 64 + ".example/x",
        "ftp://h/x%0d%0aDELE%20y",
        "ftp://us%0aer:p@h/x",
        "http://h/" + "x" * 2048,
    ],
)
def test_what_is_not_plainly_an_address_is_refused(url: str) -> None:
    with pytest.raises(TransferFailed) as caught:
        parse(url)
    assert caught.value.final


def test_the_user_is_no_host() -> None:
    address = parse("http://good.example@127.0.0.1/x")
    assert (address.username, address.host) == ("good.example", "127.0.0.1")
    with pytest.raises(TransferFailed, match="this station itself"):
        usable(address, [address.host], allow_private=False)


def test_credentials_and_signatures_are_not_shown() -> None:
    address = parse("https://us%40er:pa%3Ass@example.com:8443/up/?sig=secret")
    assert (address.username, address.password) == ("us@er", "pa:ss")
    assert address.shown == "https://example.com:8443/up/"
    assert address.has_query
    assert parse("http://[2606::1]/x").shown == "http://[2606::1]/x"


def test_the_key_tells_exactly_what_works() -> None:
    told = KEYS["SupportedFileTransferProtocols"].default.split(",")
    assert told == sorted(scheme.upper() for scheme in PORTS)


def test_a_file_in_a_folder() -> None:
    assert parse("http://h/up").below("a.zip").path == "/up/a.zip"
    assert parse("http://h").below("a.zip").path == "/a.zip"
    assert parse("http://h/up/?x=1").below("a.zip").path == "/up/a.zip?x=1"


def test_file_paths_are_decoded() -> None:
    assert parse("ftp://h/a%20b/c").file_path == "a b/c"
    assert parse("ftp://h/%2Fsrv/c").file_path == "/srv/c"
    assert parse("ftp://h").file_path == ""


BASE = parse("http://user:secret@example.com/a/b")


@pytest.mark.parametrize(
    ("location", "host", "path", "username"),
    [
        ("/c", "example.com", "/c", "user"),
        ("c?d", "example.com", "/a/c?d", "user"),
        ("http://example.com/c", "example.com", "/c", "user"),
        ("http://other.example/c", "other.example", "/c", ""),
        ("//other.example/c", "other.example", "/c", ""),
        ("http://example.com:8080/c", "example.com", "/c", ""),
        ("http://me@other.example/c", "other.example", "/c", "me"),
    ],
)
def test_redirects_keep_credentials_where_they_belong(location: str, host: str, path: str, username: str) -> None:
    target = redirected(BASE, location)
    assert (target.host, target.path, target.username) == (host, path, username)
    assert target.password == ("secret" if username == "user" else "")


@pytest.mark.parametrize(
    "location", ["https://example.com/c", "ftp://example.com/c", "file:///etc/passwd", "sftp:x"]
)
def test_no_redirect_to_another_scheme(location: str) -> None:
    with pytest.raises(TransferFailed) as caught:
        redirected(BASE, location)
    assert caught.value.final


def test_a_redirect_is_judged_like_any_address() -> None:
    target = redirected(BASE, "http://169.254.169.254/latest/meta-data")
    with pytest.raises(TransferFailed, match="link-local"):
        usable(target, [target.host], allow_private=True)


@given(st.text(max_size=60))
def test_no_text_whatever_gets_past_unread(text: str) -> None:
    """Any text is an address of a scheme we know with a plain host, or refused; nothing else happens."""
    try:
        address = parse("http://" + text)
    except TransferFailed:
        return
    assert isinstance(address, Address)
    assert address.host.isascii()
    assert not set(address.host) & set(" @/\\?#%")
    assert "\n" not in address.path
