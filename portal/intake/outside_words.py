"""Words about a case from somebody who did not prove to stand on it: kept apart from what its party says, and read by people."""

from __future__ import annotations

from uuid import UUID

from portal.cases import registry
from portal.errors import Invalid
from portal.intake import answers as rules
from portal.intake.receive import TEXT_LIMIT
from portal.unit_of_work import Work
from portal.vault import items


def known(work: Work, case_id: UUID, source: str) -> str | None:
    """The item of words of that very source, where they came before (a case in hand: nobody else writes to it meanwhile)."""
    found = work.sql("SELECT data->>'item' FROM events WHERE case_id = %s AND type = 'WordReceived' AND data->>'source' = %s", (case_id, source))
    return str(found[0][0]) if found else None


def take(work: Work, case_id: UUID, words: str, *, source: str, why: str, channel: str) -> UUID:
    """Keeps them as a note of a case in hand; its id. They answer no question, change no contact and start or stop no clock. `WordReceived`."""
    try:
        kept = rules.plain(words, limit=TEXT_LIMIT)
    except rules.Wrong as wrong:
        raise Invalid(errors=[{"pointer": "/words", "detail": str(wrong)}]) from wrong
    item, commitment = items.put(work, case_id, "note", kept)
    case = registry.case_of(work, case_id)
    work.record(case_id, "WordReceived", agency=case["agency"], channel=channel, item=str(item), commitment=commitment, source=source, why=why)
    return item
