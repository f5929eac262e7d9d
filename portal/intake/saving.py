"""A form is saved for later and taken up again: on another device, another channel, or by somebody at the counter; then it is sent once, or goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.cases import registry, secret
from portal.errors import Conflict, IllegalMove, NotFound, Stale
from portal.intake import filling
from portal.intake.known import Reuse
from portal.intake.receive import Received, Submission, receive
from portal.outbox import codes
from portal.standards import timers
from portal.unit_of_work import Principal, Row, Work
from portal.vault import items, saved

TIMER = "draft"
#: Before it goes its party is told, where an address stands in it.
WARNED = timedelta(days=3)


class Sent(IllegalMove):
    """This form was sent already. Open the request with the reference and the secret of its receipt."""

    slug = "draft-sent"


@dataclass(frozen=True)
class Place:
    """Where somebody fills it, in which language, and who has it in hand for somebody else."""

    channel: str
    language: str
    holder: str | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What conditions may name beside the answers."""
        return {"channel": self.channel, "area": None, "language": self.language}


def begin(work: Work, id: UUID, filled: Mapping[str, Any], place: Place, *, subject: str | None = None) -> Row:
    """Saves a form, in a unit that began with `id` as its new case; its row, whose reference and secret open it."""
    catalogue, portal = work.catalogue, work.portal
    front = catalogue.agencies[catalogue.triage.agency]
    work.begin_case(id, jurisdiction=front.jurisdiction, origin="demo" if portal.settings.mode != "production" else "live")
    kept = filling.labelled_answers(catalogue, filled)
    reference = registry.name(work, id)
    row = saved.begin(work, id, kept, reference=reference, subject=subject, holder=place.holder, channel=place.channel, language=place.language)
    timers.arm(work, id, kind=TIMER, subject=id, due_at=_first_due(row))
    return row


def code(work: Work, row: Row) -> str:
    """The secret that opens it with its reference."""
    version = secret.PRESENT_VERSION if row.new else registry.find(work, row["reference"])[1]
    return secret.derive(work.portal.settings.secret_key.get_secret_value(), row["case_id"], version)


def opened(work: Work, id: UUID, who: Principal, *, proved: bool = False) -> Row:
    """Takes a draft in hand; NotFound where it is not there, or is not the asker's: its secret, its keeper or its holder opens it."""
    work.narrow([id])
    row = saved.row_of(work, id)
    mine = who.scope == "party" and who.subject is not None and row["subject"] == who.subject
    held = who.scope == "staff" and row["holder"] == who.subject and row["held_until"] is not None and row["held_until"] > work.now
    if not (proved or mine or held):
        raise NotFound
    return row


def filled(work: Work, row: Row, place: Place) -> dict[str, Any]:
    """What was typed, as its definition is today."""
    typed = saved.typed(work, row)
    if place.channel != "web" and typed:
        # What comes from other matters goes by the consent of who proved them in a browser of their own.
        typed = {**filling.without_reused(typed), "earlier": False}
    return filling.fitted(work.catalogue, typed, place.facts)


def take_up(work: Work, row: Row, place: Place, *, how: str) -> None:
    """Somebody goes on with it here. `how`: `secret`, `known`."""
    if row["status"] != "open":
        raise Sent
    saved.taken_up(work, row, channel=place.channel, how=how, holder=place.holder)


def save(work: Work, row: Row, typed: Mapping[str, Any], place: Place, *, version: int | None) -> None:
    """What is typed now. Stale where it was changed since that version: nobody overwrites what they have not seen."""
    if row["status"] != "open":
        raise Sent
    now = filling.labelled_answers(work.catalogue, typed)
    if now == saved.typed(work, row):
        return
    demand(work, row, version)
    saved.change(work, row, now, channel=place.channel, language=place.language)
    timers.move(work, row["case_id"], row["case_id"], kind=TIMER, due_at=_first_due(row))


def demand(work: Work, row: Row, version: int | None) -> None:
    """Stale where the draft was changed since that version."""
    if version is not None and version != work.version(row["case_id"]):
        raise Stale


def keep(work: Work, row: Row, subject: str) -> None:
    """Who signed in keeps it among its own. Conflict where it is somebody else's."""
    if not saved.keep(work, row, subject):
        raise Conflict("This draft is kept by somebody who signed in already. It can still be opened with its secret code.")


def submission(typed: Mapping[str, Any], place: Place, *, subject: str | None, reuse: Sequence[Reuse] = ()) -> Submission:
    """The form as it is sent; what is taken over from other matters is not said besides."""
    said = {name: typed[name] for name in ("service", "text", "answers", "contact")}
    over = {name for one in reuse for name in one.fields}
    said["answers"] = {name: value for name, value in typed["answers"].items() if name not in over}
    return Submission(**said, channel=place.channel, language=place.language, subject=subject, reuse=reuse)


def send(work: Work, row: Row, place: Place, case_id: UUID, *, subject: str | None, version: int | None = None, reuse: Sequence[Reuse] = ()) -> Received:
    """It becomes a case, in a unit that began with `case_id`; what was typed is erased here. Invalid where it is not whole, Sent where it was sent."""
    if row["status"] != "open":
        raise Sent
    demand(work, row, version)
    typed = saved.typed(work, row) if reuse else filled(work, row, place)
    taken = receive(work, submission(typed, place, subject=subject or row["subject"], reuse=reuse), case_id=case_id)
    saved.ended(work, row, "sent", channel=place.channel, case=case_id)
    timers.disarm(work, row["case_id"], row["case_id"])
    return taken


def delete(work: Work, row: Row, place: Place) -> None:
    """Its party does not want it any more: what was typed is erased."""
    if row["status"] != "open":
        raise Sent
    saved.ended(work, row, "deleted", channel=place.channel)
    timers.disarm(work, row["case_id"], row["case_id"])


def due(work: Work, timer: Row) -> None:
    """It is about to go, and its party is told; or its time is over."""
    try:
        row = saved.row_of(work, timer["subject"])
    except NotFound:
        row = None
    if row is None:
        saved.lapsed(work, timer["subject"])
    elif row["status"] == "open" and not row["reminded"]:
        _remind(work, row)
        timers.move(work, row["case_id"], row["case_id"], kind=TIMER, due_at=row["expires_at"])


def _remind(work: Work, row: Row) -> None:
    """A word to the address that stands in it, and to no other."""
    contact = saved.typed(work, row).get("contact", {})
    way = next(((channel, contact[name]) for channel, name in (("email", "email"), ("sms", "phone")) if contact.get(name)), None)
    saved.reminded(work, row)
    if way is None or (way[0] == "sms" and not work.portal.settings.sms_endpoint):
        return
    link = f"{work.portal.settings.public_url}/drafts"
    told = {"to": way[1], "facts": {"reference": row["reference"], "link": link}, "until": row["expires_at"].isoformat()}
    item, _ = items.put(work, row["case_id"], "proof", told)
    codes.place(work, row["case_id"], channel=way[0], item=item, language=row["language"], says="draft")


def _first_due(row: Row) -> Any:
    return max(row["saved_at"], row["expires_at"] - WARNED)
