"""The counter: the clerk reads out and prints, nothing is sent."""

from __future__ import annotations

from portal.plugins.channel import Message, Notice


class Counter:
    """Notices are handed over on paper at the next visit."""

    name = "counter"

    def render(self, notice: Notice) -> Message:
        """Words for paper, with the address of the case's page."""
        return Message(f"{notice.subject}\n\n{notice.text.rstrip()}\n{notice.link}\n")


CHANNEL = Counter()
