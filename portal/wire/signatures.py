"""Standard Webhooks 1.0.0: symmetric signatures (HMAC-SHA256) over id, time and body, on what we send and on what reports back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

#: Signatures looked at in one header: several come while a secret is changed.
MOST = 8


class BadSignature(Exception):
    """Not signed, not by a secret we know, or not within five minutes."""


def signed(secret: str, id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers for a body that is UTF-8."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at.astimezone(UTC), body.decode()),
    }


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> str:
    """The id of a message signed with any of the secrets; BadSignature otherwise. Five minutes of drift are allowed either way."""
    given = {name.lower(): value for name, value in headers.items()}
    found = {name: given.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    if not found["webhook-timestamp"].isascii() or not found["webhook-timestamp"].isdigit() or found["webhook-signature"].count(" ") >= MOST:
        raise BadSignature
    if not found["webhook-id"].isprintable() or not 0 < len(found["webhook-id"]) <= 256:
        raise BadSignature
    for secret in secrets:
        try:
            Webhook(secret).verify(body, found, json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return found["webhook-id"]
    raise BadSignature


def secrets_of(file: str) -> dict[str, tuple[str, ...]]:
    """The secrets in a file, read again when it changed; none where no file is named. OSError or ValueError where it cannot be read."""
    return _kept(file, Path(file).stat().st_mtime_ns) if file else {}


@lru_cache(maxsize=4)
def _kept(file: str, _: int) -> dict[str, tuple[str, ...]]:
    return read_secrets(Path(file).read_text("utf-8"))


def read_secrets(text: str) -> dict[str, tuple[str, ...]]:
    """Secrets by agency, from lines `agency: whsec_...`; ValueError names the line that is none.

    An agency may have several while one is changed; we sign with the first.
    """
    secrets: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        agency, _, secret = (part.strip() for part in line.partition(":"))
        try:
            Webhook(secret)
        except Exception as bad:
            raise ValueError(f"line {number}: write `agency: whsec_...`, the secret in base64") from bad
        secrets[agency] = (*secrets.get(agency, ()), secret)
    return secrets
