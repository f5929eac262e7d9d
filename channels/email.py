"""E-mail: notices leave as plain text mail, and beside it in large letters for who needs them."""

from __future__ import annotations

from html import escape

from portal.plugins.channel import Message, Notice

#: Primary subtags of languages written from right to left.
RIGHT_TO_LEFT = ("ar", "fa", "he", "ps", "ur", "yi")


class Email:
    """One notice is one mail; its answer address is the portal's own."""

    name = "email"
    reaches, order, quiet = "email", 1, None

    def render(self, notice: Notice) -> Message:
        """The words as they are, the reference at the head of the subject so that a reply finds its case."""
        subject = notice.subject if notice.reference in notice.subject else f"[{notice.reference}] {notice.subject}"
        return Message(f"{notice.text.rstrip()}\n", subject, by="smtp", html=_page(notice) if notice.large_print else None)


def _page(notice: Notice) -> str:
    """The words in large letters; every one of them is escaped."""
    words = "".join(f'<p dir="auto">{_linked(part, notice.link)}</p>\n' for part in notice.text.strip().split("\n\n"))
    side = "rtl" if notice.language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(notice.subject)}</title>'
    style = "font: 24px/1.6 sans-serif; max-width: 40em; margin: 1em"
    return f'<!doctype html>\n<html lang="{escape(notice.language)}" dir="{side}"><head>{head}</head>\n<body style="{style}">\n{words}</body></html>\n'


def _linked(part: str, link: str) -> str:
    words = escape(part).replace("\n", "<br>\n")
    address = escape(link)
    return words.replace(address, f'<a href="{address}">{address}</a>') if link.startswith(("http://", "https://")) else words


CHANNEL = Email()
