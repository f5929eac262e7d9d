"""Outgoing calls reach public addresses only, however a forbidden one is written, and none arrives elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from portal.wire.addresses import reachable
from portal.wire.http import Forbidden, Guard, Unreachable, send

_FORBIDDEN = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.1.2.3 127.255.255.255 169.254.169.254 169.254.0.1 172.16.0.1
172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255
240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:7f00:1 64:ff9b::7f00:1 64:ff9b::a00:1
64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 2002:c0a8:1::1 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1
"""
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8"]
#: Other ways of writing this machine, a private network, or somewhere else than it looks.
_SPELLINGS = """
http://127.0.0.1:{p}/ http://2130706433:{p}/ http://0x7f000001:{p}/ http://0177.0.0.1:{p}/ http://127.1:{p}/ http://0:{p}/ http://0.0.0.0:{p}/
http://localhost:{p}/ http://LOCALHOST:{p}/ http://localhost.:{p}/ http://[::1]:{p}/ http://[::]:{p}/ http://[::ffff:127.0.0.1]:{p}/
http://[0:0:0:0:0:0:0:1]:{p}/ http://[::ffff:7f00:1]:{p}/ http://agency.example@127.0.0.1:{p}/ http://127.0.0.1:{p}@agency.example/
http://agency.example:{p}@127.0.0.1:{p}/ http://127.0.0.1:{p}#@agency.example/ http://agency.example\\@127.0.0.1:{p}/
http://127.0.0.1:{p}\\.agency.example/ //127.0.0.1:{p}/ http:/127.0.0.1:{p}/ file:///etc/passwd gopher://127.0.0.1:{p}/ ftp://127.0.0.1:{p}/
http://127。0。0。1:{p}/ http://①②⑦.⓪.⓪.①:{p}/ http://agency.example:{p}/ https://agency.example:{p}/ https://127.0.0.1:{p}/ http://%31%32%37.0.0.1:{p}/
http://127.0.0.1%00.agency.example:{p}/ http://127.0.0.1%09:{p}/ http://agency.example%2f@127.0.0.1:{p}/ http://169.254.169.254/
http://[fd00:ec2::254]/ javascript:1 http://127.0.0.1:{p}?agency.example http://agency.example.127.0.0.1.nip.io:{p}/ http://agency.example:99999/
http://:{p}/ http://[::1%25lo]:{p}/
"""


@pytest.mark.parametrize("address", _FORBIDDEN.split())
def test_no_call_reaches_it(address: str) -> None:
    assert not reachable(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_ones_are_reached(address: str) -> None:
    assert reachable(address)


def test_loopback_only_where_it_is_allowed_and_nothing_else_with_it() -> None:
    allowed = [address for address in _FORBIDDEN.split() if reachable(address, loopback=True)]
    assert allowed == ["127.0.0.1", "127.1.2.3", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of this machine that nobody may reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def arrived(listener: socket.socket) -> bool:
    try:
        listener.accept()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize("spelling", _SPELLINGS.split())
def test_however_it_is_written(spelling: str, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    guard = Guard.of([f"https://agency.example:{port}/"], local=False, resolve=lambda host, port: ["127.0.0.1"])
    with pytest.raises(Forbidden):
        send(guard, "GET", spelling.format(p=port), {}, b"")
    assert not arrived(listener)


def test_every_address_of_a_name_must_be_public(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    guard = Guard.of([f"https://agency.example:{port}/"], local=False, resolve=lambda host, port: ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(Forbidden):
        send(guard, "GET", f"https://agency.example:{port}/", {}, b"")
    assert not arrived(listener)


def test_a_name_is_asked_once_and_the_connection_goes_to_what_was_checked(listener: socket.socket) -> None:
    """Rebinding: the second answer would be this machine; there is no second question. Here the first answer is the listener, the second nowhere."""
    port, asked = listener.getsockname()[1], []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    guard = Guard.of([f"http://agency.example:{port}/"], local=True, resolve=resolve)
    with pytest.raises(Unreachable):
        send(guard, "GET", f"http://agency.example:{port}/", {}, b"", read=0.05)
    assert asked == ["agency.example"]
    listener.settimeout(5)
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(5)
        assert f"Host: agency.example:{port}\r\n".encode() in connection.recv(65_536)


def test_local_mode_does_not_open_private_networks() -> None:
    guard = Guard.of(["http://agency.example/"], local=True, resolve=lambda host, port: ["10.0.0.1"])
    with pytest.raises(Forbidden):
        send(guard, "GET", "http://agency.example/", {}, b"")
