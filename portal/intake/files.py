"""Answer files of agencies: each taken once for ever, by what is in it; every line a report like any other, or the whole file before people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Literal

from portal.intake import reports
from portal.intake.reports import Report
from portal.outbox import inbox, parcels, strays
from portal.plugins.agency import Refusal, Written
from portal.unit_of_work import Portal, Principal

#: Seconds after which the rest of a file is left to the next look: what was taken of it stays taken.
BUDGET = 5.0


Taken = Literal["done", "wait", "more"]


def take(portal: Portal, agency: str, name: str, digest: str, said: Sequence[Written] | Refusal, *, at: datetime | None = None) -> Taken:
    """Takes a file, or puts before people why not, once it has lain there unchanged from one look to the next: the first may have come while it was written.

    `done`: all of it is decided, now or before; `wait`: the next look says more; `more`: lines are left, soon.
    """
    who = Principal("agency", subject=agency, agencies=(agency,))
    with portal.work(who, at=at) as work:
        before = parcels.decided(work, agency, digest)
        if before in ("applied", "refused"):
            return "done"
        if isinstance(said, Refusal):
            if before is None:
                parcels.seen(work, source=agency, digest=digest, name=name, why=said.reason)
                return "wait"
            if parcels.decide(work, source=agency, digest=digest, name=name, status="refused", why=said.reason, lines=0):
                known = {"file": name, "reason": said.reason, "sha256": digest}
                strays.found(work, agency=agency, kind="file", name=name, known=known)
            return "done"
        taken = inbox.taken(work, agency, _message(digest, ""))
    end = monotonic() + BUDGET
    for number, line in enumerate(said, start=1):
        message = _message(digest, str(number))
        if message in taken:
            continue
        if monotonic() > end:
            return "more"
        reports.take(portal, agency, Report(message, line.key, line.status, line.remote_id, line.outcome, words=line.words), at=at)
    with portal.work(who, at=at) as work:
        parcels.decide(work, source=agency, digest=digest, name=name, status="applied", why=None, lines=len(said))
    return "done"


def _message(digest: str, line: str) -> str:
    return f"file:{digest}:{line}"
