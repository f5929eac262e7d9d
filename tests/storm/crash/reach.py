"""Crash lists of how people are reached: what they say of it, and what follows where something did not arrive."""

from __future__ import annotations

from typing import Any

from portal.dispatch import unsubscribing
from portal.local.text_carrier import signature
from portal.pages import own_form
from portal.ports.mail import take
from tests.storm.crash.channels import confirm, talked
from tests.storm.crash.doors import opened
from tests.storm.crash.pages import keep, proved, send, signed_in
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World


def said(subject: Subject) -> dict[str, Any]:
    """A wish; its address carries the marker."""
    return {"channels": ["email"], "needs": {"large-print": None}, "contact": {"email": f"{subject.marker}@example.org"}}


def choose(world: World, subject: Subject) -> None:
    """An `act`: the party says how it wants to be reached."""
    world.ask("PUT", f"/cases/{subject.reference}/reach", subject.mine, said(subject), key=subject.key)


def signed(world: World, subject: Subject) -> dict[str, str]:
    """Header of a citizen of this subject alone."""
    return {"Authorization": f"Bearer {world.issuer.token(sub=subject.marker, roles=['citizen'], agency=None, teams=None)}"}


def own(world: World, subject: Subject) -> None:
    """A `prepare`: somebody who signed in has a request."""
    body = {"service": "pothole", "answers": {"place": f"Mill Lane {subject.marker}"}, "contact": {"email": "before@example.org"}}
    world.ask("POST", "/cases", signed(world, subject), body)


def choose_own(world: World, subject: Subject) -> None:
    """An `act`: and says it once for all."""
    world.ask("PUT", "/reach", signed(world, subject), said(subject), key=subject.key)


def reached(world: World, subject: Subject) -> None:
    """A `prepare`: a request whose party is told by mail, and left a number too; the mail has left."""
    body = {
        "service": "pothole",
        "answers": {"place": f"Mill Lane {subject.marker}"},
        "contact": {"email": f"{subject.marker}@example.org", "phone": "+32470123456"},
    }
    found = world.ask("POST", "/cases", {}, body)
    subject.reference, subject.secret = found["reference"], found["secret"]
    world.alone(subject)
    world.drained("notice")
    ((subject.more["key"],),) = world.look("SELECT key FROM outbox WHERE kind = 'notice' AND case_id = ANY(%s)", world.cases(subject))


def bounced(world: World, subject: Subject) -> None:
    """An `act`: a mail server says that there is no such mailbox; who got no 250 says it again."""
    report = (
        'From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{subject.more['key']}@127.0.0.1>\r\n\r\n--b--\r\n"
    )
    world.spool.keep("", ["portal@rivermouth.example"], report.encode())
    for place in world.spool.waiting():
        take(world.portal, world.spool, place)


def texted(world: World, subject: Subject) -> None:
    """A `prepare`: somebody who wrote by text message is told by one, and named a mailbox besides."""
    talked(world, subject)
    confirm(world, subject)
    world.alone(subject)
    world.drained("notice")
    ((case_id, id),) = world.look("SELECT case_id, id FROM outbox WHERE kind = 'notice' AND case_id = ANY(%s)", world.cases(subject))
    subject.more["row"] = f"{case_id.hex}{id.hex}"


def lost(world: World, subject: Subject) -> None:
    """An `act`: the carrier says that it did not arrive, and never will; nobody else can be reached, so people find a way."""
    path, form = f"/channels/sms/receipts/{subject.more['row']}", {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30006"}
    sealed = signature("development", f"{world.portal.settings.public_url}{path}", form)
    assert world.client.post(path, data=form, headers={"X-Twilio-Signature": sealed}).status_code == 204


def leave(world: World, subject: Subject) -> None:
    """An `act`: the next channel is tried."""
    world.drained("notice")


def came_back(world: World, subject: Subject) -> None:
    """A `prepare`: the mail came back."""
    reached(world, subject)
    bounced(world, subject)


def on_page(world: World, subject: Subject) -> None:
    """An `act`: the party says it on the page of its case."""
    send(
        world,
        f"/cases/{subject.reference}/reach",
        **{"once": subject.key, "channel-1": "email", "email": f"{subject.marker}@example.org", "needs": "large-print"},
    )


def on_own_page(world: World, subject: Subject) -> None:
    """An `act`: who signed in says it once for all."""
    fields = {"once": subject.key, own_form.FIELD: subject.more["token"], "channel-1": "email", "email": f"{subject.marker}@example.org"}
    found = subject.more["browser"].post("/my/reach", data=fields)
    if found.status_code != 303:
        raise Refused(f"my/reach: {found.status_code} {found.get_data(as_text=True)[:500]}")


def kept(world: World, subject: Subject) -> None:
    """A `prepare`: somebody who signed in keeps a request."""
    signed_in(opened("pothole"))(world, subject)
    keep(world, subject)


def fewer(world: World, subject: Subject) -> None:
    """An `act`: a mail program ends courtesy messages by the address they came with."""
    (case_id,) = world.cases(subject)
    ((party,),) = world.look("SELECT party_id FROM case_parties WHERE case_id = %s", case_id)
    token = unsubscribing.made(world.portal.settings.secret_key.get_secret_value(), case_id, party)
    assert world.client.post(f"/reach/end/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 200


REACH = (
    UseCase("reach-page", ("route reach_pages.change",), proved(opened("pothole")), on_page),
    UseCase("reach-own-page", ("route reach_pages.change_own",), kept, on_own_page),
    UseCase("fewer-messages", ("route reach_pages.end",), opened("pothole"), fewer),
    UseCase("reach", ("route reach.change",), opened("pothole"), choose),
    UseCase("reach-own", ("route reach.change_own",), own, choose_own),
    UseCase("mail-bounced", (), reached, bounced),
    UseCase("text-lost", (), texted, lost),
    UseCase("next-channel", (), came_back, leave),
)
