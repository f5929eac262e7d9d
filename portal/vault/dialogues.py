"""What somebody has said so far in a conversation by messages: sealed, one stream a sender, each message taken once for ever."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from hmac import new as hmac_new
from os import urandom
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.unit_of_work import Row, Work
from portal.vault.tables import dialogue_turns, dialogues

#: Answers to one sender in this time; beyond them what comes is kept in mind and not answered, so that two machines fall silent.
MOST, DAY = 60, timedelta(days=1)


def begin(work: Work, id: UUID, *, channel: str, jurisdiction: str, origin: str) -> Row:
    """The stream of a sender nobody knows yet."""
    work.begin_case(id, jurisdiction=jurisdiction, origin=origin)
    return work.add(dialogues, case_id=id, channel=channel, sealed=_seal(work, id, {}), turns=0, answered=0, counted_at=work.now, open=False)


def row_of(work: Work, id: UUID) -> Row | None:
    """The stream in hand."""
    return next(iter(work.rows(dialogues, id)), None)


def state(work: Work, row: Row) -> dict[str, Any]:
    """What was said so far."""
    found: dict[str, Any] = _open(work, row["case_id"], row["sealed"])
    return found


def answered(work: Work, row: Row, message: str) -> list[str] | None:
    """What was answered to that very message, where it came before."""
    found = work.sql("SELECT sealed FROM dialogue_turns WHERE case_id = %s AND message = %s", (row["case_id"], _digest(message)))
    return list(_open(work, row["case_id"], found[0][0])) if found else None


def take(work: Work, row: Row, message: str, state: dict[str, Any], says: list[str]) -> list[str]:
    """One message, and where the conversation stands after it; what is answered, which is nothing where too much was."""
    over = work.now - row["counted_at"] >= DAY
    answered = 0 if over else row["answered"]
    says = says if answered + len(says) <= MOST else []
    work.add(dialogue_turns, case_id=row["case_id"], message=_digest(message), sealed=_seal(work, row["case_id"], says), at=work.now)
    keep(work, row, state, turns=row["turns"] + 1, answered=answered + len(says), counted_at=work.now if over else row["counted_at"])
    return says


def keep(work: Work, row: Row, state: dict[str, Any], **more: Any) -> None:
    """Where the conversation stands. `DialogueBegun` when there is something begun."""
    is_open = bool(state.get("stage"))
    if is_open and not row["open"]:
        work.record(row["case_id"], "DialogueBegun", channel=row["channel"])
    work.change(row, sealed=_seal(work, row["case_id"], state), open=is_open, **more)


def ended(work: Work, row: Row, why: str, *, case: UUID | None = None) -> None:
    """`sent`, `lapsed`, `stopped`, `restarted`. `DialogueEnded`."""
    work.record(row["case_id"], "DialogueEnded", channel=row["channel"], why=why, case=str(case) if case else None)


def _digest(message: str) -> bytes:
    return sha256(message.encode("utf-8", "replace")).digest()


def _key(secret: str, id: UUID) -> bytes:
    return hmac_new(secret.encode(), b"onedoor dialogue\x00" + id.bytes, sha256).digest()


def _seal(work: Work, id: UUID, value: Any) -> bytes:
    nonce = urandom(12)
    return nonce + AESGCM(_key(work.portal.settings.secret_keys[0], id)).encrypt(nonce, orjson.dumps(value), id.bytes)


def _open(work: Work, id: UUID, sealed: Any) -> Any:
    """Sealed with the present key, or with an earlier one. InvalidTag where it was none of ours."""
    raw = bytes(sealed)
    for secret in work.portal.settings.secret_keys[:-1]:
        with suppress(InvalidTag):
            return orjson.loads(AESGCM(_key(secret, id)).decrypt(raw[:12], raw[12:], id.bytes))
    return orjson.loads(AESGCM(_key(work.portal.settings.secret_keys[-1], id)).decrypt(raw[:12], raw[12:], id.bytes))
