"""Keyset pages: `?limit=&after=` and `{"items": [...], "next": url or null}`; the cursor holds the last row's sort key, signed."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from flask import request
from marshmallow import fields, validate

from portal.api.asking import the_portal
from portal.api.schemas import Schema
from portal.errors import Invalid

_SIGNATURE = 16
#: Rows of a page: where none is asked for, and at most.
LIMIT, MOST = 50, 200


_CURSOR = validate.Regexp(r"[A-Za-z0-9_-]+\Z", error="Take it from `next` of the page before, with the same other parameters.")


class Page(Schema):
    """Query of a list."""

    limit = fields.Integer(load_default=LIMIT, validate=validate.Range(1, MOST), metadata={"description": "Rows at most."})
    after = fields.String(
        load_default=None, validate=(validate.Length(1, 1000), _CURSOR), metadata={"description": "Opaque; taken from `next` of the page before."}
    )


#: From a member of a cursor to the value it was.
Reader = Callable[[Any], Any]


def instant(text: str) -> datetime:
    """A point in time in a cursor."""
    return datetime.fromisoformat(text)


def after(cursor: str | None, *readers: Reader) -> tuple[Any, ...] | None:
    """Sort key after which the page begins, each part read by its reader (`instant`, `UUID`, `int`, `str`); None for the first page.

    Invalid for a cursor that is not ours, or was given out for another list.
    """
    if cursor is None:
        return None
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
        if not any(compare_digest(signature, _signature(body, key)) for key in the_portal().settings.secret_keys):
            raise ValueError
        return tuple(None if part is None else reader(part) for reader, part in zip(readers, orjson.loads(body), strict=True))
    except (ValueError, TypeError):
        raise Invalid(errors=[{"parameter": "after", "detail": "Take it from `next` of the page before, with the same other parameters."}]) from None


def page(rows: Sequence[Any], limit: int, key: Callable[[Any], Sequence[Any]]) -> dict[str, Any]:
    """One page of rows read with `LIMIT limit + 1`: the items, and the address of the next page. `key` gives the sort key of a row."""
    items = list(rows[:limit])
    return {"items": items, "next": address(key(items[-1])) if len(rows) > limit else None}


def address(key: Sequence[Any]) -> str:
    """Address of the page after the row with this sort key, for the list in hand."""
    body = orjson.dumps([str(part) if isinstance(part, UUID) else part.isoformat() if isinstance(part, datetime) else part for part in key])
    cursor = urlsafe_b64encode(_signature(body, the_portal().settings.secret_keys[0]) + body).rstrip(b"=").decode()
    query = urlencode({**request.args.to_dict(), "after": cursor})
    return f"{the_portal().settings.public_url}{request.path}?{query}"


def _signature(body: bytes, secret: str) -> bytes:
    """Bound to the address and its other parameters: a cursor of one list says nothing to another."""
    filters = sorted((name, value) for name, value in request.args.items() if name not in ("after", "limit"))
    key = sha256(b"onedoor cursor\x00" + secret.encode()).digest()
    return hmac_new(key, orjson.dumps([request.path, filters]) + body, sha256).digest()[:_SIGNATURE]
