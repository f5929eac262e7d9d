"""How a process that works in the background tells of itself."""

from __future__ import annotations

from portal.settings import Settings
from portal.telemetry import counters, log


def begin(settings: Settings) -> None:
    """Its log, and the folder in which it counts; before anything is counted."""
    log.configure_process(settings.log_form)
    if settings.metrics_dir:
        counters.share(settings.metrics_dir)
