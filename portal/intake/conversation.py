"""Conversations by messages: each turn is taken once, moves the talk on, and in the end opens a case, all in one unit. Who writes proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from portal.cases import secret
from portal.errors import Invalid
from portal.intake import answers as rules
from portal.intake import once
from portal.intake.dialogue import Desk, Heard, Talk, hear, refused
from portal.intake.dialogue_words import told
from portal.intake.receive import Submission, receive
from portal.outbox import texts
from portal.parties import silence
from portal.plugins.channel import Turn
from portal.plugins.texts import pieces, thrifty
from portal.standards import timers
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Row, Work
from portal.vault import dialogues, items

#: Of a new case: the sentence with its date, and what to do in danger.
Tell = Callable[[Work, Row, str], tuple[str | None, str]]
#: Silence after which somebody is asked whether they are still there, and after which what was begun is forgotten.
PATIENCE, FORGOTTEN = timedelta(minutes=30), timedelta(hours=24)
TIMER = "dialogue"
#: Parts of one message that are waited for.
MOST_PARTS = 20
EVERYWHERE = "112"


def stream_of(portal: Portal, channel: str, sender: str) -> UUID:
    """The stream of a sender; nobody can make one of another's number without our key."""
    return once.id_of(portal, f"dialogue:{channel}", address(sender))


def address(sender: str) -> str:
    """A number in its international form; a name stays as it is."""
    try:
        return rules.phone(None, sender)
    except rules.Wrong:
        return sender


def take(portal: Portal, channel: str, turn: Turn, *, tell: Tell) -> list[str]:
    """What is answered to one message; the same for the same message for ever."""
    id = stream_of(portal, channel, turn.sender)
    _begun(portal, id, channel)
    case_id = once.id_of(portal, f"turn:{id}", turn.id)
    with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
        work.narrow([id])
        row = dialogues.row_of(work, id)
        assert row is not None
        before = dialogues.answered(work, row, turn.id)
        if before is not None:
            return before
        said = _turn(work, row, turn, case_id, tell)
    return said


def _begun(portal: Portal, id: UUID, channel: str) -> None:
    """The stream of a sender who writes for the first time; two first messages at once begin it once."""
    with portal.work(ENGINE) as work:
        work.narrow([id])
        if work.holds(id):
            return
    triage = portal.catalogue.agencies[portal.catalogue.triage.agency]
    origin = "demo" if portal.settings.mode != "production" else "live"
    try:
        with portal.work(ANONYMOUS, new_cases=[id]) as work:
            dialogues.begin(work, id, channel=channel, jurisdiction=triage.jurisdiction, origin=origin)
    except UniqueViolation:
        return


def _turn(work: Work, row: Row, turn: Turn, case_id: UUID, tell: Tell) -> list[str]:
    kept = dialogues.state(work, row)
    parts: dict[str, Any] = kept.pop("parts", {})
    words = turn.words
    if turn.parts > 1 and turn.ref:
        parts = {turn.ref: {**parts.get(turn.ref, {}), str(turn.part): words}}
        if len(parts[turn.ref]) < min(turn.parts, MOST_PARTS):
            return dialogues.take(work, row, turn.id, {**kept, "parts": parts}, [])
        words = "".join(parts[turn.ref][number] for number in sorted(parts[turn.ref], key=int))
    desk, talk = desk_of(work.portal, row["channel"]), _talk(work, row, kept)
    heard = hear(desk, talk, words)
    if heard.effect == "start" and not silence.wanted(work, row["channel"], address(turn.sender)):
        heard = hear(desk, talk, "")
    talk, says = _followed(work, row, desk, heard, turn, case_id, tell)
    if turn.files and talk.stage:
        says = [told("files", talk.language), *says]
    _rearm(work, row, open=bool(talk.stage))
    return dialogues.take(work, row, turn.id, {**_state(talk), "to": address(turn.sender)}, [piece for one in says for piece in pieces(one)])


