"""Text messages: one line and where to look, a conversation a question at a time, over a carrier that speaks as Twilio does.

https://www.twilio.com/docs/usage/webhooks/webhooks-security: HMAC-SHA1 over the address as it is configured there and the sorted parameters.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha1
from typing import Any, Literal
from urllib.parse import urlencode

from portal.plugins.agency import Answer, HttpCall, Receipt, Refusal, not_understood, retry_after
from portal.plugins.channel import Delivered, Endpoint, Front, Limits, Message, Notice, Outgoing, Raw, Refused, Request, Response, Turn
from portal.plugins.texts import thrifty
from portal.plugins.xml import escaped

ROOT = "/channels/sms"
#: Carrier's status -> ours; the others say nothing new.
STATUSES: Mapping[str, Literal["sent", "delivered", "failed"]] = {"sent": "sent", "delivered": "delivered", "undelivered": "failed", "failed": "failed"}
#: Carrier's codes of what may arrive another time: its own queue or account, a telephone out of reach, what it does not know.
PASSING = ("30001", "30002", "30003", "30008", "30009", "30010")
#: The person told the carrier to bring nothing more of ours.
STOPPED = "21610"
#: Parameters by which other carriers say which part of a longer message this is.
PARTS = ("concat-ref", "concat-part", "concat-total")
_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Sms:
    """Text messages, both ways."""

    name = "sms"
    root = "/channels"
    #: Nobody is woken by a text message.
    reaches, order, quiet = "phone", 2, ("21:00", "08:00")

    def render(self, notice: Notice) -> Message:
        """Subject, reference and address; details stand behind the reference and secret."""
        named = f"{notice.subject} [{notice.reference}]" if notice.reference else notice.subject
        line = " ".join(named.split())
        return Message(thrifty(f"{line} {notice.link}"), by="sms")

    def receive(self, raw: Raw) -> Turn | Delivered:
        """A message somebody wrote, or what became of one of ours. ValueError where it is neither."""
        values = raw.values
        id = values.get("MessageSid") or values.get("SmsSid") or values.get("SmsMessageSid") or ""
        if not _SID.fullmatch(id):
            raise ValueError("MessageSid: send the message's own id.")
        status = values.get("MessageStatus") or values.get("SmsStatus") or ""
        if "Body" not in values and status:
            return _delivered(id, status, values)
        sender = values.get("From", "").strip()
        if not sender or len(sender) > 64 or not sender.isprintable():
            raise ValueError("From: send the number it came from.")
        if "Body" not in values:
            raise ValueError("Body: send the words.")
        ref, part, parts = (values.get(name, "") for name in PARTS)
        number, total = (int(one) if one.isascii() and one.isdigit() and len(one) < 3 else 0 for one in (part, parts))
        joined: dict[str, Any] = {"ref": ref[:64], "part": number, "parts": total} if ref and 0 < number <= total else {}
        return Turn(sender=sender, words=_words(values["Body"]), id=id, files=_count(values.get("NumMedia", "")), **joined)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Where the carrier brings messages, and where it says what became of ours."""
        limits = Limits(body=64 * 1024, parts=200)
        return (
            Endpoint("POST", ROOT, "text.receive", receive, limits),
            Endpoint("POST", f"{ROOT}/receipts/<row>", "text.report", report, limits),
        )

    def refuse(self, request: Request, status: int, errors: Sequence[tuple[str, str]]) -> Response:
        """Words for whoever keeps the carrier's account: carriers show them in their logs."""
        text = "\n".join(f"{name}: {says}" if name else says for name, says in errors)
        return Response(status, text.encode("utf-8", "replace"), "text/plain; charset=utf-8")

    def prepare(self, message: Outgoing) -> HttpCall:
        """`POST /2010-04-01/Accounts/ACCOUNT/Messages.json`; the token keeps a second try from being a second message."""
        form = {"To": message.to, "From": message.sender, "Body": message.text, "StatusCallback": message.callback_url}
        basic = b64encode(f"{message.account}:{message.secret}".encode()).decode()
        return HttpCall(
            "POST",
            f"{message.endpoint}/2010-04-01/Accounts/{message.account}/Messages.json",
            {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded", "I-Twilio-Idempotency-Token": message.key},
            urlencode({name: value for name, value in form.items() if value}).encode(),
        )

    def read(self, answer: Answer) -> Receipt | Refusal:
        """201 with the message's own id. A number that cannot be reached is a clear no."""
        if answer.status in (200, 201):
            return _taken(answer)
        if answer.status in (401, 403):
            return Refusal("the carrier does not take our account or its secret", retry=True, code=f"http-{answer.status}")
        if answer.status in (408, 425, 429) or answer.status >= 500:
            return Refusal(f"the carrier answered {answer.status}", retry=True, after=retry_after(answer), code=f"http-{answer.status}")
        return Refusal(f"the carrier does not send to this number ({answer.status})", retry=False, code=f"http-{answer.status}")


def signature(secret: str, url: str, values: Sequence[tuple[str, str]]) -> str:
    """What the carrier puts into X-Twilio-Signature."""
    by_name: dict[str, set[str]] = {}
    for name, value in values:
        by_name.setdefault(name, set()).add(value)
    signed = url + "".join(name + value for name in sorted(by_name) for value in sorted(by_name[name]))
    return b64encode(hmac.new(secret.encode(), signed.encode("utf-8", "surrogatepass"), sha1).digest()).decode()


def receive(request: Request, front: Front) -> Response:
    """A text message came in; the answers go back in the same breath.

    A form as Twilio sends it: `MessageSid`, `From`, `Body`, `NumMedia`. `X-Twilio-Signature` is the HMAC-SHA1 of the address and the sorted
    parameters under the secret shared with the carrier; 403 else. The answer is TwiML. A message that comes again gets its first answer again.
    """
    _signed(request, front)
    what = _read(request)
    if isinstance(what, Delivered):
        raise Refused(400, [("Body", "send the words.")])
    return _twiml(front.say(what))


def report(request: Request, front: Front) -> Response:
    """The carrier says what became of a message of ours.

    A form as Twilio sends it: `MessageStatus`, `ErrorCode`; signed like a message that comes in. 204.
    """
    _signed(request, front)
    values = dict(request.form)
    status = values.get("MessageStatus") or values.get("SmsStatus") or ""
    if status in STATUSES:
        front.delivered(_delivered(request.path["row"], status, values))
    return Response(204, b"", "text/plain; charset=utf-8")


def _signed(request: Request, front: Front) -> None:
    secret, given = front.secret(), request.headers.get("x-twilio-signature", "")
    if not secret or not hmac.compare_digest(signature(secret, request.url, request.form).encode(), given.encode("utf-8", "replace")):
        raise Refused(403, [("X-Twilio-Signature", "is not the one of this address and these parameters under our secret.")])


def _read(request: Request) -> Turn | Delivered:
    try:
        return Sms().receive(Raw(dict(request.form)))
    except ValueError as wrong:
        raise Refused(400, [("", str(wrong))]) from wrong


def _words(text: str) -> str:
    """As it was written, without what no text can hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _count(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0


def _status(value: str) -> Literal["sent", "delivered", "failed"]:
    return STATUSES.get(value, "sent")


def _delivered(id: str, status: str, values: Mapping[str, str]) -> Delivered:
    code = (values.get("ErrorCode") or "")[:20] or None
    return Delivered(id=id, status=_status(status), code=code, passing=code in PASSING, stopped=code == STOPPED)


def _taken(answer: Answer) -> Receipt | Refusal:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return not_understood("the carrier's answer is no JSON")
    if not isinstance(found, Mapping) or not isinstance(found.get("sid"), str) or not _SID.fullmatch(found["sid"]):
        return not_understood("the carrier's answer names no message")
    return Receipt(found["sid"])


def _twiml(messages: Sequence[str]) -> Response:
    inside = "".join(f"<Message>{escaped(text)}</Message>" for text in messages)
    return Response(200, f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'.encode(), "text/xml; charset=utf-8")


CHANNEL = Sms()
