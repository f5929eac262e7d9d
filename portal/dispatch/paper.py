"""A notice that goes by post: made into a letter for the post room; nothing is called."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.cases import decisions
from portal.cases.registry import case_of
from portal.catalogue.languages import day_in_words, say
from portal.catalogue.letters import cleaned
from portal.dispatch import sheet
from portal.dispatch.sheet import Sheet
from portal.outbox import prints
from portal.outbox.claims import Claim
from portal.parties import register, silence, ways
from portal.plugins.agency import Refusal
from portal.plugins.channel import Notice
from portal.unit_of_work import Row, Work
from portal.vault import items

#: Kind of the vault item with a letter as it is printed.
ITEM = "print"


def ready(work: Work, claim: Claim, *, to: str, notice: Notice) -> Sheet | Refusal:
    """The letter, or why none can be sent to that address."""
    party = UUID(claim.body["party"])
    needs = ways.of(work, claim.case_id, party).needs
    if "no-letters-home" in needs:
        return Refusal("the party asked for no letters at home", retry=False, code="no-letters-home")
    if silence.wanted(work, prints.CHANNEL, to):
        return Refusal("letters to this address came back", retry=False, code="came-back")
    made = _made(work, claim, party, to=to, notice=notice, large="large-print" in needs)
    missing = sheet.unprintable(made.text, sheet.named(work.portal.settings.letter_fonts))
    if missing:
        return Refusal(f"{len(missing)} of its characters are in no font of the portal (LETTER_FONTS)", retry=False, code="no-font")
    return made


def told(work: Work, row: Row, made: Sheet) -> None:
    """It waits for the post room of whoever wrote it."""
    item, _ = items.put(work, row["case_id"], ITEM, made.kept, party_id=UUID(row["body"]["party"]))
    decision = _decision(work, row["case_id"], row["body"]["refs"])
    agency = decision["agency"] if decision else case_of(work, row["case_id"])["agency"]
    prints.queue(work, row, item=item, agency=agency, reference=made.reference)


def _made(work: Work, claim: Claim, party: UUID, *, to: str, notice: Notice, large: bool) -> Sheet:
    case = case_of(work, claim.case_id)
    decision = _decision(work, claim.case_id, claim.body["refs"])
    letter: Any = items.get(work, claim.case_id, decision["letter"]) if decision and decision["letter"] else None
    agency = work.catalogue.agencies.get(decision["agency"] if decision else case["agency"])
    language = letter["language"] if letter else notice.language
    paragraphs = letter["paragraphs"] if letter else notice.text.split("\n\n")
    row = next(one for one in register.of_case(work, claim.case_id) if one["party_id"] == party)
    contact: Any = items.get(work, claim.case_id, row["contact"]) if row["contact"] else None
    return Sheet(
        reference=case["reference"],
        language=language,
        name=cleaned(str((contact or {}).get("name") or "")),
        address=cleaned(to),
        sender=say(agency.title, language) if agency else "",
        contact=say(agency.contact, language) if agency and agency.contact else "",
        date=day_in_words(work.now.astimezone(ZoneInfo(case["zone"])).date(), language),
        subject=cleaned(letter["subject"] if letter else notice.subject),
        paragraphs=tuple(cleaned(one).strip() for one in paragraphs if one.strip()),
        large=large,
    )


def _decision(work: Work, case_id: UUID, refs: dict[str, Any]) -> Row | None:
    return decisions.decision_of(work, case_id, UUID(str(refs["decision"]))) if refs.get("decision") else None
