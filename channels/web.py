"""The web pages: people look their case up, nothing is sent."""

from __future__ import annotations

from portal.plugins.channel import Message, Notice


class Web:
    """Notices stand on the case's own page."""

    name = "web"

    def render(self, notice: Notice) -> Message:
        """What the case's page shows."""
        return Message(notice.text, notice.subject)


CHANNEL = Web()
