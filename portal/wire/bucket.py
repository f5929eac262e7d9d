"""A bucket of an S3-compatible store, through the `minio` client (extra `s3`): signed requests, TLS, no more than a few seconds each."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.wire.store import StoreAway

#: Seconds of one request.
STEP = 10.0


class Bucket:
    """Files of one bucket below a prefix."""

    def __init__(self, host: str, bucket: str, prefix: str, access: str, secret: str, *, secure: bool) -> None:
        import urllib3
        from minio import Minio

        once = urllib3.PoolManager(timeout=urllib3.Timeout(connect=3.0, read=STEP), retries=urllib3.Retry(total=1, redirect=False), maxsize=8)
        self._client: Any = Minio(host, access_key=access, secret_key=secret, secure=secure, http_client=once)
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""

    def keep(self, content: bytes) -> str:
        name = secrets.token_hex(20)
        self._asked(lambda: self._client.put_object(self._bucket, self._prefix + name, io.BytesIO(content), len(content)))
        return name

    def read(self, name: str) -> bytes:
        answer = self._asked(lambda: self._client.get_object(self._bucket, self._prefix + name))
        try:
            content: bytes = answer.read()
            return content
        finally:
            answer.close()
            answer.release_conn()

    def forget(self, name: str) -> None:
        self._asked(lambda: self._client.remove_object(self._bucket, self._prefix + name))

    def names(self, *, older_than: float) -> Iterator[str]:
        latest = datetime.now(UTC) - timedelta(seconds=older_than)
        for found in self._asked(lambda: list(self._client.list_objects(self._bucket, prefix=self._prefix))):
            if found.last_modified <= latest:
                yield found.object_name.removeprefix(self._prefix)

    @staticmethod
    def _asked(ask: Any) -> Any:
        import urllib3
        from minio.error import MinioException, S3Error

        try:
            return ask()
        except S3Error as refused:
            if refused.code == "NoSuchKey":
                raise FileNotFoundError(refused.code) from refused
            raise StoreAway(f"the store refused: {refused.code}") from refused
        except (MinioException, urllib3.exceptions.HTTPError, ValueError) as away:
            raise StoreAway(f"the store does not answer ({type(away).__name__})") from away
