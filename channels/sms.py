"""Short messages: the words for one; sending and receiving come with their gateway."""

from __future__ import annotations

from portal.plugins.channel import Message, Notice


class Sms:
    """One line with the reference and where to look."""

    name = "sms"

    def render(self, notice: Notice) -> Message:
        """Subject, reference and address; details stand behind the reference and secret."""
        return Message(f"{notice.subject} [{notice.reference}] {notice.link}")


CHANNEL = Sms()
