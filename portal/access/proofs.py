"""Proofs of an e-mail address or a telephone number: a code that lives shortly, is tried a few times, and signs in as whoever can read there."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from secrets import randbelow, token_hex
from unicodedata import decimal, normalize
from uuid import UUID

from portal.unit_of_work import Work

#: Who vouches for a proved address: the portal itself.
ISSUER = "urn:onedoor:contact"
#: Digits of a code, how long it lives, how often it may be tried.
DIGITS, LIFE, TRIES = 6, timedelta(minutes=10), 5
#: Codes for one address within that time: more are not sent, and nobody is told so.
MOST, WITHIN = 5, timedelta(hours=1)
#: Old ones that go with each new one, once they no longer count.
SWEPT = 100


def subject_of(key: str, channel: str, address: str) -> str:
    """As whom an address signs in: a blind index under the server's key, the same however it is written."""
    plain = normalize("NFKC", address).strip().casefold()
    return f"{channel}-{hmac_new(key.encode(), f'contact{chr(0)}{channel}{chr(0)}{plain}'.encode(), sha256).hexdigest()}"


def new_code() -> str:
    """Six digits, by chance."""
    return f"{randbelow(10**DIGITS):0{DIGITS}}"


def begin(work: Work, id: UUID, *, subject: str, browser: str, code: str) -> None:
    """A code for that browser; older ones of it are good no more. In a unit of the engine. An empty `code` is one that nobody has, and no try is right."""
    work.sql("DELETE FROM proofs WHERE id IN (SELECT id FROM proofs WHERE asked_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)", (work.now - WITHIN, SWEPT))
    work.sql("UPDATE proofs SET until = %s WHERE browser = %s AND until > %s", (work.now, _browser(browser), work.now))
    work.sql(
        "INSERT INTO proofs (id, subject, browser, code, tries, asked_at, until) VALUES (%s, %s, %s, %s, 0, %s, %s)",
        (id, subject if code else "", _browser(browser), _code(work, id, code or token_hex(32)), work.now, work.now + LIFE),
    )


def too_often(work: Work, subject: str) -> bool:
    """Whether the address has got as many codes as it may in an hour; who asks next waits for who asks now."""
    work.sql("SELECT pg_advisory_xact_lock(hashtextextended('proof ' || %s, 0))", (subject,))
    return bool(work.sql("SELECT count(*) >= %s FROM proofs WHERE subject = %s AND asked_at > %s", (MOST, subject, work.now - WITHIN))[0][0])


def tried(work: Work, browser: str, code: str) -> str | None:
    """As whom the code signs in, once; None where it does not. One try counts, in a unit of the engine that commits either way."""
    found = work.sql(
        """UPDATE proofs SET tries = tries + 1 WHERE id = (SELECT id FROM proofs WHERE browser = %s AND until > %s AND tries < %s
        ORDER BY asked_at DESC LIMIT 1 FOR UPDATE) RETURNING id, subject, code""",
        (_browser(browser), work.now, TRIES),
    )
    if not found:
        return None
    id, subject, wanted = found[0]
    plain = "".join(str(decimal(letter)) for letter in code if letter.isdecimal())
    if not compare_digest(bytes(wanted), _code(work, id, plain)):
        return None
    work.sql("UPDATE proofs SET until = %s WHERE id = %s", (work.now, id))
    return str(subject) or None


def left(work: Work, browser: str) -> int:
    """Tries the browser's last code has left; none where it has no code that is good."""
    found = work.sql("SELECT tries FROM proofs WHERE browser = %s AND until > %s ORDER BY asked_at DESC LIMIT 1", (_browser(browser), work.now))
    return max(0, TRIES - found[0][0]) if found else 0


def _browser(token: str) -> bytes:
    return sha256(b"proof\x00" + token.encode()).digest()


def _code(work: Work, id: UUID, code: str) -> bytes:
    key = work.portal.settings.secret_key.get_secret_value() or "local"
    return hmac_new(key.encode(), b"onedoor proof\x00" + id.bytes + code.encode(), sha256).digest()
