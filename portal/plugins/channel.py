"""The socket for channels: how people reach us and we them. A channel gives a notice its form; the engine sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

#: How the engine sends what a channel rendered; `nowhere`: the person looks it up with reference and secret.
By = Literal["smtp", "nowhere"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one person, already put into words of their language."""

    template: str
    #: BCP 47, primary subtag.
    language: str
    subject: str
    text: str
    reference: str
    #: The case's own page.
    link: str


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves. `subject` is one line; None where the channel has none."""

    text: str
    subject: str | None = None
    by: By = "nowhere"


@runtime_checkable
class Channel(Protocol):
    """What a channel module offers as `CHANNEL`."""

    #: The same as its file's name.
    name: str

    def render(self, notice: Notice) -> Message:
        """The notice in this channel's form."""
        ...
