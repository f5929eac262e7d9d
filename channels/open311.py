"""Open311 GeoReport v2: applications ask for the status by themselves, nothing is sent."""

from __future__ import annotations

from portal.plugins.channel import Message, Notice


class Open311:
    """Notices become the status notes of the request."""

    name = "open311"

    def render(self, notice: Notice) -> Message:
        """The status note."""
        return Message(notice.subject)


CHANNEL = Open311()
