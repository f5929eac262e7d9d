"""The case secret: derived, shown once, short enough to read out together with the reference; wrong tries lock it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from uuid import UUID

from portal.cases.reference import ALPHABET
from portal.unit_of_work import Work

#: Characters; 26^10 is about 47 bits, guarded by the lock below.
LENGTH = 10
#: Wrong tries for one reference before it is locked, and how long.
TRIES = 10
LOCKED = timedelta(minutes=15)
PRESENT_VERSION = 1


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


def locked(work: Work, reference: str) -> datetime | None:
    """Until when the reference is locked for its secret, or None."""
    found = work.sql("SELECT until FROM secret_tries WHERE subject = %s AND failures >= %s AND until > %s", (_subject(reference), TRIES, work.now))
    until: datetime | None = found[0][0] if found else None
    return until


def failed(work: Work, reference: str) -> None:
    """Counts one wrong try, in a unit that commits although the answer is a refusal."""
    work.sql(
        """INSERT INTO secret_tries AS t (subject, failures, until) VALUES (%(subject)s, 1, %(until)s)
        ON CONFLICT (subject) DO UPDATE SET failures = CASE WHEN t.until > %(now)s THEN t.failures + 1 ELSE 1 END, until = %(until)s""",
        {"subject": _subject(reference), "until": work.now + LOCKED, "now": work.now},
    )


def _subject(reference: str) -> str:
    return sha256(b"secret of\x00" + reference.encode()).hexdigest()
