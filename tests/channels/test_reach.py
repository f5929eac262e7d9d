"""How people want to be reached: the next channel where one fails, silence, quiet hours, needs, receipts; over a real mail server and a carrier."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.sms import signature
from portal.cases import registry
from portal.dispatch import daily
from portal.dispatch.deliver import drain
from portal.local.addresses import free_port
from portal.local.text_carrier import Carrier, serve, texts
from portal.outbox import claims, notices
from portal.ports.mail import Spool, take
from portal.reactions import acts
from portal.unit_of_work import ENGINE
from tests.channels.conftest import House, opened
from tests.ledger.test_main_job import needed
from tests.servers import Servers
from tests.stories.town import Mailbox

SECRET, BASE = "carrier's own secret", "https://city.example"
NOON = datetime(2026, 11, 30, 11, tzinfo=UTC)


class Refusing(Mailbox):
    """Takes all mail but that to boxes that begin with `gone` (never) or `later` (not now)."""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later"):
            return "451 4.2.1 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"


class Reached(House):
    """A house, what leaves it, and what comes back."""

    mailbox: Refusing
    carrier: Carrier
    spool: Spool

    def ask(self, sql: str, *parameters: Any) -> Any:
        with psycopg.connect(self.database.superuser_url) as connection:
            return connection.execute(sql, parameters).fetchall()  # type: ignore[arg-type]

    def begin(self, **contact: str) -> tuple[str, dict[str, str]]:
        """A request: reference, and the header with its secret."""
        found = self.client.post("/api/v1/cases", json={"service": "pothole", "answers": {"place": "Rue Haute 1"}, "contact": contact, "language": "en"})
        assert found.status_code == 201, found.json
        return found.json["reference"], {"Case-Secret": found.json["secret"]}

    def leave(self, at: datetime = NOON) -> None:
        while drain(self.portal, kinds=["notice"], at=max(at, self.now() + timedelta(seconds=1))):
            pass

    def now(self) -> datetime:
        return self.ask("SELECT clock_timestamp()")[0][0]

    def id(self, reference: str) -> UUID:
        return self.ask("SELECT case_id FROM cases WHERE reference = %s", reference)[0][0]

    def notices(self, reference: str, secret: dict[str, str]) -> list[tuple[str, str | None, str]]:
        """Template, channel and status of each, oldest first."""
        found = self.client.get(f"/api/v1/cases/{reference}/notices", headers=secret)
        assert found.status_code == 200, found.json
        return [(one["template"], one["channel"], one["status"]) for one in found.json["items"][::-1]]

    def texts(self, number: str) -> list[str]:
        return [one["text"] for one in texts(self.carrier.folder) if one["number"] == number and one["way"] == "out"]

    def mails(self, address: str) -> list[EmailMessage]:
        return [mail for _, to, mail in self.mailbox.mails if to == [address]]

    def tasks(self, reference: str, agency: str = "roads") -> list[str]:
        return [one["kind"] for one in self.client.get("/api/v1/tasks", headers=self.staff(agency)).json["items"] if one["reference"] == reference]

    def reported(self, reference: str, status: str, code: str = "") -> None:
        """The carrier says twice what became of the last text message of a case."""
        (case, row) = self.ask(
            "SELECT case_id, id FROM outbox WHERE kind = 'notice' AND target = 'sms' AND case_id = %s ORDER BY placed_at DESC, id DESC LIMIT 1",
            self.id(reference),
        )[0]
        path, form = f"/channels/sms/receipts/{case.hex}{row.hex}", {"MessageSid": "SM1", "MessageStatus": status, "To": "+1"}
        form |= {"ErrorCode": code} if code else {}
        sealed = signature(SECRET, f"{BASE}{path}", list(form.items()))
        for _ in range(2):
            assert self.client.post(path, data=form, headers={"X-Twilio-Signature": sealed}).status_code == 204


@pytest.fixture(scope="module")
def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    database, mail_port, text_port = servers.database(), free_port(), free_port()
    place = tmp_path_factory.mktemp("reached")
    mailbox = Refusing()
    listener = Controller(mailbox, hostname="127.0.0.1", port=mail_port)
    listener.start()
    more: dict[str, Any] = {"sms_secret": SECRET, "sms_account": "AC1", "sms_sender": "+3225550199", "sms_endpoint": f"http://127.0.0.1:{text_port}"}
    with opened(database, place, public_url=BASE, smtp_port=mail_port, **more) as one:
        found = Reached(one.portal, one.app, one.issuer, one.database, one.client)
        found.mailbox, found.spool = mailbox, Spool(place / "mail")
        # The carrier's own reports go to an address nobody listens at: tests say what it says.
        found.carrier = Carrier(place / "texts", "AC1", SECRET, "+3225550199", "http://127.0.0.1:9/none")
        server = serve(found.carrier, "127.0.0.1", text_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()
        server.server_close()
    listener.stop()
    servers.drop(database.name)


def number() -> str:
    return f"+3247{uuid4().int % 1_000_000:06d}9"


def choose(house: Reached, reference: str, headers: dict[str, str], *channels: str, **more: Any) -> Any:
    found = house.client.put(f"/api/v1/cases/{reference}/reach", json={"channels": list(channels), **more}, headers=headers)
    assert found.status_code == 200, found.json
    return found.json


def noon(house: Reached) -> datetime:
    """The next noon in Brussels."""
    return (house.now() + timedelta(days=1)).replace(hour=11, minute=0, second=0, microsecond=0)


# ---------------------------------------------------------------------- where a channel fails


def test_where_a_mailbox_is_gone_the_next_channel_is_tried_at_once(house: Reached) -> None:
    phone = number()
    reference, secret = house.begin(email=f"gone-{uuid4().hex[:8]}@example.org", phone=phone)
    house.leave(noon(house))
    assert house.notices(reference, secret) == [("received", "email", "failed"), ("received", "sms", "sent")]
    assert len(house.texts(phone)) == 1 and reference in house.texts(phone)[0]
    shown = house.client.get(f"/api/v1/cases/{reference}/reach", headers=secret).json
    assert shown["lost"] == [{"channel": "email", "why": "failed"}] and shown["told_by"] == "sms"
    assert "unreached" not in house.tasks(reference)


def test_where_no_channel_is_left_people_find_one_and_need_not_once_another_is_named(house: Reached) -> None:
    reference, secret = house.begin(email="gone-alone@example.org")
    house.leave(noon(house))
    assert house.notices(reference, secret) == [("received", "email", "failed")]
    assert house.tasks(reference).count("unreached") == 1
    good = f"{uuid4().hex[:8]}@example.org"
    told = choose(house, reference, secret, "email", contact={"email": good})
    assert told["told_by"] == "email" and told["lost"] == [] and told["contact"]["email"] == good
    assert "unreached" not in house.tasks(reference)


def test_what_may_pass_is_tried_again_and_nothing_is_marked(house: Reached) -> None:
    reference, secret = house.begin(email="later@example.org", phone=number())
    house.leave(noon(house))
    assert house.notices(reference, secret) == [("received", "email", "waiting")]
    assert house.client.get(f"/api/v1/cases/{reference}/reach", headers=secret).json["lost"] == []


@pytest.mark.parametrize(("code", "again"), [("30006", False), ("", False), ("30003", True), ("21610", False)])
def test_a_text_message_that_did_not_arrive(code: str, again: bool, house: Reached) -> None:
    phone, mail = number(), f"{uuid4().hex[:8]}@example.org"
    reference, secret = house.begin(email=mail, phone=phone)
    choose(house, reference, secret, "sms", "email")
    at = noon(house)
    house.leave(at)
    assert house.notices(reference, secret)[-1] == ("received", "sms", "sent")
    house.reported(reference, "undelivered", code)
    waits = house.ask("SELECT next_at - placed_at FROM outbox WHERE case_id = %s AND done_at IS NULL AND kind = 'notice'", house.id(reference))
    house.leave(at)
    told = house.notices(reference, secret)
    if again:
        assert waits == [(timedelta(minutes=30),)]
        assert told[-1] == ("received", "sms", "sent") and len(told) == 2 and len(house.texts(phone)) == 2 and not house.mails(mail)
    else:
        assert told[-2:] == [("received", "sms", "failed"), ("received", "email", "sent")] and len(house.mails(mail)) == 1
        lost = house.client.get(f"/api/v1/cases/{reference}/reach", headers=secret).json["lost"]
        assert lost == [{"channel": "sms", "why": "stopped" if code == "21610" else "failed"}]


def report_of(mail: EmailMessage, status: str, *, as_headers: bool = False) -> bytes:
    """A report (RFC 3464) that a mail did not arrive."""
    original = f"Message-ID: {mail['Message-ID']}\r\nSubject: x\r\nTo: {mail['To']}\r\n\r\n"
    kind = "text/rfc822-headers" if as_headers else "message/rfc822"
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: portal@rivermouth.example\r\nSubject: Undelivered\r\nAuto-Submitted: auto-replied\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {mail['To']}\r\nAction: failed\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{original}--b--\r\n"
    ).encode()


@pytest.mark.parametrize(("status", "as_headers"), [("5.1.1", False), ("5.1.1", True), ("5.2.2 (mailbox full)", False), ("4.4.7", False)])
def test_a_bounce_leads_to_the_next_channel_once(status: str, as_headers: bool, house: Reached) -> None:
    mail, phone = f"{uuid4().hex[:8]}@example.org", number()
    reference, secret = house.begin(email=mail, phone=phone)
    at = noon(house)
    house.leave(at)
    (sent,) = house.mails(mail)
    for number_of in range(2):
        house.spool.keep("", ["portal@rivermouth.example"], report_of(sent, status, as_headers=as_headers) + b"\r\n" * number_of)
        (place,) = house.spool.waiting()
        assert take(house.portal, house.spool, place) == "filed", "nobody answers a bounce"
    house.leave(at)
    told = house.notices(reference, secret)
    assert told[0] == ("received", "email", "failed") and len(told) == 2
    assert told[1] == (("received", "email", "sent") if status.startswith("4") else ("received", "sms", "sent"))


def test_a_bounce_that_overtakes_its_sender_tells_nobody_and_nothing_leaves_twice(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    reference, _ = house.begin(email=mail)
    (claim,) = [one for one in claims.claim(house.portal, 50, ["notice"], at=noon(house)) if one.case_id == house.id(reference)]
    with house.portal.work(ENGINE) as work:
        work.narrow([claim.case_id])
        row = notices.one(work, claim.case_id, claim.id)
        assert row is not None and notices.returned(work, row, code="dsn-5.1.1")
    with house.portal.work(ENGINE) as work:
        work.narrow([claim.case_id])
        assert claims.complete(work, claim) is None, "it is no longer the sender's"
    assert house.ask("SELECT count(*) FROM events WHERE type = 'PartyNotified' AND case_id = %s", claim.case_id) == [(0,)]
    left = [one for one in claims.claim(house.portal, 50, ["notice"], at=noon(house) + timedelta(hours=1)) if one.case_id == claim.case_id]
    assert left == [] and house.mails(mail) == []


def test_who_was_sent_a_mail_cannot_say_that_it_did_not_arrive(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    reference, secret = house.begin(email=mail)
    house.leave(noon(house))
    (sent,) = house.mails(mail)
    house.spool.keep(mail, ["portal@rivermouth.example"], report_of(sent, "5.1.1"))
    (place,) = house.spool.waiting()
    take(house.portal, house.spool, place)
    assert house.notices(reference, secret) == [("received", "email", "sent")], "a report has no return path"


def test_a_report_about_a_mail_that_is_not_ours_changes_nothing(house: Reached) -> None:
    other = EmailMessage()
    other["Message-ID"], other["To"] = f"<{uuid4()}@city.example>", "x@example.org"
    house.spool.keep("", ["portal@rivermouth.example"], report_of(other, "5.1.1"))
    (place,) = house.spool.waiting()
    before = house.ask("SELECT count(*) FROM events WHERE type = 'NoticeReturned'")
    assert take(house.portal, house.spool, place) == "filed"
    assert house.ask("SELECT count(*) FROM events WHERE type = 'NoticeReturned'") == before


# ---------------------------------------------------------------------- what somebody chose


def test_the_order_somebody_chose_is_followed_and_a_wish_in_the_middle_moves_what_waits(house: Reached) -> None:
    mail, phone = f"{uuid4().hex[:8]}@example.org", number()
    reference, secret = house.begin(email=mail, phone=phone)
    choose(house, reference, secret, "sms", "email")
    house.leave(noon(house))
    assert house.notices(reference, secret) == [("received", "sms", "sent")]
    assert house.texts(phone) and not house.mails(mail)


def test_wishes_that_cannot_be_followed_are_refused_where_they_stand(house: Reached) -> None:
    reference, secret = house.begin(email="a@example.org")
    for body, pointer in (
        ({"channels": ["sms"]}, "/channels/0"),
        ({"channels": ["email", "email"]}, "/channels/1"),
        ({"channels": ["pigeon"]}, "/channels/0"),
        ({"channels": [], "needs": {"interpreter": None}}, "/needs/interpreter"),
        ({"channels": [], "needs": {"a-horse": None}}, "/needs/a-horse"),
        ({"channels": ["email"], "contact": {"email": "nobody"}}, "/contact/email"),
        ({"channels": ["email"], "contact": {"email": ""}}, "/channels/0"),
    ):
        found = house.client.put(f"/api/v1/cases/{reference}/reach", json=body, headers=secret)
        assert found.status_code == 422 and [one["pointer"] for one in found.json["errors"]] == [pointer], (body, found.json)
    assert house.client.put(f"/api/v1/cases/{reference}/reach", json={"channels": []}, headers={"Case-Secret": "wrong-wrong"}).status_code == 404


def test_staff_say_it_for_the_party_and_that_is_written_down(house: Reached) -> None:
    reference, secret = house.begin(email="b@example.org")
    choose(house, reference, house.staff("roads"), "sms", contact={"phone": number()}, needs={"no-telephone": None, "interpreter": "ar"})
    shown = house.client.get(f"/api/v1/cases/{reference}/reach", headers=house.staff("roads")).json
    assert shown["channels"] == ["sms"] and shown["needs"] == {"no-telephone": None, "interpreter": "ar"}
    ((actor, data),) = house.ask("SELECT actor, data FROM events WHERE type = 'ReachChanged' AND case_id = %s", house.id(reference))
    assert actor.startswith("staff:") and data["by"] == "staff" and "needs" not in data and "+32" not in str(data)
    other = house.client.put(f"/api/v1/cases/{reference}/reach", json={"channels": []}, headers=house.staff("social-services"))
    assert other.status_code == 404
    assert house.client.get(f"/api/v1/cases/{reference}/reach", headers=secret).json["told_by"] == "sms"


# ---------------------------------------------------------------------- hours


def test_nobody_is_woken_by_a_text_message_but_mail_leaves_at_night(house: Reached) -> None:
    phone = number()
    reference, secret = house.begin(email=f"{uuid4().hex[:8]}@example.org", phone=phone)
    choose(house, reference, secret, "sms")
    night = noon(house).replace(hour=21)
    house.leave(night)
    assert house.notices(reference, secret) == [("received", "sms", "waiting")] and house.texts(phone) == []
    ((next_at, attempts, refusal),) = house.ask(
        "SELECT next_at, attempts, refusal FROM outbox WHERE kind = 'notice' AND done_at IS NULL AND parked_at IS NULL AND case_id = %s", house.id(reference)
    )
    assert next_at.astimezone(UTC).hour in (6, 7) and attempts == 0 and refusal is None, "08:00 in Brussels, and no try was counted"
    house.leave(next_at + timedelta(seconds=1))
    assert house.notices(reference, secret) == [("received", "sms", "sent")]


def test_nobody_waits_for_a_notice_that_was_put_off_to_another_hour(house: Reached) -> None:
    phone = number()
    reference, secret = house.begin(email=f"{uuid4().hex[:8]}@example.org", phone=phone)
    choose(house, reference, secret, "sms")
    night = noon(house).replace(hour=21)
    house.leave(night)
    renewed = house.client.post(f"/api/v1/cases/{reference}/secret", headers=house.staff("roads"), json={"how": "document", "words": "A passport."})
    assert renewed.status_code in (200, 201), renewed.json
    with house.portal.work(ENGINE) as work:
        placed = work.now
    drain(house.portal, kinds=["notice"], at=placed + timedelta(seconds=1))
    left = house.ask("SELECT body->>'template' FROM outbox WHERE kind = 'notice' AND done_at IS NOT NULL AND case_id = %s", house.id(reference))
    assert left == [("secret-renewed",)], "it answers what its party did a moment ago"


def test_danger_wakes(house: Reached) -> None:
    phone = number()
    found = house.client.post("/api/v1/cases", json={"text": "I smell gas in the cellar", "contact": {"phone": phone, "email": "c@example.org"}})
    reference, secret = found.json["reference"], {"Case-Secret": found.json["secret"]}
    choose(house, reference, secret, "sms")
    house.leave(noon(house).replace(hour=22))
    assert house.notices(reference, secret)[0][2] == "sent"


# ---------------------------------------------------------------------- what may be ended


def test_courtesies_end_and_what_is_needed_still_comes(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    reference, secret = house.begin(email=mail)
    choose(house, reference, secret, "email", needs={"only-needed": None})
    house.leave(noon(house))
    assert house.notices(reference, secret) == [("received", "email", "sent")]


# ---------------------------------------------------------------------- needs


def test_large_letters_come_as_a_page_beside_the_plain_text(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    reference, secret = house.begin(email=mail)
    choose(house, reference, secret, "email", needs={"large-print": None})
    house.leave(noon(house))
    (sent,) = house.mails(mail)
    plain, page = sent.get_body(("plain",)), sent.get_body(("html",))
    assert plain is not None and page is not None
    assert reference in plain.get_content() and "font: 24px" in page.get_content() and f'lang="{sent["Content-Language"]}"' in page.get_content()


def test_easy_words_where_there_are_some(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    reference, secret = house.begin(email=mail)
    choose(house, reference, secret, "email", needs={"easy-words": None})
    house.leave(noon(house))
    (sent,) = house.mails(mail)
    assert "We got your request." in sent.get_content() and reference in sent.get_content()


# ---------------------------------------------------------------------- once a day, and the end of it


def courtesy(house: Reached, reference: str, template: str = "routed") -> None:
    """Something that can wait is to be told."""
    with house.portal.work(ENGINE) as work:
        case_id = house.id(reference)
        work.narrow([case_id])
        acts.tell(work, registry.case_of(work, case_id), template)


def test_courtesies_of_a_day_come_in_one_message_whichever_requests_they_are_about(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    begun = [house.begin(email=mail) for _ in range(2)]
    for reference, secret in begun:
        choose(house, reference, secret, "email", needs={"one-a-day": None})
    house.leave(noon(house))
    house.mailbox.mails.clear()
    for reference, _ in (*begun, begun[0]):
        courtesy(house, reference)
    house.leave(noon(house) + timedelta(days=3))
    assert house.mails(mail) == [], "they wait for their hour"
    later = noon(house) + timedelta(days=3)
    assert daily.gather(house.portal, at=later) == 3
    assert daily.gather(house.portal, at=later) == 0
    house.leave(later)
    (sent,) = house.mails(mail)
    assert all(reference in sent.get_content() for reference, _ in begun) and "List-Unsubscribe" in sent
    statuses = [one[2] for reference, secret in begun for one in house.notices(reference, secret) if one[0] == "routed"]
    assert statuses == ["joined"] * 3


def test_one_alone_leaves_as_it_is(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    reference, secret = house.begin(email=mail)
    choose(house, reference, secret, "email", needs={"one-a-day": None})
    courtesy(house, reference)
    later = noon(house) + timedelta(days=4)
    daily.gather(house.portal, at=later)
    house.leave(later)
    assert house.notices(reference, secret)[-1] == ("routed", "email", "sent")
    assert "found its door" in house.mails(mail)[-1]["Subject"]


def test_a_courtesy_says_how_it_ends_and_ending_it_ends_nothing_that_is_needed(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    reference, secret = house.begin(email=mail)
    house.leave(noon(house))
    assert "List-Unsubscribe" not in house.mails(mail)[0], "what is needed cannot be ended"
    courtesy(house, reference)
    house.leave(noon(house))
    link = house.mails(mail)[1]["List-Unsubscribe"].strip("<>")
    assert house.mails(mail)[1]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = link.removeprefix(BASE)
    assert "Send me fewer messages" in house.client.get(path).text
    assert house.client.get(f"/api/v1/cases/{reference}/reach", headers=secret).json["needs"] == {}, "a look ends nothing"
    for _ in range(2):
        assert house.client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert house.client.get(f"/api/v1/cases/{reference}/reach", headers=secret).json["needs"] == {"only-needed": None}
    forged = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert house.client.post(forged).status_code == 404
    courtesy(house, reference)
    courtesy(house, reference, "asked")
    house.leave(noon(house))
    assert house.notices(reference, secret)[-2:] == [("routed", "email", "failed"), ("asked", "email", "sent")]
    assert "unreached" not in house.tasks(reference)


# ---------------------------------------------------------------------- kept with the person


def citizen(house: Reached) -> dict[str, str]:
    token = house.issuer.token(sub=f"citizen-{uuid4().hex[:8]}", roles=["citizen"], agency=None, teams=None)
    return {"Authorization": f"Bearer {token}"}


def test_who_signs_in_says_it_once_for_all_requests_and_those_to_come(house: Reached) -> None:
    me, phone = citizen(house), number()
    first = house.client.post("/api/v1/cases", json={"service": "pothole", "answers": {"place": "Rue Haute 1"}}, headers=me).json["reference"]
    body = {"channels": ["sms"], "contact": {"phone": phone}, "needs": {"easy-words": None}}
    told = house.client.put("/api/v1/reach", json=body, headers=me)
    assert told.status_code == 200 and told.json["cases"] == 1 and told.json["version"] == 1, told.json
    second = house.client.post("/api/v1/cases", json={"service": "pothole", "answers": {"place": "Rue Basse 2"}}, headers=me).json["reference"]
    for reference in (first, second):
        shown = house.client.get(f"/api/v1/cases/{reference}/reach", headers=me).json
        assert (shown["channels"], shown["told_by"], shown["needs"]) == (["sms"], "sms", {"easy-words": None})
    house.leave(noon(house))
    assert len(house.texts(phone)) == 1, "the first had nowhere to be told when it was taken"
    assert house.client.get("/api/v1/reach", headers=citizen(house)).json["channels"] == []
    assert house.client.get("/api/v1/reach").status_code == 401
    ((sealed,),) = house.ask("SELECT string_agg(encode(sealed, 'escape'), '') FROM persons")
    assert phone not in sealed


def test_an_address_taken_away_once_for_all_is_taken_away_everywhere_but_from_what_is_over(house: Reached) -> None:
    me, phone = citizen(house), number()
    given = {"service": "pothole", "answers": {"place": "Rue Haute 1"}, "contact": {"phone": phone, "email": "me@example.org"}}
    running, over = (house.client.post("/api/v1/cases", json=given, headers=me).json["reference"] for _ in range(2))
    assert house.client.post(f"/api/v1/cases/{over}/withdrawal", headers=me, json={}).status_code == 201
    said = house.client.put("/api/v1/reach", json={"channels": ["email"], "contact": {"phone": "", "email": "me@example.org"}, "needs": {}}, headers=me)
    assert said.status_code == 200 and said.json["cases"] == 1, said.json
    assert house.client.get(f"/api/v1/cases/{running}/reach", headers=me).json["contact"]["phone"] is None
    assert house.ask("SELECT count(*) FROM events WHERE type = 'ReachChanged' AND case_id = %s", house.id(over)) == [(0,)]


# ---------------------------------------------------------------------- decisions


def decided(house: Reached, *channels: str, **contact: str) -> tuple[str, dict[str, str]]:
    """A request for housing benefit that was refused, whose party chose its ways before: reference, and its header."""
    answers = needed(house.portal, "housing-benefit") | {"monthly_income": 900, "self_employed": False}
    told = house.client.post("/api/v1/cases", json={"service": "housing-benefit", "answers": answers, "contact": contact, "language": "en"}).json
    reference, secret = told["reference"], {"Case-Secret": told["secret"]}
    choose(house, reference, secret, *channels)
    worker = house.staff("social-services", teams=["benefits"])
    for how in ({}, {"outcome": "refused", "reasons": "Your income is too high."}):
        task = next(one["id"] for one in house.client.get("/api/v1/tasks", headers=worker).json["items"] if one["reference"] == reference)
        assert house.client.post(f"/api/v1/tasks/{task}/claim", headers=worker).status_code == 200
        assert house.client.post(f"/api/v1/tasks/{task}/complete", headers=worker, json=how).status_code == 200
    house.leave(noon(house))
    return reference, secret


def service(house: Reached, reference: str, secret: dict[str, str]) -> tuple[str, str | None, bool]:
    """How the one decision of a case stands, what served it, and whether its remedy runs: by the row, and by the timer that ends it."""
    (one,) = house.client.get(f"/api/v1/cases/{reference}/decisions", headers=secret).json["items"]
    timer = house.ask("SELECT count(*) FROM timers WHERE case_id = %s AND kind = 'remedy' AND armed", house.id(reference)) == [(1,)]
    runs = house.ask("SELECT remedy_until IS NOT NULL FROM decisions WHERE case_id = %s", house.id(reference)) == [(True,)]
    assert timer == runs, "a remedy runs where its timer is armed"
    return one["standing"], one["served_by"], runs


def letters(house: Reached, reference: str) -> list[str]:
    """Letters of decisions of a case that wait for the post room."""
    return [row[0] for row in house.ask("SELECT status FROM prints WHERE reference = %s", reference)]


def test_a_decision_told_by_text_message_is_posted_too_and_the_letter_serves_it(house: Reached) -> None:
    phone = number()
    reference, secret = decided(house, "sms", phone=phone, address="Rue Haute 12\n1000 Brussels")
    assert ("decided", "sms", "sent") in house.notices(reference, secret) and len(house.texts(phone)) == 2
    assert service(house, reference, secret) == ("made", None, False), "a text message says that there is one, and is none"
    assert letters(house, reference) == ["waiting"]
    assert "letter" not in house.tasks(reference, "social-services"), "nobody need find a way besides"
    room = house.staff("social-services", teams=["benefits"])
    batch = house.client.post("/api/v1/prints/batches", json={}, headers=room).json["batch"]
    assert service(house, reference, secret)[0] == "made", "who takes a letter has not posted it"
    assert house.client.post(f"/api/v1/prints/batches/{batch}/posted", json={}, headers=room).status_code == 200
    assert service(house, reference, secret) == ("served", "post", True)


def test_a_decision_told_by_text_message_to_nobody_with_an_address_waits_for_people(house: Reached) -> None:
    reference, secret = decided(house, "sms", phone=number())
    assert service(house, reference, secret) == ("made", None, False) and letters(house, reference) == []
    worker = house.staff("social-services", teams=["benefits"])
    kinds = [one["kind"] for one in house.client.get("/api/v1/tasks", headers=worker).json["items"] if one["reference"] == reference]
    assert kinds == ["letter"]


def test_a_decision_whose_mail_came_back_is_not_served_and_is_posted(house: Reached) -> None:
    mail = f"{uuid4().hex[:8]}@example.org"
    reference, secret = decided(house, "email", email=mail, address="Rue Haute 12\n1000 Brussels")
    assert service(house, reference, secret) == ("served", "email", True)
    key = house.ask("SELECT key FROM outbox WHERE case_id = %s AND kind = 'notice' AND body->>'template' = 'decided'", house.id(reference))[0][0]
    (sent,) = [one for one in house.mails(mail) if key in one["Message-ID"]]
    for again in range(2):
        house.spool.keep("", ["portal@rivermouth.example"], report_of(sent, "5.1.1") + b"\r\n" * again)
        (place,) = house.spool.waiting()
        assert take(house.portal, house.spool, place) == "filed"
    assert service(house, reference, secret) == ("made", None, False), "it reached nobody: no remedy runs"
    types = [row[0] for row in house.ask("SELECT type FROM events WHERE case_id = %s", house.id(reference))]
    assert types.count("DecisionNotServed") == 1
    house.leave(noon(house))
    assert letters(house, reference) == ["waiting"]
    assert service(house, reference, secret) == ("made", None, False)
