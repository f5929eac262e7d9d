"""Sessions: who signed in with which browser. PostgreSQL holds them; the browser holds a token of which only the digest is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import new as hmac_new
from os import urandom
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.types.json import Jsonb

from portal.db import new_id
from portal.unit_of_work import Principal, Work
from portal.unit_of_work.principal import Scope

#: Scope -> (how long a session may lie idle, how long it may last).
LIMITS: dict[Scope, tuple[timedelta, timedelta]] = {
    "party": (timedelta(hours=1), timedelta(hours=12)),
    "staff": (timedelta(minutes=30), timedelta(hours=10)),
    "champion": (timedelta(minutes=30), timedelta(hours=10)),
    "admin": (timedelta(minutes=15), timedelta(hours=4)),
}
#: How exactly it is known when somebody was last seen: one write for that long.
SEEN = timedelta(minutes=1)
#: Sessions of one person; the oldest gives way.
MOST = 20
#: Expired ones that go with each new one.
SWEPT = 100


@dataclass(frozen=True)
class SignedIn:
    """Whose session a browser's token opens, who vouched, and the provider's id_token, which it wants to see again at the end."""

    id: UUID
    principal: Principal
    provider: str
    id_token: str | None


@dataclass(frozen=True)
class Session:
    """One of somebody's sessions, as that person sees it."""

    id: UUID
    provider: str
    device: str
    since: datetime
    seen_at: datetime
    until: datetime


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()


def provider_session(issuer: str, sid: str) -> str:
    """How the provider's own name of a session is stored."""
    return sha256(f"{issuer}\x00{sid}".encode()).hexdigest()


def begin(work: Work, who: Principal, *, person: str, provider: str, provider_session: str | None, device: str, id_token: str | None) -> str:
    """A new session of that person; the token for the browser. `person`: version of its row in `people`, or empty. In a unit of the engine."""
    token, (idle, whole) = token_urlsafe(32), LIMITS[who.scope]
    work.sql(
        "DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE least(until, idle_until) < %s LIMIT %s FOR UPDATE SKIP LOCKED)", (work.now, SWEPT)
    )
    work.sql("DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE subject = %s ORDER BY seen_at DESC OFFSET %s)", (who.subject, MOST - 1))
    granted = Jsonb({"roles": who.roles, "agencies": who.agencies, "teams": who.teams, "services": who.services})
    sealed = _seal(token, {"name": who.name, "id_token": id_token})
    work.sql(
        """INSERT INTO sessions (key, id, subject, scope, granted, person, provider, provider_session, device, sealed, since, seen_at, idle_until, until)
        VALUES (%(key)s, %(id)s, %(subject)s, %(scope)s, %(granted)s, %(person)s, %(provider)s, %(theirs)s, %(device)s, %(sealed)s,
        %(now)s, %(now)s, %(now)s + %(idle)s, %(now)s + %(whole)s)""",
        {"key": digest(token), "id": new_id(), "subject": who.subject, "scope": who.scope, "granted": granted, "person": person, "provider": provider}
        | {"theirs": provider_session, "device": device, "sealed": sealed, "now": work.now, "idle": idle, "whole": whole},
    )
    return token


def look_up(work: Work, token: str) -> SignedIn | None:
    """Whose session that is, seen now; None where it is none, or is over. In a unit of the engine."""
    key = digest(token)
    found = work.sql(
        """SELECT id, subject, scope, granted, person, provider, sealed, seen_at FROM sessions
        WHERE key = %(key)s AND portal_stands(subject, %(hex)s, person, %(now)s)""",
        {"key": key, "hex": key.hex(), "now": work.now},
    )
    if not found:
        return None
    id, subject, scope, granted, person, provider, sealed, seen_at = found[0]
    kept = _open(token, bytes(sealed))
    if kept is None:
        return None
    if work.now - seen_at >= SEEN:
        work.sql("UPDATE sessions SET seen_at = %s, idle_until = least(until, %s) WHERE key = %s", (work.now, work.now + LIMITS[scope][0], key))
    roles, agencies, teams, services = (tuple(granted.get(name, ())) for name in ("roles", "agencies", "teams", "services"))
    who = Principal(scope, subject, agencies=agencies, teams=teams, roles=roles, services=services, name=kept["name"], proof=(key.hex(), person))
    return SignedIn(id, who, provider, kept["id_token"])


def of(work: Work, subject: str) -> list[Session]:
    """The sessions of that person that are not over, the one used last first."""
    found = work.sql(
        """SELECT id, provider, device, since, seen_at, least(until, idle_until) FROM sessions
        WHERE subject = %(subject)s AND portal_stands(subject, encode(key, 'hex'), person, %(now)s) ORDER BY seen_at DESC, id""",
        {"subject": subject, "now": work.now},
    )
    return [Session(*row) for row in found]


def end(work: Work, subject: str, id: UUID) -> bool:
    """That session of the person is over; False where there is none."""
    return bool(work.sql("DELETE FROM sessions WHERE subject = %s AND id = %s RETURNING 1", (subject, id)))


def end_all(work: Work, subject: str, *, but: UUID | None = None) -> int:
    """All sessions of the person are over, `but` one; how many."""
    return len(work.sql("DELETE FROM sessions WHERE subject = %s AND id IS DISTINCT FROM %s RETURNING 1", (subject, but)))


def end_token(work: Work, token: str) -> None:
    """The session that token opens is over."""
    work.sql("DELETE FROM sessions WHERE key = %s", (digest(token),))


def end_at_provider(work: Work, session: str) -> int:
    """What began with that session of a provider is over; how many. In a unit of the engine."""
    return len(work.sql("DELETE FROM sessions WHERE provider_session = %s RETURNING 1", (session,)))


def _key(token: str) -> bytes:
    return hmac_new(token.encode(), b"onedoor session", sha256).digest()


def _seal(token: str, value: dict[str, Any]) -> bytes:
    nonce = urandom(12)
    return nonce + AESGCM(_key(token)).encrypt(nonce, orjson.dumps(value), None)


def _open(token: str, sealed: bytes) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = orjson.loads(AESGCM(_key(token)).decrypt(sealed[:12], sealed[12:], None))
    except InvalidTag:
        return None
    return found
