"""The post: a notice becomes a letter that the post room prints and takes to the mail."""

from __future__ import annotations

from portal.plugins.channel import Message, Notice


class Post:
    """One notice is one letter; what comes back names the reference it carries."""

    name = "post"
    reaches, order, quiet = "address", 3, None

    def render(self, notice: Notice) -> Message:
        """The words as they are: address, reference and page numbers are put around them when the letter is made."""
        return Message(f"{notice.text.rstrip()}\n", notice.subject, by="post")


CHANNEL = Post()
