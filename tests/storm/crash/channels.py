"""Crash lists of channels: what machines send in, and what a caseworker lets everybody see."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from portal.intake import conversation
from portal.local.text_carrier import signature
from portal.outbox import reply_addresses
from portal.ports.mail import take
from portal.reactions import sweep
from tests.storm.crash.doors import opened
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World


def send(world: World, path: str, **form: str) -> list[dict[str, Any]]:
    """A form to a GeoReport door. Refused for anything but 200."""
    found = world.client.post(f"/open311/v2/{path}.json", data={"api_key": "development", **form})
    if found.status_code != 200:
        raise Refused(f"{path}: {found.status_code} {found.get_data(as_text=True)[:500]}")
    told: list[dict[str, Any]] = found.json
    return told


def nothing(world: World, subject: Subject) -> None:
    """Nothing is there yet."""


def report(world: World, subject: Subject) -> None:
    """An `act`: another city's application sends a request, always under the same id of its own."""
    send(world, "requests", service_code="pothole", address_string="Rue Haute 1", description=f"about {subject.marker}", external_id=subject.key)


def update(world: World, subject: Subject) -> None:
    """An `act`: another system says what it hears of it."""
    said = {"status": "FIXED", "updated_datetime": "2026-11-22T09:00:00Z", "description": f"fixed, says {subject.marker}"}
    send(world, "servicerequestupdates", service_request_id=subject.reference, update_id=subject.key, **said)


def publish(world: World, subject: Subject) -> None:
    """An `act`: a caseworker lets everybody read what the citizen wrote."""
    world.post(subject, f"/cases/{subject.reference}/publication", world.who("roads"), {"description": True})


def text(world: World, subject: Subject, number: int, words: str) -> None:
    """A text message of somebody, always under the same id."""
    form = {"MessageSid": f"SM{number}{subject.key}", "From": f"+3247{int(subject.key[:6], 16) % 10_000_000:07d}", "Body": words}
    url = f"{world.portal.settings.public_url}/channels/sms"
    found = world.client.post("/channels/sms", data=form, headers={"X-Twilio-Signature": signature("development", url, form)})
    if found.status_code != 200:
        raise Refused(f"text: {found.status_code}")


def talked(world: World, subject: Subject) -> None:
    """A `prepare`: somebody has answered all questions."""
    for number, words in enumerate((f"there is a pothole in the road {subject.marker}", "Rue Haute 1", "1", "3")):
        text(world, subject, number, words)


def confirm(world: World, subject: Subject) -> None:
    """An `act`: and sends it."""
    text(world, subject, 9, "yes")


def begun(world: World, subject: Subject) -> None:
    """A `prepare`: somebody has begun and falls silent; the time to ask has come."""
    text(world, subject, 0, "there is a pothole in the road")
    stream = conversation.stream_of(world.portal, "sms", f"+3247{int(subject.key[:6], 16) % 10_000_000:07d}")
    subject.more["streams"] = [stream]
    world.alone(subject)
    ((subject.at,),) = world.look("SELECT due_at + interval '1 second' FROM timers WHERE armed AND case_id = %s", stream)


def passing(world: World, subject: Subject) -> None:
    """An `act`: the sweeper looks."""
    sweep(world.portal, at=subject.at)


def silent(world: World, subject: Subject) -> None:
    """A `prepare`: the kind question waits to leave."""
    begun(world, subject)
    sweep(world.portal, at=subject.at)


def leave(world: World, subject: Subject) -> None:
    """An `act`: it leaves."""
    world.drained("text", at=subject.at)


def reported(world: World, subject: Subject) -> None:
    """A `prepare`: a case is told by text message; the carrier has it."""
    talked(world, subject)
    confirm(world, subject)
    world.alone(subject)
    ((case_id, id),) = world.look("SELECT case_id, id FROM outbox WHERE kind = 'notice' AND case_id = ANY(%s)", world.cases(subject))
    subject.more["row"] = f"{case_id.hex}{id.hex}"


def delivered(world: World, subject: Subject) -> None:
    """An `act`: it arrived, says the carrier."""
    path, form = f"/channels/sms/receipts/{subject.more['row']}", {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+32470000000"}
    url = f"{world.portal.settings.public_url}{path}"
    found = world.client.post(path, data=form, headers={"X-Twilio-Signature": signature("development", url, form)})
    assert found.status_code == 204


def letter(subject: Subject, words: str, to: str, name: str) -> bytes:
    """A mail of the party, always the same message."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = f"{subject.marker}@example.org", to, "A hole", f"<{name}{subject.key}@example.org>"
    mail.set_content(words)
    return mail.as_bytes()


def delivered_mail(world: World, subject: Subject, words: str, to: str, name: str) -> None:
    """It comes in; who got no 250 sends it again."""
    world.spool.keep("ann@example.org", [to], letter(subject, words, to, name))
    for place in world.spool.waiting():
        take(world.portal, world.spool, place)


def mailed(world: World, subject: Subject) -> None:
    """A `prepare`: a request came by mail, and is asked where."""
    delivered_mail(world, subject, f"There is a deep pothole {subject.marker}", "portal@example.org", "a")


def reply(world: World, subject: Subject) -> None:
    """An `act`: its party answers."""
    secret = world.portal.settings.secret_key.get_secret_value()
    to = reply_addresses.made(secret, world.cases(subject)[0], f"{subject.marker}@example.org")
    delivered_mail(world, subject, "Where is the damage? Rue Haute 1", f"{to}@example.org", "b")


CHANNELS = (
    UseCase("mail-reply", ("door mail",), mailed, reply),
    UseCase("text-turn", ("route channel_sms.receive",), talked, confirm),
    UseCase("text-silence", ("timer dialogue",), begun, passing, again=True),
    UseCase("text-leaves", ("outbox text",), silent, leave),
    UseCase("text-report", ("route channel_sms.report",), reported, delivered),
    UseCase("open311-request", ("route channel_open311.create",), nothing, report),
    UseCase("open311-update", ("route channel_open311.update",), opened("pothole"), update),
    UseCase("publication", ("route publication.publish",), opened("pothole"), publish),
)
