"""What the engine demands of content code before it uses it, and what a contract test may ask of an adapter."""

from __future__ import annotations

from typing import Any, get_args

from portal.plugins.agency import Adapter, Answer, Delivery, File, HttpCall, Mail, Promise, Receipt, Refusal, Task
from portal.plugins.channel import (
    By,
    Channel,
    Delivered,
    Message,
    Notice,
    Outgoing,
    Raw,
    Receives,
    Refused,
    Request,
    Response,
    Sends,
    Serves,
    Submission,
    Turn,
)

#: Answers no adapter may take for a receipt, nor fall over.
HOSTILE = (
    *(Answer(status, {}, b"") for status in (*range(100, 200), *range(300, 600))),
    Answer(200, {"content-type": "text/html"}, b"<html>OK</html>"),
    Answer(200, {"content-type": "application/json"}, b'{"id": "1", "status": "acc'),
    Answer(200, {"content-type": "application/json"}, b"[" * 100_000),
    Answer(200, {"content-type": "application/json"}, b'{"id": {"a": 1}, "status": true}'),
    Answer(200, {"content-type": "application/json"}, b"null"),
    Answer(200, {"content-type": "application/json"}, b"\xff\xfe"),
    Answer(422, {"content-type": "application/problem+json"}, b'{"title": 7}'),
    Answer(429, {"retry-after": "-1"}, b""),
    Answer(503, {"retry-after": "9" * 400}, b""),
)


#: What no channel may fall over.
HOSTILE_RAW = (
    Raw(),
    Raw({}, b"\xff\xfe\x00"),
    Raw({"": "", "a": "\x00"}, b"<" * 10_000),
    Raw(dict.fromkeys(("From", "To", "Body", "MessageSid", "NumMedia", "NumSegments", "lat", "long", "service_code"), "9" * 5000)),
    Raw(dict.fromkeys(("From", "To", "Body", "MessageSid", "NumMedia", "MessageStatus", "lat", "long", "service_code"), "\u202e�'\"<&>")),
)


def adapter_faults(found: Any) -> list[str]:
    """What is wrong with something offered as ADAPTER; nothing where it is one."""
    if not isinstance(found, Adapter):
        return ["offer ADAPTER with `promise`, `prepare(delivery)` and `read(answer)` (portal/plugins/agency.py)"]
    return [] if found.promise in get_args(Promise) else [f"`promise` is {found.promise!r}: write one of {', '.join(get_args(Promise))}"]


def channel_faults(found: Any, name: str) -> list[str]:
    """What is wrong with something offered as CHANNEL by the file of that name."""
    if not isinstance(found, Channel):
        return ["offer CHANNEL with `name` and `render(notice)` (portal/plugins/channel.py)"]
    return [] if found.name == name else [f"`name` is {found.name!r}: write {name!r}, as the file is called"]


def adapter_contract(adapter: Adapter, delivery: Delivery) -> list[str]:
    """Everything an adapter does against the contract: its call does not change from attempt to attempt, and it believes no hostile answer."""
    faults = adapter_faults(adapter)
    call: object = adapter.prepare(delivery)
    if not isinstance(call, HttpCall | Mail | File | Task):
        return [*faults, f"prepare gives {type(call).__name__}"]
    if call != adapter.prepare(delivery):
        faults.append("prepare gives another call at the second time: the far side cannot see that it is the same")
    for answer in HOSTILE:
        meaning: object = adapter.read(answer)
        if isinstance(meaning, Receipt):
            faults.append(f"read takes HTTP {answer.status} {answer.body[:40]!r} for a receipt")
        elif not isinstance(meaning, Refusal):
            faults.append(f"read gives {type(meaning).__name__} for HTTP {answer.status}")
    return faults


def channel_contract(channel: Channel, notice: Notice) -> list[str]:
    """Everything a channel does against the contract: what it gives a notice, what its addresses are, what it makes of hostile messages and answers."""
    faults = _rendered(channel, notice)
    if isinstance(channel, Serves):
        faults += _served(channel)
    if isinstance(channel, Receives):
        faults += [fault for raw in HOSTILE_RAW for fault in _received(channel, raw)]
    if isinstance(channel, Sends):
        faults += _sent(channel)
    return faults


def _rendered(channel: Channel, notice: Notice) -> list[str]:
    message: object = channel.render(notice)
    if not isinstance(message, Message):
        return [f"render gives {type(message).__name__}"]
    faults = [] if message.by in get_args(By) else [f"`by` is {message.by!r}: write one of {', '.join(get_args(By))}"]
    if message.subject is not None and any(letter in message.subject for letter in "\r\n"):
        faults.append("the subject has more than one line")
    return faults


def _served(channel: Serves) -> list[str]:
    faults = [] if channel.root.startswith("/") and not channel.root.endswith("/") else [f"`root` is {channel.root!r}: begin with a slash, end with none"]
    faults += [f"{one.path}: addresses of this channel begin with {channel.root}/" for one in channel.endpoints if not one.path.startswith(f"{channel.root}/")]
    for status in (400, 403, 404, 405, 413, 500, 503):
        answer: object = channel.refuse(Request("GET", f"{channel.root}/nothing", {}), status, [("", "a < b")])
        if not isinstance(answer, Response) or answer.status != status or "html" in answer.content_type or b"<html" in answer.body:
            faults.append(f"refuse does not tell of {status} in a form of its own")
    return faults


def _received(channel: Receives, raw: Raw) -> list[str]:
    try:
        what: object = channel.receive(raw)
    except (ValueError, Refused):
        return []
    except Exception as wrong:
        return [f"receive raises {type(wrong).__name__} where a message says nothing: raise ValueError"]
    return [] if isinstance(what, Submission | Turn | Delivered) else [f"receive gives {type(what).__name__}"]


def _sent(channel: Sends) -> list[str]:
    message = Outgoing(
        key="k", to="+3225550100", text="Élysée\n\U0001f573", endpoint="https://carrier.example", account="AC1", secret="s" * 32, sender="+3225550199"
    )
    call: object = channel.prepare(message)
    if not isinstance(call, HttpCall):
        return [f"prepare gives {type(call).__name__}"]
    faults = [] if call == channel.prepare(message) else ["prepare gives another call at the second time: the carrier cannot see that it is the same"]
    for answer in HOSTILE:
        meaning: object = channel.read(answer)
        if not isinstance(meaning, Refusal):
            faults.append(f"read takes HTTP {answer.status} {answer.body[:40]!r} for a receipt")
    return faults
