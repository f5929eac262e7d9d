"""Addresses by which somebody ends what may be ended, without signing in (RFC 8058): one a party of a case, with a seal nobody else can make."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from uuid import UUID

from portal.outbox.claims import Claim
from portal.unit_of_work import Work

#: Hexadecimal digits of the seal.
_SEAL = 32


def link(work: Work, claim: Claim) -> str:
    """The address for who is told by this row."""
    token = made(work.portal.settings.secret_keys[0], claim.case_id, UUID(claim.body["party"]))
    return f"{work.portal.settings.public_url}/reach/end/{token}"


def made(secret: str, case_id: UUID, party_id: UUID) -> str:
    """`secret`: the portal's own."""
    return f"{case_id.hex}{party_id.hex}{_seal(secret, case_id, party_id)}"


def read(secrets: Sequence[str], token: str) -> tuple[UUID, UUID] | None:
    """Case and party of one made with any of the portal's secrets; None where it is none of ours."""
    if len(token) != 64 + _SEAL or not token.isascii() or not token.isalnum():
        return None
    try:
        case_id, party_id = UUID(hex=token[:32]), UUID(hex=token[32:64])
    except ValueError:
        return None
    return (case_id, party_id) if any(compare_digest(_seal(one, case_id, party_id), token[64:]) for one in secrets) else None


def _seal(secret: str, case_id: UUID, party_id: UUID) -> str:
    return hmac_new(secret.encode(), b"ends courtesies\x00" + case_id.bytes + party_id.bytes, sha256).hexdigest()[:_SEAL]
