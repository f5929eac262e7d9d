"""What must hold in how an agency takes referrals."""

from __future__ import annotations

from portal.catalogue import syntax
from portal.catalogue.definitions import Agency, Referrals
from portal.catalogue.documents import Document
from portal.catalogue.faults import instead
from portal.catalogue.known import Known


def check_referrals(document: Document[Agency], known: Known) -> None:
    """Note every fault of how the agency takes what other doors refer to it."""
    agency = document.value
    said = agency.referrals if agency else None
    if agency is None or said is None:
        return
    _at_once(document, agency, said, known)
    if said.within and (message := syntax.bad_term(said.within)):
        document.note(("referrals", "within"), message)
    if said.closed_from and (message := syntax.bad_date(said.closed_from)):
        document.note(("referrals", "closed_from"), message)
    calendars, queues = {one.id for one in agency.calendars}, {one.id for one in agency.queues}
    if said.calendar and said.calendar not in calendars:
        document.note(("referrals", "calendar"), f"there is no calendar `{said.calendar}` here: {instead(said.calendar, calendars)}")
    if said.queue and said.queue not in queues:
        document.note(("referrals", "queue"), f"there is no queue `{said.queue}` here: {instead(said.queue, queues)}")


def _at_once(document: Document[Agency], agency: Agency, said: Referrals, known: Known) -> None:
    for index, one in enumerate(said.at_once):
        if one == agency.id:
            document.note(("referrals", "at_once", index), f"`{one}` is this agency itself: what moves between its own services is never offered; leave it out")
        elif one and one not in known.names["agency"]:
            document.note(("referrals", "at_once", index), f"there is no agency `{one}`: {instead(one, known.names['agency'])}")
        elif one in said.at_once[:index]:
            document.note(("referrals", "at_once", index), f"`{one}` stands here twice: leave it out once")
    if said.at_once and said.takes == "nothing":
        document.note(("referrals", "at_once"), "this agency takes no referrals: leave `at_once` out, or write `takes: offers`")
