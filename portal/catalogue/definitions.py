"""The language of definitions: one YAML file is one of these frozen dataclasses. Unknown keys are errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

#: Language code (BCP 47, lower case primary subtag) -> text.
Text = dict[str, str]

FieldType = Literal["text", "long-text", "integer", "decimal", "date", "boolean", "choice", "choices", "email", "phone", "address"]
StepKind = Literal["work", "send", "decide", "ask", "notify", "join"]
Promise = Literal["idempotent", "queryable", "blind"]


@dataclass(frozen=True)
class Law:
    """Where a duty comes from."""

    title: Text
    article: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Option:
    """One value of a choice."""

    id: str
    title: Text


@dataclass(frozen=True)
class Field:
    """One question of a service; the same on every channel."""

    id: str
    type: FieldType
    title: Text
    hint: Text | None = None
    required: bool = False
    options: tuple[Option, ...] = ()
    #: Characters, for text.
    max_length: int = 2000
    minimum: int | None = None
    maximum: int | None = None
    #: CEL over `answers`; the question is asked only where it is true.
    when: str | None = None


@dataclass(frozen=True)
class Fee:
    """What a citizen pays. Minor units of the currency (ISO 4217)."""

    amount: int
    currency: str
    title: Text | None = None


@dataclass(frozen=True)
class Standard:
    """A promise about time: what runs as a clock on each case."""

    id: str
    title: Text
    #: `law` binds the agency, `promise` is what it says of itself, `agreement` holds between agencies.
    kind: Literal["law", "promise", "agreement"]
    #: `N unit`, unit one of business_days, business_hours, calendar_days, calendar_weeks, calendar_months, calendar_hours.
    within: str
    #: What it measures: `case` (to its end), `first-answer`, or the id of a step of the journey.
    covers: str = "case"
    #: `same-time`, `opening-hours`, `eu-1182-71`: how days are counted (portal/standards/terms.py).
    profile: str = "same-time"
    #: Calendar name of the agency, or `agency/name`; None: the agency's first.
    calendar: str | None = None
    #: `receipt`: from the first receipt by any door; `competent`: when the competent agency has it.
    starts: Literal["receipt", "competent"] = "receipt"
    law: Law | None = None
    #: Shares of the term, 0..1, at which people are warned.
    warn_at: tuple[float, ...] = ()


@dataclass(frozen=True)
class Service:
    """One catalogue entry an agency offers."""

    id: str
    version: int
    agency: str
    title: Text
    summary: Text
    journey: str
    standards: tuple[Standard, ...]
    law: Law
    channels: tuple[str, ...]
    #: Step id -> cost in minor units of the agency's currency.
    costs: dict[str, int]
    fields: tuple[Field, ...] = ()
    #: Words people use for it, by language; triage finds it by them.
    synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fee: Fee | None = None
    #: Shown on Open311 lists.
    public: bool = False
    #: Gas, fire, violence, a child at risk: answered at once, a duty person is paged.
    danger: bool = False
    #: The front door's own: takes what fits no service. Exactly one service of a catalogue says so.
    triage: bool = False
    life_event: bool = False


@dataclass(frozen=True)
class Arm:
    """One way out of a step."""

    to: str
    #: CEL over `answers`, `channel`, `area`; None: always.
    when: str | None = None
    #: Of a `decide` step: the outcome that takes this way.
    outcome: str | None = None


@dataclass(frozen=True)
class Next:
    """Where a case goes after a step: `all` ways at once, the `first` whose condition holds, or by `outcome`."""

    how: Literal["all", "first", "outcome"]
    arms: tuple[Arm, ...]


@dataclass(frozen=True)
class Step:
    """One node of a journey."""

    id: str
    kind: StepKind
    title: Text
    #: Ways on; `end` is the end of a way.
    next: Next
    #: None: the agency that holds the case.
    agency: str | None = None
    #: Queue of that agency (work, decide); None: its first.
    queue: str | None = None
    #: What an agency is asked to do (send).
    action: str | None = None
    #: Outcomes of a `decide` step.
    outcomes: tuple[str, ...] = ()
    #: How many arrivals a `join` waits for; None: all its ways in.
    needs: int | None = None
    #: Fields asked of the citizen (ask).
    fields: tuple[str, ...] = ()
    #: Term in which the citizen is to answer (ask), as `Standard.within`.
    reply_within: str | None = None
    #: Template of what is told (notify).
    template: str | None = None
    value_adding: bool = True
    guidance: Text | None = None


@dataclass(frozen=True)
class Journey:
    """How a life event gets done, across agencies. `start` is the first step."""

    id: str
    version: int
    title: Text
    start: str
    steps: tuple[Step, ...]
    #: Outcome of the journey's decision when none of its steps decides.
    outcome: str = "done"

    def step(self, id: str) -> Step:
        """The step of that id; KeyError where there is none."""
        return self._by_id[id]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {step.id: step for step in self.steps})
        ways_in: dict[str, int] = {}
        for step in self.steps:
            for to in {arm.to for arm in step.next.arms}:
                ways_in[to] = ways_in.get(to, 0) + 1
        object.__setattr__(self, "ways_in", ways_in)

    _by_id: dict[str, Step] = field(init=False, repr=False, compare=False)
    #: Step id -> number of steps that lead to it.
    ways_in: dict[str, int] = field(init=False, repr=False, compare=False)


@dataclass(frozen=True)
class WorkingHours:
    """A calendar as written: resolved into windows and holidays by year before it is stored."""

    id: str
    zone: str
    #: mon..sun -> `HH:MM-HH:MM` windows of the local day.
    weekly: dict[str, tuple[str, ...]]
    #: ISO 3166 country and subdivision for the `holidays` package; None: no public holidays.
    country: str | None = None
    subdivision: str | None = None
    #: Local date -> windows that replace the weekly ones; none: closed.
    special: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Further local dates that are holidays.
    closed: tuple[str, ...] = ()
    #: Dates the holidays package names that are worked all the same.
    worked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Queue:
    """A worklist shared by a team."""

    id: str
    title: Text
    team: str


@dataclass(frozen=True)
class DutyPerson:
    """Who is paged when there is danger, in this order until somebody acknowledges."""

    name: str
    email: str


@dataclass(frozen=True)
class Agency:
    """Who does it: a folder under services/."""

    id: str
    title: Text
    jurisdiction: str
    currency: str
    calendars: tuple[WorkingHours, ...]
    queues: tuple[Queue, ...]
    #: `staff` (its queues are how it is reached), a shipped adapter, or `adapter.py` beside it.
    adapter: str = "staff"
    #: Address deliveries go to; `${NAME}` is taken from the settings.
    endpoint: str | None = None
    #: What the far side can promise about a delivery (portal/plugins/agency.py).
    promise: Promise = "idempotent"
    duty: tuple[DutyPerson, ...] = ()
    #: Number to call when life is in danger, where this agency works.
    emergency: str | None = None
    contact: Text | None = None
    #: Words in a text that mean danger, by language.
    danger_words: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """A definition as it was published: `hash` is the SHA-256 of its canonical JSON."""

    hash: str
    kind: Literal["agency", "service", "journey", "calendar"]
    id: str
    version: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Catalogue:
    """All definitions, loaded and checked. Ids are unique in a kind."""

    agencies: dict[str, Agency]
    services: dict[str, Service]
    journeys: dict[str, Journey]
    #: `agency/calendar` -> resolved body (portal/standards/calendar.py: `resolve`).
    calendars: dict[str, dict[str, Any]]
    #: (kind, id) -> hash of what is stored in table `definitions`.
    hashes: dict[tuple[str, str], str]
    stored: tuple[Stored, ...]

    @property
    def triage(self) -> Service:
        """The service that takes what fits no other."""
        return next(service for service in self.services.values() if service.triage)
