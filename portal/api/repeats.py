"""Idempotency-Key: a request that may come twice, and the answer it gets again, byte for byte."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import orjson
from flask import Response, request

from portal.api.refusals import BadHeader
from portal.unit_of_work import Answer, Principal, Repeatable
from portal.unit_of_work.idempotency import ANONYMOUS_KEY_LENGTH

#: Visible ASCII: what a structured-field string holds, spaces left out.
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def repeatable(who: Principal, action: str) -> Repeatable | None:
    """The request in hand as one that may come twice; None where it has no Idempotency-Key, or an anonymous one too short to be a secret.

    Two requests are the same where action, method, address with query, and body agree byte for byte. BadHeader for a key that is not 1 to 255
    visible ASCII characters.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise BadHeader("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    key = key.strip('"')
    if who.scope == "anonymous" and len(key) < ANONYMOUS_KEY_LENGTH:
        return None
    parts = (action.encode(), request.method.encode(), request.full_path.encode(), request.get_data())
    return Repeatable(who.key_space, key, sha256(b"\x00".join(parts)).digest())


def answer(status: int, members: Any) -> Answer:
    """An answer as it is kept: JSON bytes."""
    return Answer(status, orjson.dumps(members))


def respond(given: Answer, *, headers: dict[str, str] | None = None, replayed: bool = False) -> Response:
    """A kept answer as it goes out; `replayed` says so in a header."""
    response = Response(given.body, given.status, headers, content_type="application/json")
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response
