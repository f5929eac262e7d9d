"""The socket for channels: how people reach us and we them. A channel says what came in and gives what goes out its form; the engine sends, stores and decides.

Every channel has `name` and `render`. One that can be chosen to reach somebody `Reaches` an address they left. One that is written to by machines
`Receives`; one that is spoken to over HTTP has `endpoints` (`Serves`); one whose messages leave by a provider has `prepare` and `read` (`Sends`).
Data classes cross the socket, never rows and never the engine's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from portal.plugins.agency import Answer, HttpCall, Receipt, Refusal

#: How the engine sends what a channel rendered; `post`: printed by the post room; `nowhere`: the person looks it up with reference and secret.
By = Literal["smtp", "sms", "post", "nowhere"]


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
    #: The person reads large letters only.
    large_print: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves. `subject` is one line; None where the channel has none."""

    text: str
    subject: str | None = None
    by: By = "nowhere"
    #: The same words as a page, for who needs it so; there is always plain text beside it.
    html: str | None = None


# ---------------------------------------------------------------------- what comes in


@dataclass(frozen=True, slots=True)
class Raw:
    """What a machine brought, as it came: nothing of it is believed yet."""

    #: Name -> value, in lower case; parameters of a form with their own spelling.
    values: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class File:
    """One part of a form that is a file."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A whole request. Values as they came; the engine checks them by the same rules on every channel."""

    service: str | None = None
    text: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    #: `name`, `email`, `phone`, `address`.
    contact: Mapping[str, Any] = field(default_factory=dict)
    #: `lat`, `long`, `address`.
    location: Mapping[str, Any] = field(default_factory=dict)
    #: An address of a picture or the like.
    media_url: str | None = None
    #: Pictures and papers that came beside it.
    files: tuple[File, ...] = ()
    language: str | None = None
    #: Who sent it (of machines: the name of its key), and that machine's own id of it: taken once for ever.
    source: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a conversation. `sender` is where an answer goes; it proves nothing about who wrote."""

    sender: str
    words: str
    #: The carrier's own id of it: taken once for ever.
    id: str
    #: Files that came beside it, which the channel cannot carry on.
    files: int = 0
    #: Of a message that came in parts: what joins them, which this is, and how many there are.
    ref: str | None = None
    part: int = 1
    parts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What the carrier says became of a message of ours; `id` is the carrier's name for it."""

    id: str
    status: Literal["sent", "delivered", "failed"]
    #: The carrier's code of a failure.
    code: str | None = None
    #: Of a failure: it may arrive another time (the telephone is switched off); else the address leads nowhere.
    passing: bool = False
    #: Of a failure: the person told the carrier to bring nothing more.
    stopped: bool = False


