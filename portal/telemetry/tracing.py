"""How spans are made where OpenTelemetry is installed: the only file that imports it (the extra `otel`), and only when an endpoint is set."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING
from uuid import UUID

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_KINDS = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "consumer": trace.SpanKind.CONSUMER,
}
#: Number of the request for which a trace begins in this thread.
_number: ContextVar[str | None] = ContextVar("number", default=None)


class _Numbers(RandomIdGenerator):
    """A trace that begins here has the number of its request."""

    def generate_trace_id(self) -> int:
        number = _number.get()
        return UUID(number).int if number else super().generate_trace_id()


def tracer(endpoint: str, part: str, share: float, patience: int, exporter: SpanExporter | None) -> Tracer:
    """Makes the spans of this process. Whether one is told follows from the number of its trace alone: who asks cannot demand it, and all processes agree."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": "onedoor", "service.namespace": "onedoor", "onedoor.part": part}),
        sampler=TraceIdRatioBased(share),
        id_generator=_Numbers(),
    )
    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=patience)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    else:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("portal")


def begun(tracer: Tracer, name: str, kind: str, attributes: dict[str, str | int], within: Span | None, number: str | None, parent: str | None) -> Span:
    """A span under the one it is within, under one that began elsewhere, or the first of a trace."""
    context = trace.set_span_in_context(within or trace.INVALID_SPAN)
    if within is None and number and parent:
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        elsewhere = trace.SpanContext(UUID(number).int, int(parent, 16), is_remote=True, trace_flags=flags)
        context = trace.set_span_in_context(trace.NonRecordingSpan(elsewhere))
    before = _number.set(number)
    try:
        return tracer.start_span(name, context, kind=_KINDS[kind], attributes=attributes)
    finally:
        _number.reset(before)
