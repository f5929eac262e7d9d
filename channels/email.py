"""E-mail: notices leave as plain text mail."""

from __future__ import annotations

from portal.plugins.channel import Message, Notice


class Email:
    """One notice is one mail; its answer address is the portal's own."""

    name = "email"

    def render(self, notice: Notice) -> Message:
        """The words as they are, the reference at the head of the subject so that a reply finds its case."""
        subject = notice.subject if notice.reference in notice.subject else f"[{notice.reference}] {notice.subject}"
        return Message(f"{notice.text.rstrip()}\n", subject, by="smtp")


CHANNEL = Email()
