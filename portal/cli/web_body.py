"""Bodies as the web server passes them on: one cut off on the way, or whose pieces cannot be told apart, is refused and not taken for a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import BadRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _Body:
    """What gunicorn reads; its complaint about a piece (RFC 9112, 7.1) is the client's doing."""

    def __init__(self, body: BinaryIO) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes."""
        try:
            return self._body.read() if size < 0 else self._body.read(size)
        except ParseException:
            raise BadRequest from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)


def whole(app: WSGIApplication) -> WSGIApplication:
    """The application, which gets whole bodies or a refusal."""

    def asked(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if "CONTENT_LENGTH" in environ and "HTTP_TRANSFER_ENCODING" not in environ:
            # gunicorn says of every body that its end is its end; where a length was announced, less than that was cut off.
            environ.pop("wsgi.input_terminated", None)
        environ["wsgi.input"] = _Body(environ["wsgi.input"])
        return app(environ, start_response)

    return asked
