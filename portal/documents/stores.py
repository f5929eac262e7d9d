"""Which store of files the settings name."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from portal.settings import Settings
from portal.wire.store import Folder, Store


def store_of(settings: Settings) -> Store:
    """The store of this portal: DOCUMENTS, or a folder of its data. ValueError for an address that is none."""
    return _store(settings.documents or str(Path(settings.data) / "documents"), settings.documents_key.get_secret_value())


@cache
def _store(address: str, key: str) -> Store:
    if not address.startswith(("s3://", "s3+http://")):
        return Folder(Path(address))
    from portal.wire.bucket import Bucket

    parts = urlsplit(address)
    access, _, secret = key.partition(":")
    bucket, _, prefix = parts.path.strip("/").partition("/")
    if not parts.netloc or not bucket or not access or not secret:
        raise ValueError("DOCUMENTS is no store: write s3://HOST/BUCKET/PREFIX, and its key as DOCUMENTS_KEY (access:secret)")
    return Bucket(parts.netloc, bucket, prefix, access, secret, secure=parts.scheme == "s3")
