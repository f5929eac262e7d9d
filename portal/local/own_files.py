"""Small files of DATA that only we may read: keys, secrets, what runs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file readable by us alone, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def kept(path: Path, make: Callable[[], str]) -> str:
    """The text of a private file, made the first time it is asked for."""
    if not path.exists():
        path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        write_private(path, make())
    return path.read_text("utf-8")


def secret_key(data: Path) -> str:
    """SECRET_KEY of this DATA: 256 random bits."""
    return kept(data / "secret-key", lambda: secrets.token_urlsafe(32)).strip()


def agency_secrets(data: Path, agencies: list[str]) -> Path:
    """The file AGENCY_SECRETS names: a Standard Webhooks secret for each agency; those it has stay as they are."""
    place = data / "agency-secrets"
    lines = place.read_text("utf-8").splitlines() if place.exists() else []
    known = {line.split(":", 1)[0].strip() for line in lines}
    lines += [f"{agency}: whsec_{_base64_secret()}" for agency in sorted(set(agencies) - known)]
    write_private(place, "".join(f"{line}\n" for line in lines))
    return place


def _base64_secret() -> str:
    import base64

    return base64.b64encode(secrets.token_bytes(32)).decode()
