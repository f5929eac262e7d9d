"""Mail out and mail in, over real SMTP."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest

from portal.dispatch.mail import BadAddress, compose
from portal.local.addresses import free_port
from portal.ports.mail import Intake
from tests.ledger.waiting import until
from tests.servers import Database, Servers
from tests.stories.town import Town, town

#: The database of this module's town.
DATABASE: list[Database] = []


@pytest.fixture(scope="module")
def shared(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = servers.database()
    DATABASE[:] = [database]
    with town(database, tmp_path_factory.mktemp("town")) as one:
        yield one
    servers.drop(database.name)


@pytest.fixture
def place(shared: Town) -> Town:
    shared.agencies.behave(all="forgets")
    while shared.drain():
        pass
    shared.mailbox.mails.clear()
    shared.mailbox.refuse = None
    return shared


POTHOLE = {"service": "pothole", "answers": {"place": "Rue Haute 1"}}


def test_the_party_is_told_in_its_language_with_reference_date_and_link(place: Town) -> None:
    case = place.ask(**POTHOLE, contact={"email": "ann@example.org"}, language="fr")
    assert place.drain(kinds=["notice"]) >= 1
    sender, to, mail = place.mailbox.mails[0]
    reference = place.history(case, "CaseOpened")[0]["data"]["reference"]
    text = mail.get_content()
    assert (sender, to, mail["Content-Language"]) == ("<>", ["ann@example.org"], "fr")
    assert reference in mail["Subject"] and reference in text and f"/cases/{reference}" in text
    assert "au plus tard le" in text and "20" in text
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    told = place.history(case, "PartyNotified")
    assert told[0]["data"]["notice"] in mail["Message-ID"]
    assert "ann@example.org" not in str(place.history(case)), "events hold no contact"


def test_a_resend_is_the_same_message(place: Town) -> None:
    case = place.ask(**POTHOLE, contact={"email": "bea@example.org"})
    place.mailbox.refuse = "451 later"
    assert place.drain(kinds=["notice"]) >= 1
    assert not place.history(case, "PartyNotified", "NoticeParked")
    place.mailbox.refuse = None
    soon = place.history(case)[-1]["recorded_at"] + timedelta(minutes=1)
    place.drain(kinds=["notice"], at=soon)
    (first,) = [mail for _, to, mail in place.mailbox.mails if to == ["bea@example.org"]]
    (told,) = place.history(case, "PartyNotified")
    assert told["data"]["attempts"] == 2 and told["data"]["notice"] in first["Message-ID"]


def test_a_mailbox_that_does_not_exist_is_known_at_once(place: Town) -> None:
    case = place.ask(**POTHOLE, contact={"email": "gone@example.org"})
    place.mailbox.refuse = "550 no such mailbox"
    place.drain(kinds=["notice"])
    assert [event["data"]["refusal"] for event in place.history(case, "NoticeParked")] == ["smtp-550"]


def test_who_left_no_address_is_promised_no_mail(place: Town) -> None:
    case = place.ask(**POTHOLE)
    assert not place.history(case, "NoticePromised")


def test_danger_pages_the_duty_person_with_no_word_of_the_citizen(place: Town) -> None:
    place.ask(text="There is a strong smell of gas in my kitchen at Rue Haute 7")
    place.drain(kinds=["page"])
    duty = {person.email for agency in place.portal.catalogue.agencies.values() for person in agency.duty}
    ((_, to, mail),) = place.mailbox.mails
    assert to[0] in duty and mail["Subject"].count("DANGER") == 1
    assert "kitchen" not in str(mail) and "Haute" not in str(mail)


@pytest.mark.parametrize("to", ["", "a", "a@", "@b", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>", "a b@c", "a@b\0", "a@b\u2028x", "a" * 400 + "@b"])
def test_no_header_is_smuggled_in_by_an_address(to: str, place: Town) -> None:
    now = place.history(place.ask(**POTHOLE))[0]["recorded_at"]
    with pytest.raises(BadAddress):
        compose(place.portal.settings, to=to, subject="s", text="t", language="en", key="k", at=now)


@pytest.fixture
def intake(place: Town) -> Iterator[int]:
    port = free_port()
    one = Intake(place.portal, "127.0.0.1", port)
    one.start()
    yield port
    one.stop()


def written(**headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in {"From": "Dora <dora@example.org>", "To": "portal@rivermouth.example", "Subject": "A hole in the road", **headers}.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("There is a deep pothole in front of Rue Haute 9.")
    return mail


def send(port: int, mail: EmailMessage | bytes, sender: str = "dora@example.org") -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        server.sendmail(sender, ["portal@rivermouth.example"], mail if isinstance(mail, bytes) else mail.as_bytes())


def opened(place: Town) -> list[tuple[str, str]]:
    """Case id and digest of the message of every case that came by mail."""
    with psycopg.connect(DATABASE[0].superuser_url) as connection:
        rows = connection.execute("SELECT case_id, external_id FROM cases WHERE source = 'email' ORDER BY received_at").fetchall()
    return [(str(id), digest) for id, digest in rows]


def spool(place: Town, folder: str) -> list[Path]:
    return sorted((Path(place.portal.settings.data) / "mail" / folder).iterdir())


def empty(place: Town) -> bool:
    return not spool(place, "new")


def test_a_mail_becomes_one_case_however_often_it_comes(place: Town, intake: int) -> None:
    before = opened(place)
    mail = written(Message_ID="<one@example.org>")
    for _ in range(3):
        send(intake, mail)
    until(lambda: empty(place))
    (new,) = [one for one in opened(place) if one not in before]
    assert "example.org" not in new[1]
    place.drain(kinds=["notice"])
    assert [to for _, to, _ in place.mailbox.mails] == [["dora@example.org"]]


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"Auto_Submitted": "auto-replied"}, "dora@example.org"),
        ({"List_Id": "<news.example.org>"}, "dora@example.org"),
        ({"Precedence": "bulk"}, "dora@example.org"),
        ({}, ""),
        ({"From": "portal@rivermouth.example"}, "portal@rivermouth.example"),
    ],
)
def test_what_a_machine_sent_is_filed_and_not_answered(headers: dict[str, str], sender: str, place: Town, intake: int) -> None:
    before, filed = opened(place), len(spool(place, "filed"))
    send(intake, written(**headers), sender)
    until(lambda: len(spool(place, "filed")) == filed + 1)
    assert opened(place) == before and place.drain() == 0


@pytest.mark.parametrize(
    "raw",
    [
        b"no headers at all\r\n",
        b"From: a@b\r\nFrom: c@d\r\nSubject: two\r\n\r\nwords\r\n",
        b"From: (((((" + b"(" * 20_000 + b"\r\nSubject: x\r\n\r\nwords\r\n",
        b"From: a@example.org\r\n" + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000)) + b"\r\n",
        b"From: a@example.org\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"\r\nwords\r\n",
        b"From: a@example.org\r\nX: " + b"x" * 900 + b"".join(b"\r\n " + b"x" * 900 for _ in range(80)) + b"\r\n\r\nwords\r\n",
    ],
    ids=["none", "two-from", "parentheses", "multiparts", "messages", "headers"],
)
def test_what_cannot_be_read_is_kept_for_people(raw: bytes, place: Town, intake: int) -> None:
    before, unread = opened(place), len(spool(place, "unread"))
    send(intake, raw)
    until(lambda: len(spool(place, "unread")) == unread + 1, 30)
    assert opened(place) == before
    assert raw[:20] in spool(place, "unread")[-1].read_bytes()


def test_odd_charsets_and_html_are_read_as_well_as_can_be(place: Town, intake: int) -> None:
    before = opened(place)
    head = b"From: =?utf-8?q?=C3=89va?= <eva@example.org>\r\nMIME-Version: 1.0\r\n"
    send(intake, head + b"Message-ID: <c1@x>\r\nSubject: =?klingon?b?AAAA?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\nUn nid de poule \xff\r\n")
    send(intake, head + b"Message-ID: <c2@x>\r\nContent-Type: text/html\r\n\r\n<style>p{}</style><p>A <b>pothole</b></p><script>x()</script>\r\n")
    until(lambda: empty(place))
    assert len(opened(place)) == len(before) + 2
