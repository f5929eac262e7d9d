"""Where a request comes from: the peer, or what our own proxies say of it, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
#: People at home hold a whole network of IPv6 addresses (RFC 6177): they are counted as one.
HOUSEHOLD = 64


def networks(text: str) -> tuple[Network, ...]:
    """Networks of a text, separated by commas. ValueError for what is none."""
    return tuple(ip_network(one.strip(), strict=False) for one in text.split(",") if one.strip())


def sender(peer: str | None, forwarded: Iterable[str], *, proxies: int, near: tuple[Network, ...]) -> str:
    """Address of who sent the request, as it is counted.

    `forwarded`: the values of every X-Forwarded-For. Believed where `proxies` of ours stand before us and the peer is one of them (`near`, or a
    socket of this machine): each wrote down whom it heard, so the last but `proxies` is the first one they all saw; what stands before it anybody
    may have made up.
    """
    direct = _counted(peer or "")
    if not proxies or not (peer in (None, "") or _near(peer or "", near)):
        return direct
    told = [one.strip() for value in forwarded for one in value.split(",")]
    if len(told) < proxies:
        return direct
    return _counted(told[-proxies]) or direct


def _near(peer: str, near: tuple[Network, ...]) -> bool:
    found = _read(peer)
    return found is not None and any(found in network for network in near)


@lru_cache(maxsize=4096)
def _counted(text: str) -> str:
    """An address in its one spelling, an IPv6 address as its network; empty for what is none."""
    found = _read(text)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, HOUSEHOLD), strict=False))
    return str(found) if found else ""


def _read(text: str) -> IPv4Address | IPv6Address | None:
    bare = text.strip("[]") if text.count(":") != 1 else text.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