# ---------------------------------------------------------------------- mounted endpoints


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to a mounted endpoint, read within its limits."""

    method: str
    #: The address as the world knows it: PUBLIC_URL, path and query, whatever a proxy made of it.
    url: str
    #: Variables of the path.
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]] = ()
    #: Parameters of a form in the body, in their order.
    form: Sequence[tuple[str, str]] = ()
    files: Mapping[str, File] = field(default_factory=dict)
    #: Names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an endpoint reads at most: bytes of its body, parts of a form."""

    body: int = 64 * 1024
    parts: int = 200


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address the engine mounts. `path` as Flask writes it (`/open311/v2/services.<format>`), `action` of the permission table."""

    method: Literal["GET", "POST"]
    path: str
    action: str
    handle: Callable[[Request, Front], Response]
    limits: Limits = Limits()


# ---------------------------------------------------------------------- what the engine does for a channel


class Refused(Exception):
    """The engine does not take it. `errors`: each fault as (name of the value or "", what to do instead)."""

    def __init__(self, status: int, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(says for _, says in errors))
        self.status, self.errors = status, tuple(errors)


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a service, its words in one language."""

    id: str
    type: str
    title: str
    hint: str | None
    required: bool
    #: Value -> its words.
    options: Mapping[str, str] = field(default_factory=dict)
    #: It is asked only after certain other answers.
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """One service a channel may offer."""

    id: str
    title: str
    summary: str
    agency: str
    jurisdiction: str
    questions: tuple[Question, ...]
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a submission: also of one that was taken before."""

    reference: str
    secret: str
    #: The promise, in a sentence.
    says: str | None
    #: Resolves to the reference for ever.
    token: str
    #: In danger: the number to call, and how.
    emergency: str | None = None
    #: Files that could not be taken, each with what to do.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A request everybody may see. What nobody has approved is None; the point is a coarse one until then."""

    reference: str
    service: str
    service_title: str
    agency: str
    open: bool
    #: One of the extended statuses of GeoReport, `OPEN` to `CANCELLED`.
    status: str
    #: What it means, in words.
    says: str
    promise: str | None
    requested_at: datetime
    updated_at: datetime
    expected_at: datetime | None
    closed_at: datetime | None
    description: str | None = None
    address: str | None = None
    lat: float | None = None
    long: float | None = None
    media_url: str | None = None
    #: Whether there is a picture to see: `Front.picture`.
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """One change of status of a request everybody may see."""

    id: str
    reference: str
    status: str
    at: datetime
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which requests: `references` overrides all others; instants are inclusive bounds of when they were made."""

    references: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    open: bool | None = None
    limit: int = 1000
    offset: int = 0


class Front(Protocol):
    """What the engine does for a channel; `portal/ports` implements it. Every call is a unit of work of its own."""

    #: In which the channel speaks where nobody chose another.
    language: str
    now: datetime
    #: How people are reached who keep this portal.
    contact: str
    #: False on a machine that is for trying things out.
    production: bool

    def services(self) -> Sequence[Offer]:
        """Services this channel may offer: those that name it, for all to see."""
        ...

    def submit(self, submission: Submission) -> Taken:
        """Opens a case, or finds the one this very submission opened before. Refused, with a fault for each value that cannot be taken."""
        ...

    def find(self, reference: str) -> Listed | None:
        """A request everybody may see."""
        ...

    def list(self, wanted: Wanted) -> Sequence[Listed]:
        """Requests everybody may see, the newest first."""
        ...

    def status(self, since: datetime, until: datetime) -> Sequence[Update]:
        """Changes of status in that time, oldest first."""
        ...

    def picture(self, reference: str) -> tuple[bytes, str] | None:
        """The picture of a request somebody approved, without what is written beside it, and its media type."""
        ...

    def resolve(self, token: str) -> str | None:
        """The reference behind a token."""
        ...

    def write(self, reference: str, words: str, *, source: str, external_id: str | None) -> str:
        """Words about a request from somebody who did not prove to stand on it: people read them. Its id. Refused where there is no such request."""
        ...

    def say(self, turn: Turn) -> Sequence[str]:
        """Takes a turn of a conversation and gives what is answered; the same answer for the same turn."""
        ...

    def delivered(self, what: Delivered) -> None:
        """Records what became of a message of ours."""
        ...

    def key(self, given: str) -> str | None:
        """The name of a key that was given to somebody for this channel; None for one that was not."""
        ...

    def secret(self) -> str:
        """What we share with the carrier of this channel; empty where nothing was set."""
        ...

    def version(self) -> datetime:
        """When what this channel offers last changed."""
        ...


# ---------------------------------------------------------------------- what goes out by a provider


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way to one address; `key` is the same at every attempt."""

    key: str
    to: str
    text: str
    #: Of the provider; and what we share with it.
    endpoint: str
    account: str
    secret: str = field(repr=False)
    #: The number or name it comes from.
    sender: str = ""
    #: Where the carrier reports what became of it.
    callback_url: str = ""


@runtime_checkable
class Channel(Protocol):
    """What a channel module offers as `CHANNEL`."""

    #: The same as its file's name.
    name: str

    def render(self, notice: Notice) -> Message:
        """The notice in this channel's form."""
        ...


@runtime_checkable
class Reaches(Protocol):
    """A channel somebody can be reached by at an address they left. The engine looks here for what comes next where one fails, and names none."""

    #: What of a contact its messages go to: `email`, `phone`, `address`.
    reaches: str
    #: Its place where somebody named no order: the quickest first.
    order: int
    #: Local times of day between which nothing leaves by it but what is urgent; None: it disturbs nobody.
    quiet: tuple[str, str] | None


@runtime_checkable
class Receives(Protocol):
    """A channel machines bring raw messages to."""

    def receive(self, raw: Raw) -> Submission | Turn | Delivered:
        """What it says. ValueError, with words for the sender, where it says nothing that can be understood."""
        ...


@runtime_checkable
class Serves(Protocol):
    """A channel with addresses of its own."""

    #: The prefix all its addresses have; whatever goes wrong below it is told by `refuse`.
    root: str
    endpoints: Sequence[Endpoint]

    def refuse(self, request: Request, status: int, errors: Sequence[tuple[str, str]]) -> Response:
        """A refusal in this channel's form: of the engine, or an address or method there is not."""
        ...


@runtime_checkable
class Sends(Protocol):
    """A channel whose messages leave by a provider."""

    def prepare(self, message: Outgoing) -> HttpCall:
        """The call that sends a message; the same at every attempt."""
        ...

    def read(self, answer: Answer) -> Receipt | Refusal:
        """What the provider's answer means. An answer that is not understood is a Refusal, never a Receipt."""
        ...
