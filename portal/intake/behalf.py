"""An official enters a request for somebody at the counter or on the telephone, who agreed to that; and makes a lost secret anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from portal.cases import registry
from portal.catalogue.words import says_nothing
from portal.consents import ledger
from portal.errors import Invalid
from portal.intake import answers as rules
from portal.intake import saving
from portal.intake.receive import Received
from portal.intake.saving import Place
from portal.unit_of_work import Row, Work
from portal.vault import items

CHANNELS = ("counter", "phone")
#: How somebody agrees, and what shows who somebody is.
HOW = ("spoken", "signed")
SHOWN = ("document", "questions", "known")


def begin(work: Work, id: UUID, filled: Mapping[str, Any], place: Place, *, consent: str) -> Row:
    """A form an official fills for somebody, in a unit that began with `id`; that they agreed stands with it. Invalid for another `consent`."""
    _demand(consent, HOW, "/consent")
    row = saving.begin(work, id, filled, place)
    ledger.entered(work, id, agency=work.principal.agencies[0], service=filled["service"], how=consent)
    return row


def take_up(work: Work, row: Row, place: Place, *, consent: str) -> None:
    """An official goes on with what somebody began at home, who gave its secret and agreed."""
    if row["status"] == "open":
        _demand(consent, HOW, "/consent")
    saving.take_up(work, row, place, how="secret")
    ledger.entered(work, row["case_id"], agency=work.principal.agencies[0], service=row["service"], how=consent)


def send(work: Work, row: Row, place: Place, case_id: UUID, *, version: int | None) -> Received:
    """It becomes a case of whom it is for, and the consent goes with it."""
    taken = saving.send(work, row, place, case_id, subject=None, version=version)
    agreed = ledger.of_entry(work, row["case_id"])
    if agreed is not None:
        ledger.entered(work, case_id, agency=agreed["to_agency"], service=taken.case["service"], how=agreed["how"])
    return taken


def agreed(work: Work, case: Row, *, consent: str) -> None:
    """Whom a case just opened by an official is for agreed to that. Invalid for another `consent`, and where no official asks."""
    if work.principal.scope != "staff":
        raise Invalid(errors=[{"pointer": "/consent", "detail": "Leave this out: only who enters a request for somebody else says how they agreed."}])
    _demand(consent, HOW, "/consent")
    ledger.entered(work, case["case_id"], agency=work.principal.agencies[0], service=case["service"], how=consent)


def renew_secret(work: Work, case_id: UUID, *, how: str, words: str) -> str:
    """The new secret of a case in hand, for who has shown to be its party. `how`: `document`, `questions`, `known`. Invalid without a reason in words."""
    _demand(how, SHOWN, "/how")
    try:
        said = rules.plain(words, limit=2000).strip()
    except rules.Wrong as wrong:
        raise Invalid(errors=[{"pointer": "/words", "detail": str(wrong)}]) from wrong
    if says_nothing(said):
        raise Invalid(errors=[{"pointer": "/words", "detail": "Say what showed who it is: colleagues may be asked for it."}])
    item, _ = items.put(work, case_id, "note", said)
    return registry.renew_secret(work, case_id, how=how, words=item)


def _demand(said: str, among: tuple[str, ...], pointer: str) -> None:
    if said not in among:
        raise Invalid(errors=[{"pointer": pointer, "detail": f"Choose one of: {', '.join(among)}."}])
