"""An agency without a system: it gets a mail, answers by mail, and what no machine may decide on goes to people."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from portal.catalogue.definitions import AgencyMail
from portal.local.addresses import free_port
from portal.outbox.answer_addresses import key_of, looks_like_one, made
from portal.plugins import discovery
from portal.plugins.agency import Answers, Said
from portal.ports.mail import Intake
from portal.unit_of_work import ENGINE
from portal.vault import items
from tests.ledger.waiting import until
from tests.servers import Servers
from tests.stories.town import CATALOGUE, Town, town

OFFICE = "office@roads.example"


@pytest.fixture(scope="module")
def place(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = servers.database()
    with town(database, tmp_path_factory.mktemp("town")) as one:
        mail = AgencyMail((OFFICE, "Second@Roads.example"), "fr")
        changed = {"adapter": "email", "endpoint": f"mailto:{OFFICE}", "promise": "blind", "mail": mail}
        roads = replace(CATALOGUE.agencies["roads"], **changed)  # type: ignore[arg-type]
        one.portal.catalogue = replace(CATALOGUE, agencies={**CATALOGUE.agencies, "roads": roads})
        yield one
    servers.drop(database.name)


@pytest.fixture(scope="module")
def intake(place: Town) -> Iterator[int]:
    port = free_port()
    one = Intake(place.portal, "127.0.0.1", port)
    one.start()
    yield port
    one.stop()


def handed_over(place: Town) -> tuple[UUID, EmailMessage]:
    """A case, and the mail the agency got of it."""
    place.mailbox.mails.clear()
    place.mailbox.refuse = None
    case = place.ask(service="pothole", answers={"place": "Rue Haute 1"}, text="Très profond")
    place.drain(kinds=["delivery"])
    return case, next(mail for _, to, mail in place.mailbox.mails if to == [OFFICE])


def answer(port: int, mail: EmailMessage, text: str, *, sender: str = OFFICE, to: str | None = None, id: str | None = None, **headers: str) -> None:
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Subject"] = sender, to or mail["Reply-To"], headers.pop("Subject", f"Re: {mail['Subject']}")
    reply["Message-ID"] = id or f"<{uuid4().hex}@roads.example>"
    for name, value in headers.items():
        reply[name.replace("_", "-")] = value
    reply.set_content(text)
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        server.sendmail(sender, [to or mail["Reply-To"]], reply.as_bytes())


def settled(place: Town) -> None:
    until(lambda: not list((Path(place.portal.settings.data) / "mail" / "new").iterdir()), 30)


def spool(place: Town, folder: str) -> int:
    return len(list((Path(place.portal.settings.data) / "mail" / folder).iterdir()))


def notes(place: Town, case: UUID) -> list[str]:
    with place.portal.work(ENGINE) as work:
        work.narrow([case])
        return items.of_kind(work, case, "note")


def kinds(place: Town, case: UUID) -> list[str]:
    return [event["data"]["kind"] for event in place.history(case, "TaskQueued")]


def outcomes(place: Town, case: UUID) -> list[str]:
    return [event["data"]["outcome"] for event in place.history(case, "StepEnded")]


def test_the_mail_says_it_to_people_and_to_machines(place: Town) -> None:
    case, mail = handed_over(place)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Rue Haute 1" in text and "Très profond" in text and "FAIT" in text and mail["Content-Language"] == "fr"
    assert "Haute" not in mail["Subject"]
    (beside,) = mail.iter_attachments()
    order = json.loads(beside.get_content())
    key = place.history(case, "DeliveryPlaced")[0]["data"]["key"]
    assert (order["key"], order["answers"]) == (key, {"place": "Rue Haute 1"})
    assert key in mail["Message-ID"] and mail["Reply-To"].endswith("@rivermouth.example")
    assert place.history(case, "DeliverySent")


def test_its_answer_ends_the_step_once_however_often_it_comes(place: Town, intake: int) -> None:
    case, mail = handed_over(place)
    answer(intake, mail, "Reçu.\n", sender="second@roads.example")
    settled(place)
    for _ in range(3):
        answer(intake, mail, "Fait !\n\nLe 3 janvier 2026, le portail a écrit :\n> REFUSÉ et pourquoi", id="<same@roads.example>")
    settled(place)
    assert [event["data"]["status"] for event in place.history(case, "AgencyReported")] == ["accepted", "done"]
    assert outcomes(place, case) == ["done"] and kinds(place, case) == [] and notes(place, case) == []


def test_why_it_is_refused_is_kept_for_staff_and_stands_in_no_event(place: Town, intake: int) -> None:
    case, mail = handed_over(place)
    answer(intake, mail, "REFUSED: private road of Mrs Peeters\nsee the plan")
    settled(place)
    assert outcomes(place, case) == ["refused"] and kinds(place, case) == []
    assert notes(place, case) == ["private road of Mrs Peeters\nsee the plan"]
    assert "Peeters" not in str(place.history(case))


@pytest.mark.parametrize(
    ("text", "kind", "sender"),
    [
        ("QUESTION which side of the road?", "question", OFFICE),
        ("We shall have a look on Monday.", "not-understood", OFFICE),
        ("Done tomorrow", "not-understood", OFFICE),
        ("DONE", "not-theirs", "stranger@example.org"),
    ],
)
def test_what_a_person_must_read_is_put_before_one_whole(text: str, kind: str, sender: str, place: Town, intake: int) -> None:
    case, mail = handed_over(place)
    answer(intake, mail, text, sender=sender)
    answer(intake, mail, text, sender=sender)
    settled(place)
    assert [event["data"]["kind"] for event in place.history(case, "AgencyWrote")] == [kind] * 2
    assert kinds(place, case) == ["reply"], "one task, however often it writes"
    assert outcomes(place, case) == [] and not place.history(case, "AgencyReported")
    assert all(text in note for note in notes(place, case)) and ("stranger" in notes(place, case)[0]) == (kind == "not-theirs")


def test_automatic_mail_is_never_an_answer(place: Town, intake: int) -> None:
    case, mail = handed_over(place)
    filed = spool(place, "filed")
    answer(intake, mail, "DONE", Auto_Submitted="auto-replied")
    settled(place)
    assert spool(place, "filed") == filed + 1 and outcomes(place, case) == [] and kinds(place, case) == []


def test_an_address_nobody_was_given_answers_nothing(place: Town, intake: int) -> None:
    case, mail = handed_over(place)
    unread = spool(place, "unread")
    name, _, domain = mail["Reply-To"].partition("@")
    forged = name[:-1] + ("0" if name[-1] != "0" else "1")
    answer(intake, mail, "DONE", to=f"{forged}@{domain}")
    never = made(place.portal.settings.secret_key.get_secret_value(), uuid4())
    answer(intake, mail, "DONE", to=f"{never}@{domain}")
    settled(place)
    assert spool(place, "unread") == unread + 2 and outcomes(place, case) == []


def test_a_server_that_is_away_is_tried_again_and_one_that_broke_off_is_in_doubt(place: Town) -> None:
    place.mailbox.mails.clear()
    place.mailbox.refuse = "451 later"
    case = place.ask(service="pothole", answers={"place": "Rue Haute 2"})
    place.drain(kinds=["delivery"])
    assert not place.history(case, "DeliverySent", "DeliveryParked"), "a clear no of the server leaves no doubt"
    place.mailbox.refuse = None
    place.drain(kinds=["delivery"], at=place.history(case)[-1]["recorded_at"] + timedelta(minutes=1))
    assert len(place.history(case, "DeliverySent")) == 1 and len(place.mailbox.mails) == 1


def test_an_address_is_read_back_by_its_seal_only() -> None:
    key = uuid4()
    name = made("secret", key)
    assert len(name) <= 64
    assert key_of(["new", "secret"], ["other@x", f"<{name.upper()}@x.example>"]) == key
    assert key_of(["another"], [f"{name}@x"]) is None and looks_like_one([f"{name}@x"])
    assert not looks_like_one(["portal@x", "r-1-2@x"])


@pytest.mark.parametrize(
    ("subject", "text", "said"),
    [
        ("Re: x", "DONE", Said("done")),
        ("Re: x", "\n\nFait.\n\n> Demande", Said("done")),
        ("RE: TR: Terminé", "", Said("done")),
        ("Re: x", "Refusé - pas chez nous\nvoir plan", Said("refused", "pas chez nous\nvoir plan")),
        ("Re: x", "refused", Said("refused")),
        ("Re: x", "Question: où ?", Said("question", "où ?")),
        ("Re: x", "reçu", Said("accepted")),
        ("Re: x", "Donely", None),
        ("Re: x", "Not done", None),
        ("Re: Done", "No, it is not finished", None),
        ("Re: x", "> DONE", None),
        ("Out of office", "I am away", None),
    ],
)
def test_words_that_are_understood(subject: str, text: str, said: Said | None) -> None:
    adapter = discovery.adapter("email", "roads")
    assert isinstance(adapter, Answers)
    assert adapter.understand(subject, text) == said
