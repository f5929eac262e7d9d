"""Spans for OpenTelemetry, where the extra `otel` is installed and an endpoint is set; else every one of these does nothing.

They are ours and few: a request, a unit of work, a delivery, a call, a job. Their names and attributes are patterns, kinds and names of the catalogue: never an
address, a reference or anything a citizen wrote. The trace of a request is its number (`correlation`), with a collector or without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from portal.telemetry import correlation

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

Kind = Literal["internal", "server", "client", "consumer"]
Value = str | int

#: Seconds in which a collector takes a batch; one that does not is passed over and holds nobody up.
PATIENCE = 2

_WANTED = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")

_tracer: Tracer | None = None
_here: ContextVar[Span | None] = ContextVar("span", default=None)


class One:
    """A span, or nothing."""

    __slots__ = ("_span", "kept")

    def __init__(self, span: Span | None) -> None:
        self._span = span
        #: What turns out to have been nothing is not told of.
        self.kept = True

    def say(self, **attributes: Value | None) -> None:
        """Attributes known later. `__` in a name stands for a dot."""
        if self._span is not None:
            self._span.set_attributes(_named(attributes))

    def fail(self, why: str) -> None:
        """It did not come to what it was for; `why` is a code, never words."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", why)
            self._span.set_status(StatusCode.ERROR)


_NOTHING = One(None)


def installed() -> bool:
    """Whether the extra is there, whole."""
    try:
        return all(find_spec(one) for one in _WANTED)
    except ImportError:
        return False


def begin(endpoint: str, part: str, *, share: float = 1.0, exporter: SpanExporter | None = None) -> bool:
    """From here on spans of this process go to the collector at `endpoint` (OTLP over HTTP); after a fork, not before. False: nothing is told.

    `share` of all requests is traced, chosen by their number, so that all processes choose the same ones.
    """
    global _tracer
    if not (endpoint or exporter) or not installed():
        return False
    from portal.telemetry import tracing

    _tracer = tracing.tracer(endpoint, part, share, PATIENCE, exporter)
    return True


def stop() -> None:
    """Nothing is told any more."""
    global _tracer
    _tracer = None


def here() -> tuple[str | None, str | None]:
    """Number of what this thread does now, and its span as 16 hexadecimal digits; either may be None. What leaves later takes both along."""
    span = _here.get()
    if span is None:
        return correlation.current(), None
    found = span.get_span_context()
    return correlation.current() or str(UUID(int=found.trace_id)), f"{found.span_id:016x}"


def traceparent() -> str | None:
    """As a header for whoever is called now (W3C Trace Context); None where this is nobody's request and not traced."""
    span, number = _here.get(), correlation.current()
    if span is not None:
        found = span.get_span_context()
        return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"
    return correlation.traceparent(number) if number else None


def began_elsewhere(traceparent: str | None) -> str | None:
    """The span that stands in a header, for `parent`."""
    found = correlation.TRACEPARENT.fullmatch(traceparent or "")
    return found[2] if found else None


@contextmanager
def span(name: str, kind: Kind = "internal", *, parent: str | None = None, **attributes: Value | None) -> Iterator[One]:
    """Tells of what happens meanwhile. `parent`: a span elsewhere, in the trace whose number stands (`correlation`); absent: the one this thread is in."""
    if _tracer is None:
        yield _NOTHING
        return
    from portal.telemetry import tracing

    begun = tracing.begun(_tracer, name, kind, _named(attributes), _here.get() if parent is None else None, correlation.current(), parent)
    one, before = One(begun), _here.set(begun)
    try:
        yield one
    except BaseException as fault:
        one.fail(type(fault).__name__)
        raise
    finally:
        _here.reset(before)
        if one.kept:
            begun.end()


def _named(attributes: dict[str, Value | None]) -> dict[str, Value]:
    return {name.replace("__", "."): value for name, value in attributes.items() if value is not None}
