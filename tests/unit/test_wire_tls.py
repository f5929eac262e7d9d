"""TLS is verified, and an address is refused however it is spelt: more than two hundred spellings of machines nobody may reach."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.wire.http import Forbidden, Guard, Unreachable, send

_V4 = ("127.0.0.1", "127.9.9.9", "10.0.0.1", "169.254.169.254", "172.16.5.4", "192.168.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1", "198.18.0.1")
_V6 = ("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1", "fec0::1")


def spellings() -> list[str]:
    """Hosts as people write them to get past a guard."""
    found = []
    for text in _V4:
        whole = int(IPv4Address(text))
        a, b, c, d = IPv4Address(text).packed
        found += [text, f"{whole}", f"0x{whole:x}", f"0{whole:o}", f"{a}.{(b << 16) + (c << 8) + d}", f"{a}.{b}.{(c << 8) + d}"]
        found += [f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{text}.", f"{a:03}.{b:03}.{c:03}.{d:03}"]
        found += [f"[::ffff:{text}]", f"[::{text}]", f"[::ffff:{a:02x}{b:02x}:{c:02x}{d:02x}]", f"[64:ff9b::{text}]", f"[2002:{a:02x}{b:02x}:{c:02x}{d:02x}::]"]
        found += [f"%{ord(text[0]):02x}{text[1:]}", f"{text}%2e", f"user@{text}", f"agency.example@{text}", text.replace(".", "\u3002")]
    for text in _V6:
        full = ip_address(text).exploded
        found += [f"[{text}]", f"[{full}]", f"[{full.upper()}]", f"[{text}%25lo]", f"[{text}%lo]"]
    return found


SPELLINGS = spellings()


def looked_up(host: str, port: int) -> list[str]:
    """What a system's resolver makes of a host that is a number in any form."""
    try:
        return [str(ip_address(host))]
    except ValueError:
        return [socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))]


def test_there_are_more_than_two_hundred() -> None:
    assert len(set(SPELLINGS)) > 200


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_is_reached_even_where_a_definition_names_it(host: str) -> None:
    url = f"https://{host}/x"
    guard = Guard.of([url], local=False, resolve=looked_up)
    with pytest.raises((Forbidden, Unreachable)) as refused:
        send(guard, "GET", url, {}, b"", total=1.0)
    assert isinstance(refused.value, Forbidden) or not refused.value.sent, "nothing left"


@pytest.fixture(scope="module")
def own_signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[bytes]]]:
    """A TLS server whose certificate nobody vouches for, and what arrived at it."""
    place = tmp_path_factory.mktemp("tls")
    port, arrived, server = _listening(_certificate(place))
    yield port, arrived
    server.close()


def _certificate(place: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both = place / "both.pem"
    both.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return both


def _listening(certificate: Path) -> tuple[int, list[bytes], socket.socket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server, arrived = socket.create_server(("127.0.0.1", 0)), []

    def run() -> None:
        while True:
            try:
                plain, _ = server.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    arrived.append(connection.recv(100))
            except OSError:
                plain.close()

    threading.Thread(target=run, daemon=True).start()
    return server.getsockname()[1], arrived, server


def test_a_certificate_nobody_vouches_for_is_not_taken(own_signed: tuple[int, list[bytes]]) -> None:
    port, arrived = own_signed
    url = f"https://localhost:{port}/"
    guard = Guard.of([url], local=True, resolve=lambda host, port: ["127.0.0.1"])
    with pytest.raises(Unreachable, match="self-signed certificate") as refused:
        send(guard, "POST", url, {}, b"a secret")
    assert not refused.value.sent and not any(arrived), "not a byte of the call left"
