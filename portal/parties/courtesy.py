"""How often somebody is answered by itself: three times a day at most, so that no machine can be talked to for ever (RFC 3834, 2)."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from hmac import new as hmac_new

from portal.db import new_id
from portal.unit_of_work import Work

MOST, DAY = 3, timedelta(days=1)
#: Old ones that go with each new one.
SWEPT = 100


def allowed(work: Work, address: str) -> bool:
    """Counts one answer to this address, and says whether it may be given; two at once wait for each other."""
    digest = hmac_new(work.portal.settings.secret_key.get_secret_value().encode(), b"courtesy\x00" + address.casefold().encode("utf-8", "replace"), sha256)
    work.sql("SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(digest.digest()[:8], signed=True),))
    ((given,),) = work.sql("SELECT count(*) FROM courtesies WHERE digest = %s AND at > %s", (digest.digest(), work.now - DAY))
    if given >= MOST:
        return False
    work.sql("DELETE FROM courtesies WHERE id IN (SELECT id FROM courtesies WHERE at < %s LIMIT %s FOR UPDATE SKIP LOCKED)", (work.now - DAY, SWEPT))
    work.sql("INSERT INTO courtesies (id, digest, at) VALUES (%s, %s, %s)", (new_id(), digest.digest(), work.now))
    return True
