"""A letter that came in, written down by one of the staff or a champion: what both doors do with it, and what they tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from portal.access import grants
from portal.cases import registry, secret
from portal.catalogue.definitions import Agency, Catalogue
from portal.db import new_id
from portal.errors import Invalid, NotAllowed
from portal.intake import documents, letters
from portal.intake.documents import Upload
from portal.intake.letters import Arrival
from portal.intake.receive import Submission
from portal.standards import clocks
from portal.unit_of_work import Portal, Principal, Repeatable, Row, Work
from portal.views import case as views
from portal.views import entry


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is written down. `reference`: the request it is about; without one it is a new one, for `service` or whatever `text` says."""

    kind: str
    received_on: date
    reason: str | None = None
    agency: str | None = None
    reference: str | None = None
    service: str | None = None
    text: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] = field(default_factory=dict)
    location: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None


def demand(letter: Letter) -> None:
    """Returns for a letter that says whom it is about; Invalid else."""
    new, errors = letter.kind == "new", []
    if new and letter.reference:
        errors.append({"pointer": "/reference", "detail": "A new request has no reference yet: leave it out, or say what the letter is about that request."})
    if not new and not letter.reference:
        errors.append({"pointer": "/reference", "detail": "Write the reference the letter names."})
    if new and not letter.service and not (letter.text or "").strip():
        errors.append({"pointer": "/text", "detail": "Write what the letter asks for, or name the service."})
    if errors:
        raise Invalid(errors=errors)


def agency_of(catalogue: Catalogue, who: Principal, wanted: str | None) -> Agency:
    """At which agency it came in: one of those whoever asks works for; a champion says which."""
    if wanted is not None and wanted in catalogue.agencies and (who.scope == "champion" or wanted in who.agencies):
        return catalogue.agencies[wanted]
    if wanted is None and (mine := next((one for one in who.agencies if one in catalogue.agencies), None)):
        return catalogue.agencies[mine]
    if wanted is None or wanted not in catalogue.agencies:
        raise Invalid(errors=[{"pointer": "/agency", "detail": "Say at which agency the letter came in; GET /api/v1/services names them."}])
    raise NotAllowed("Only the agency that has the letter writes it down, or a champion.")


def write_down(portal: Portal, who: Principal, letter: Letter, same: Repeatable | None, keep: Any, scan: Upload | None = None) -> tuple[bool, Any]:
    """One letter in one unit, with its scan: whether it was taken before, and what `keep` made of what is told (or the earlier answer)."""
    demand(letter)
    arrival = Arrival(agency=agency_of(portal.catalogue, who, letter.agency), on=letter.received_on, reason=letter.reason)
    made, new = new_id(), letter.kind == "new"
    with portal.work(who, repeatable=same, new_cases=[made] if new else ()) as work:
        if new and work.answer is None:
            row, missing = _opened(work, made, letter, arrival)
        elif not new:
            case_id = entry.find(work, str(letter.reference))
            if work.answer is None:
                work.narrow([case_id, made])
                grants.demand_open(work, case_id, who.subject)
                if scan is not None and letter.kind == "withdrawal":  # an ended case takes no files
                    documents.take(work, case_id, scan, channel=letters.CHANNEL, sender="party")
                    scan = None
                objection = letters.on_case(work, case_id, letter.kind, arrival, text=letter.text, answers=letter.answers, objection=made)
                row, missing = objection or registry.case_of(work, case_id), []
        if work.answer is not None:
            return True, work.answer
        if scan is not None:
            documents.take(work, row["case_id"], scan, channel=letters.CHANNEL, sender="party")
        work.settle()
        told = keep(_told(work, registry.case_of(work, row["case_id"]), missing, secret_too=new or letter.kind == "objection"))
        work.keep(told)
    return False, told


def _opened(work: Work, case_id: UUID, letter: Letter, arrival: Arrival) -> tuple[Row, list[str]]:
    """By its service's questions; where some are not answered and there are words, it is taken as it is, and they stay open."""
    said: dict[str, Any] = {name: getattr(letter, name) for name in ("text", "answers", "contact", "location", "language")}
    known = letter.service in work.catalogue.services and not work.catalogue.services[str(letter.service)].triage
    meant: dict[str, Any] = {"meant": letter.service} if known and (letter.text or "").strip() else {"service": letter.service}
    taken = letters.open_by_letter(work, case_id, Submission(**said, **meant), arrival)
    return taken.case, taken.missing


def _told(work: Work, case: Row, missing: list[str], *, secret_too: bool) -> dict[str, Any]:
    key = work.portal.settings.secret_key.get_secret_value()
    return {
        "reference": case["reference"],
        "secret": secret.derive(key, case["case_id"]) if secret_too else None,
        "status": case["status"],
        "service": case["service"],
        "received_at": case["received_at"],
        "promise": views.promise(clocks.of_case(work, case["case_id"]), case["zone"], case["language"]),
        "answers": missing,
    }
