"""Addresses parties answer to: one for each case and party, with a seal nobody else can make, that also tells whether who writes is who was written to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from uuid import UUID

#: Case, seal of the case and seal of the party: 60 characters, of the 64 a name may have (RFC 5321, 4.5.3.1.1).
_NAME = re.compile(r"c-([0-9a-f]{32})-([0-9a-f]{13})([0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class Answered:
    """A mail to such an address: the case, and whether it says it is from the party the address was given to."""

    case_id: UUID
    known: bool


def made(secret: str, case_id: UUID, party: str) -> str:
    """The name before the `@` of the address a party is given. `secret`: the portal's own."""
    return f"c-{case_id.hex}-{_seal(secret, case_id, '')[:13]}{_seal(secret, case_id, party)[:12]}"


def read(secrets: Sequence[str], recipients: Iterable[str], sender: str) -> Answered | None:
    """The case one of these addresses belongs to, made with any of the portal's secrets; None where none of them was made by us."""
    for one in recipients:
        found = _NAME.fullmatch(one.strip("<> ").partition("@")[0].lower())
        if found is None:
            continue
        case_id = UUID(found[1])
        for secret in secrets:
            if compare_digest(_seal(secret, case_id, "")[:13], found[2]):
                return Answered(case_id, compare_digest(_seal(secret, case_id, sender)[:12], found[3]))
    return None


def _seal(secret: str, case_id: UUID, party: str) -> str:
    return hmac_new(secret.encode(), b"answer of a party\x00" + case_id.bytes + party.strip().casefold().encode("utf-8", "replace"), sha256).hexdigest()
