"""The case secret: derived, shown once, short enough to read out together with the reference; wrong tries lock it for who makes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from uuid import UUID

from portal.cases.reference import ALPHABET
from portal.unit_of_work import Work

#: Characters; 26^10 is about 47 bits, guarded by the locks below.
LENGTH = 10
#: Wrong tries of one sender for one reference before it is locked for that sender, and how long.
TRIES = 10
LOCKED = timedelta(minutes=15)
#: Wrong tries of all senders for one reference in a day, before it is locked for all but those from whom its secret has come: more than one sender can make
#: under the lock above, and a chance of 1 in 10^10 that a day of them finds the secret.
ALTOGETHER = 5_000
DAY = timedelta(days=1)
#: How long it is remembered that a secret came from somewhere, and how old that may grow before it is written anew.
KNOWN, MONTH = timedelta(days=90), timedelta(days=30)
#: What is over is forgotten, a few rows at each wrong try.
_FORGET = """DELETE FROM secret_tries WHERE subject IN (SELECT subject FROM secret_tries WHERE until < %s ORDER BY until LIMIT 20 FOR UPDATE SKIP LOCKED)"""
PRESENT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Tries:
    """`until`: this sender may not try before; `known`: until when it is remembered that the secret came from here."""

    until: datetime | None
    known: datetime | None


def derive(key: str, case_id: UUID, version: int = PRESENT_VERSION) -> str:
    """HMAC-SHA256 of the server's key over the version and the case id, in the alphabet of references: `XXXXX-XXXXX`."""
    number = int.from_bytes(hmac_new(key.encode(), b"case secret\x00%d\x00" % version + case_id.bytes, sha256).digest())
    plain = ""
    for _ in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        plain += ALPHABET[digit]
    return f"{plain[:5]}-{plain[5:]}"


def matches(keys: Iterable[str], case_id: UUID, version: int, given: str) -> bool:
    """True where what somebody typed is the secret under one of the keys; case, spaces and hyphens do not matter."""
    plain = given.strip().upper().replace("-", "").replace(" ", "").encode()
    return any(compare_digest(plain, derive(key, case_id, version).replace("-", "").encode()) for key in keys)


def tried(work: Work, reference: str, sender: str) -> Tries:
    """What is known of tries for a reference, and of those of this sender (an address or network; empty: nobody knows, and all such are one)."""
    pair, whole, good = (_subject(work, what, reference, sender) for what in ("pair", "whole", "good"))
    rows = work.sql("SELECT subject, failures, until FROM secret_tries WHERE subject = ANY(%s) AND until > %s", ([pair, whole, good], work.now))
    found = {subject: (failures, until) for subject, failures, until in rows}
    failures, until = found.get(pair, (0, None))
    known = found[good][1] if good in found else None
    if failures < TRIES:
        failures, until = found.get(whole, (0, None))
        until = until if failures >= ALTOGETHER and known is None else None
    return Tries(until, known)


def failed(work: Work, reference: str, sender: str) -> None:
    """Counts one wrong try, in a unit that commits although the answer is a refusal. A sender's lock lasts from the last try, the other from the first."""
    work.sql(_FORGET, (work.now,))
    work.sql(
        """INSERT INTO secret_tries AS t (subject, failures, until) VALUES (%(pair)s, 1, %(soon)s), (%(whole)s, 1, %(later)s)
        ON CONFLICT (subject) DO UPDATE SET failures = CASE WHEN t.until > %(now)s THEN t.failures + 1 ELSE 1 END,
        until = CASE WHEN t.subject = %(whole)s AND t.until > %(now)s THEN t.until ELSE excluded.until END""",
        {
            "pair": _subject(work, "pair", reference, sender),
            "whole": _subject(work, "whole", reference, sender),
            "soon": work.now + LOCKED,
            "later": work.now + DAY,
            "now": work.now,
        },
    )


def proved(work: Work, reference: str, sender: str, tries: Tries) -> None:
    """Remembers where a holder asks from, so that tries of others do not shut it out; written once in a month."""
    if tries.known is None or tries.known < work.now + KNOWN - MONTH:
        work.sql(
            "INSERT INTO secret_tries (subject, failures, until) VALUES (%s, 0, %s) ON CONFLICT (subject) DO UPDATE SET until = excluded.until",
            (_subject(work, "good", reference, sender), work.now + KNOWN),
        )


def _subject(work: Work, what: str, reference: str, sender: str) -> str:
    """A digest under the portal's key: the row names neither case nor address. The budget of a reference is one, whoever asks."""
    text = "\x00".join((what, reference, "" if what == "whole" else sender))
    return hmac_new(work.portal.settings.secret_key.get_secret_value().encode(), b"secret tries\x00" + text.encode(), sha256).hexdigest()
