"""A simulated carrier of text messages that speaks as Twilio does: takes what we send, tells what became of it, and brings what people write."""

from __future__ import annotations

import hmac
import http.client
import json
import threading
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from uuid_utils import uuid7

from portal.plugins.texts import counted
from portal.plugins.xml import BadXml, parsed

LARGEST = 64 * 1024
#: Numbers that behave oddly: the last digits say how.
BEHAVIOURS = {"0001": (400, "failed"), "0002": (503, "failed"), "0003": (201, "undelivered"), "0004": (201, "undelivered")}
#: Of those that are taken and do not arrive: a landline, and a telephone that is switched off.
CODES = {"0003": "30006", "0004": "30003"}


@dataclass
class Carrier:
    """The carrier of one process: our account there, its folder of messages, and where it brings what people write."""

    folder: Path
    account: str
    secret: str
    #: Our own number.
    number: str
    #: Address of the portal's webhook.
    hook: str
    _sent: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, form: dict[str, str], key: str) -> tuple[int, dict[str, Any]]:
        """What the portal sends; the same key is the same message."""
        status, _ = BEHAVIOURS.get(form.get("To", "")[-4:], (201, "delivered"))
        if status != 201:
            return status, {"code": 21211 if status == 400 else 20503, "message": "simulated", "status": status}
        with self._lock:
            sid = self._sent.get(key) if key else None
            if sid is None:
                sid = f"SM{uuid4().hex}"
                self._sent[key] = sid
                self.keep("out", form["To"], form.get("Body", ""), sid)
        return 201, {"sid": sid, "status": "queued", "num_segments": str(counted(form.get("Body", "")).parts)}

    def report(self, form: dict[str, str], sid: str) -> None:
        """What became of it, signed, as the real one says it."""
        if not form.get("StatusCallback"):
            return
        _, last = BEHAVIOURS.get(form.get("To", "")[-4:], (201, "delivered"))
        for status in ("sent", last):
            values = {"MessageSid": sid, "MessageStatus": status, "To": form["To"], "From": self.number, "AccountSid": self.account}
            _post(form["StatusCallback"], self.secret, values | ({"ErrorCode": CODES[form["To"][-4:]]} if status == "undelivered" else {}))

    def write(self, sender: str, words: str) -> list[str]:
        """Somebody writes to the portal; what it answers in the same breath."""
        sid = f"SM{uuid4().hex}"
        self.keep("in", sender, words, sid)
        values = {"MessageSid": sid, "AccountSid": self.account, "From": sender, "To": self.number, "Body": words, "NumMedia": "0"}
        status, body = _post(self.hook, self.secret, values)
        try:
            answers = [one.text for one in parsed(body).all("Message")] if status == 200 else []
        except BadXml:
            answers = []
        for text in answers:
            self.keep("out", sender, text, f"SM{uuid4().hex}")
        return answers

    def keep(self, way: str, number: str, text: str, sid: str) -> None:
        """One message as one file; names sort as they came."""
        found = {"way": way, "number": number, "text": text, "sid": sid, "at": datetime.now(UTC).isoformat(timespec="seconds"), "parts": counted(text).parts}
        fresh = self.folder / f"{uuid7()}.part"
        fresh.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
        fresh.rename(fresh.with_suffix(".json"))


def texts(folder: Path) -> list[dict[str, Any]]:
    """All messages, oldest first."""
    return [json.loads(place.read_text("utf-8")) for place in sorted(folder.glob("*.json"))]


def signature(secret: str, url: str, values: dict[str, str]) -> str:
    """X-Twilio-Signature."""
    text = url + "".join(name + values[name] for name in sorted(values))
    return b64encode(hmac.new(secret.encode(), text.encode(), sha1).digest()).decode()


def serve(carrier: Carrier, host: str, port: int) -> ThreadingHTTPServer:
    """Listens; `serve_forever` runs it."""
    carrier.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = ThreadingHTTPServer((host, port), partial(_Handler, carrier))
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, carrier: Carrier, *given: Any) -> None:
        self._carrier = carrier
        super().__init__(*given)

    def do_GET(self) -> None:
        self._answer(200, {"texts": texts(self._carrier.folder)}) if self.path == "/texts" else self._answer(404, {})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST:
            return self._answer(413, {})
        body = self.rfile.read(length)
        if self.path == "/write":
            asked = json.loads(body)
            return self._answer(200, {"answers": self._carrier.write(str(asked["from"]), str(asked["words"]))})
        if self.path != f"/2010-04-01/Accounts/{self._carrier.account}/Messages.json" or not self._known():
            return self._answer(401, {"code": 20003, "status": 401})
        form = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
        status, told = self._carrier.take(form, self.headers.get("I-Twilio-Idempotency-Token", ""))
        self._answer(status, told)
        if status == 201:
            threading.Thread(target=self._carrier.report, args=(form, told["sid"]), daemon=True).start()
        return None

    def _known(self) -> bool:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        wanted = f"{self._carrier.account}:{self._carrier.secret}"
        return scheme == "Basic" and b64decode(given or "").decode("utf-8", "replace") == wanted

    def _answer(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Addresses name people: nothing is logged."""


def _post(url: str, secret: str, values: dict[str, str]) -> tuple[int, bytes]:
    """A signed form; status 0 where nobody answers."""
    split = urlsplit(url)
    connection = http.client.HTTPConnection(split.netloc, timeout=20)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature(secret, url, values)}
    try:
        connection.request("POST", split.path, urlencode(values).encode(), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()
