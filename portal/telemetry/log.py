"""The log: one line an event on standard error, times in UTC; never bodies, queries, tokens or names. JSON, or words on a machine of one's own."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal

import structlog

from portal.telemetry.correlation import current

Form = Literal["json", "plain"]


def configure(form: Form = "json") -> None:
    """Sets up structlog for this process; harmless when called again."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _numbered,
            _without_nothing,
            structlog.processors.JSONRenderer() if form == "json" else _plain,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def configure_process(form: Form) -> None:
    """The same for all that logs in this process, libraries too."""
    configure(form)
    lines = logging.StreamHandler()
    lines.setFormatter(_Line(form))
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
    logging.getLogger("portal").setLevel(logging.INFO)


class _Line(logging.Formatter):
    """A line of the standard library's loggers. Of a library only the pattern is written: what it fills in may be anybody's."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.split(".")[0] == "portal"
        line: dict[str, Any] = {
            "event": record.getMessage() if ours else str(record.msg),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__qualname__
        line = _without_nothing(None, "", dict(_numbered(None, "", line)))
        return json.dumps(line) if self._form == "json" else _plain(None, "", line)


def _numbered(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """With the number of the request it belongs to."""
    event.setdefault("request_id", current())
    return event


def _without_nothing(_: object, __: str, event: structlog.typing.EventDict) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value is not None}


def _plain(_: object, __: str, event: structlog.typing.EventDict) -> str:
    """Time, level, what happened, then the rest. Whatever could begin a new line or move a terminal's cursor is encoded."""
    rest = dict(event)
    told = [str(rest.pop(name, "")) for name in ("timestamp", "level", "event")]
    words = [one if one.isprintable() else json.dumps(one) for one in told]
    return " ".join([f"{words[0]:<27} {words[1]:<7} {words[2]}", *(f"{name}={_shown(value)}" for name, value in rest.items())])


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if text.isascii() and text.isprintable() and " " not in text else json.dumps(text)
