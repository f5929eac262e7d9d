"""How a process that works in the background tells of itself."""

from __future__ import annotations

import logging

from portal.settings import Settings
from portal.telemetry import counters, log, spans


def begin(settings: Settings, part: str) -> None:
    """Its log, the folder in which it counts, and its traces; before anything is counted."""
    log.configure_process(settings.log_form)
    if settings.metrics_dir:
        counters.share(settings.metrics_dir)
    trace(settings, part)


def trace(settings: Settings, part: str) -> None:
    """Traces of this process go to the collector, where one is set; never before a fork."""
    where = settings.otel_exporter_otlp_endpoint
    if where and not spans.begin(where, part, share=settings.trace_share):
        logging.getLogger("portal").warning("OTEL_EXPORTER_OTLP_ENDPOINT is set and OpenTelemetry is not installed: pip install 'onedoor[otel]'")