def _followed(work: Work, row: Row, desk: Desk, heard: Heard, turn: Turn, case_id: UUID, tell: Tell) -> tuple[Talk, list[str]]:
    """What the message leads to: silence, a case, or the next question."""
    channel, talk = row["channel"], heard.talk
    if heard.effect == "stop":
        silence.ask(work, channel, address(turn.sender))
        dialogues.ended(work, row, "stopped")
    elif heard.effect == "start":
        silence.end(work, channel, address(turn.sender))
    elif heard.effect == "restart":
        dialogues.ended(work, row, "restarted")
    if heard.effect not in ("form", "words"):
        return talk, list(heard.says)
    try:
        return Talk(talk.language), _opened(work, row, talk, turn, case_id, tell, form=heard.effect == "form")
    except Invalid as wrong:
        if heard.effect == "words":
            return Talk(talk.language), [one["detail"] for one in wrong.errors] or [wrong.detail]
        again = refused(desk, talk, wrong)
        return _followed(work, row, desk, again, turn, case_id, tell)


def _opened(work: Work, row: Row, talk: Talk, turn: Turn, case_id: UUID, tell: Tell, *, form: bool) -> list[str]:
    """The case, and what is said of it: reference and secret, the promise, and first of all the emergency number where there is danger."""
    number = address(turn.sender)
    contact = {"phone": number} if number.startswith("+") else {"name": number}
    given = Submission(
        service=talk.service if form else None,
        text=talk.text or turn.words,
        answers=talk.given if form else {},
        contact=contact,
        channel=row["channel"],
        language=talk.language,
        source=row["channel"],
        external_id=str(case_id),
    )
    received = receive(work, given, case_id=case_id)
    work.settle()
    case = received.case
    dialogues.ended(work, row, "sent", case=case_id)
    key = work.portal.settings.secret_key.get_secret_value()
    says = [told("sent", talk.language, reference=case["reference"], secret=secret.derive(key, case_id))]
    promised, emergency = tell(work, case, talk.language)
    if promised:
        says[0] = f"{says[0]} {promised}"
    link = f"{work.portal.settings.public_url}/cases/{case['reference']}"
    says[0] = f"{says[0]} {told('look', talk.language, link=link)}"
    # Dates come with blanks that would treble the parts of the message.
    says = [thrifty(one) for one in says]
    return [emergency, *says] if received.danger else says


def lapse(work: Work, timer: Row) -> None:
    """Nobody answered: they are asked kindly once; a day later what was begun is forgotten."""
    row = dialogues.row_of(work, timer["subject"])
    if row is None or not row["open"]:
        return
    state = dialogues.state(work, row)
    if state.get("reminded"):
        dialogues.ended(work, row, "lapsed")
        dialogues.keep(work, row, {"language": state.get("language"), "to": state.get("to")})
        return
    item, _ = items.put(work, row["case_id"], "text", {"to": state["to"], "text": told("waiting", state["language"])})
    texts.place(work, row["case_id"], channel=row["channel"], item=item)
    dialogues.keep(work, row, {**state, "reminded": True})
    timers.move(work, row["case_id"], row["case_id"], kind=TIMER, due_at=timer["due_at"] + FORGOTTEN)


def desk_of(portal: Portal, channel: str) -> Desk:
    """What a conversation knows."""
    front = portal.catalogue.agencies[portal.catalogue.triage.agency]
    return Desk(portal.catalogue, channel, front.contact or front.title, front.emergency or EVERYWHERE, f"{portal.settings.public_url}/cases")


def _rearm(work: Work, row: Row, *, open: bool) -> None:
    id = row["case_id"]
    if not open:
        timers.disarm(work, id, id)
    elif timers.known(work, id, id, kind=TIMER):
        timers.move(work, id, id, kind=TIMER, due_at=work.now + PATIENCE)
    else:
        timers.arm(work, id, kind=TIMER, subject=id, due_at=work.now + PATIENCE)


def _talk(work: Work, row: Row, kept: dict[str, Any]) -> Talk:
    language = kept.get("language") or work.portal.settings.default_language
    if not kept.get("stage"):
        return Talk(language)
    known = {name: kept[name] for name in Talk.__dataclass_fields__ if name in kept}
    talk = Talk(**{**known, "seen": tuple(known.get("seen", ())), "offered": tuple(known.get("offered", ()))})
    desk = desk_of(work.portal, row["channel"])
    gone = talk.service is not None and talk.service not in work.catalogue.services
    return Talk(language, text=talk.text) if gone or any(id not in desk.catalogue.services for id in talk.offered) else talk


def _state(talk: Talk) -> dict[str, Any]:
    return asdict(talk)
