"""The language of definitions: one YAML file is one of these frozen dataclasses. Unknown keys are errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from portal.catalogue.areas import Area
from portal.catalogue.order import components, ordered
from portal.catalogue.regions import Region, region

#: Language code (BCP 47, lower case primary subtag) -> text.
Text = dict[str, str]
#: Name of somebody else's -> ours, or the other way round: a mapping of words, no text in languages.
Names = Annotated[dict[str, str], "names"]

FieldType = Literal["text", "long-text", "integer", "decimal", "date", "boolean", "choice", "choices", "email", "phone", "address"]
StepKind = Literal["work", "send", "decide", "ask", "notify", "join", "wait", "journey", "fee"]
Promise = Literal["idempotent", "queryable", "blind"]
#: What may start, stop, cancel or reset a clock, beside what it covers (portal/standards/moments.py says which event each is).
Moment = Literal["claimed", "answered", "handed-over", "reported", "decided", "paid"]


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
    #: Name of a fact several services ask for (portal/catalogue/fact_names.py): who has said it in one may use it in another.
    fact: str | None = None
    #: What a caseworker reads aloud in place of the title, at the counter and on the telephone.
    script: Text | None = None


@dataclass(frozen=True)
class Input:
    """One thing a decision table looks at."""

    id: str
    #: CEL over `answers`, `channel`, `area`, `language` and `today` (YYYY-MM-DD), such as `answers.vehicle`.
    value: str
    #: Taken where an answer it needs was not given.
    missing: Any = None


@dataclass(frozen=True)
class Output:
    """One thing a decision table tells."""

    id: str
    type: Literal["integer", "decimal", "boolean", "text"]


@dataclass(frozen=True)
class Rule:
    """One row of a decision table: `when` all its cells hold, `then` this is told."""

    #: Output id -> value. Values stand in the definition, so what was found may be recorded and told.
    then: dict[str, Any]
    #: Input id -> cell: `< 18`, `18..65`, `'own', 'lease'`, `not('own')`, `true`, `2026-01-01`; left out, or `-`: whatever it is.
    when: dict[str, Any] = field(default_factory=dict)
    law: Law | None = None
    #: What the citizen is told where this row holds.
    says: Text | None = None


@dataclass(frozen=True)
class Table:
    """A decision table (after OMG DMN 1.5): which rows hold, and what follows."""

    id: str
    #: `unique`: one row at most ever holds; `first`: the first that holds; `collect`: all that hold, together.
    hit: Literal["unique", "first", "collect"]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    inputs: tuple[Input, ...] = ()
    #: How the rows of `collect` are put together.
    aggregate: Literal["sum", "min", "max", "count", "list"] | None = None
    #: Told where no row holds. Without it the rows must leave no gap.
    otherwise: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fee:
    """What a citizen pays. Minor units of the currency (ISO 4217)."""

    currency: str
    #: A fixed amount, or `table`.
    amount: int | None = None
    title: Text | None = None
    #: A table of the service whose output `amount` it is.
    table: str | None = None
    law: Law | None = None
    #: When what was paid goes back by itself: the request was withdrawn before it was decided, or it was refused.
    refund_on: tuple[Literal["withdrawal", "refusal"], ...] = ()
    #: Outcomes of the decision that are a refusal.
    refusals: tuple[str, ...] = ("refused",)


@dataclass(frozen=True)
class PauseRule:
    """When a promise stands still, by which law; never without a date on which it ends by itself."""

    #: `answer`: of the party, who was given a date to reply by; `agency`: of another agency that has a step of the journey.
    awaits: Literal["answer", "agency"]
    law: Law
    #: `next-day`: from the local day after the request (as Awb 4:15 of the Netherlands), or `at-once`.
    starts: Literal["next-day", "at-once"] = "next-day"
    #: How long it lasts at most while another agency has the step, as `Standard.within`. An answer has its own date.
    within: str | None = None
    #: Steps of other agencies that count; none: all of them.
    steps: tuple[str, ...] = ()
    #: What was asked, or the time another agency had a step (a wrong door's too), before this promise began to run, but after its start, stops it too.
    retroactive: bool = False


@dataclass(frozen=True)
class Extension:
    """How far, and by which law, a promise may be extended; once."""

    within: str
    law: Law


@dataclass(frozen=True)
class Escalation:
    """Who is to look at a promise that is still owed so long after its date."""

    #: As `Standard.within`, counted from the date that was missed.
    after: str
    #: Role of a person in the address book of the agency (`people`): `team-lead`. They are told by mail.
    to: str


@dataclass(frozen=True)
class Revocation:
    """How a tacit approval that holds may still be taken back: by an official, with reasons, and not for ever (as Awb 4:20f of the Netherlands)."""

    #: As `Standard.within`, counted from the day it began to hold; afterwards an objection is all that is left.
    within: str
    law: Law


@dataclass(frozen=True)
class Consequence:
    """What the law makes of a missed promise. An official confirms it, unless the agency has signed the article."""

    kind: Literal["tacit-approval", "right-of-appeal", "redress"]
    law: Law
    #: Queue or team of the agency whose official confirms it.
    official: str
    #: Outcome of the decision that counts as taken (tacit-approval).
    outcome: str | None = None
    #: The agency has signed that it takes effect by itself.
    signed: bool = False
    #: It takes effect by itself when nobody has declined it within `undo_within`.
    unattended: bool = False
    undo_within: str = "5 business_days"
    #: The way back once it holds (tacit-approval). What takes effect by itself must have one.
    revoke: Revocation | None = None


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
    #: A budget of open time that runs out exactly at a closing instant: due then, or at the next opening (portal/standards/terms.py).
    ends: Literal["closing", "next-open"] = "closing"
    #: A count that starts outside hours: rolled forward to the next opening first, or counted as it stands.
    begins: Literal["roll-forward", "just-count"] = "roll-forward"
    #: `HH:MM`: what starts at this local time or later counts from the next working day's opening (portal/standards/cutoff.py).
    cutoff: str | None = None
    #: Starts it instead of the receipt, or of the step it covers.
    starts_on: Moment | None = None
    #: Stop it, beside the end of what it covers.
    stops_on: tuple[Moment, ...] = ()
    #: End it without a verdict, beside a withdrawal and a referral.
    cancels_on: tuple[Moment, ...] = ()
    #: Measure it anew from that moment.
    resets_on: tuple[Moment, ...] = ()
    pauses: tuple[PauseRule, ...] = ()
    extend: Extension | None = None
    #: Roles of the agency's `people` who are told by mail the moment it is missed. Without them nobody is until the first escalation.
    tell: tuple[str, ...] = ()
    #: One after the other, until it is stopped.
    escalate: tuple[Escalation, ...] = ()
    consequence: Consequence | None = None


@dataclass(frozen=True)
class Remedy:
    """What a party who disagrees with a decision may do, and until when."""

    #: `objection` to the agency, `appeal` to a court, or `none`, which `text` explains.
    kind: Literal["objection", "appeal", "none"]
    #: As `Standard.within`; counted from the day after the decision was served.
    within: str | None = None
    #: As `Standard.profile`: `eu-1182-71` starts with the next day and ends on a working day, as Awb 6:8 with the Algemene termijnenwet do.
    profile: str = "eu-1182-71"
    law: Law | None = None
    #: Where to turn: an address, a desk, a court.
    turn_to: Text | None = None
    #: More that people should know; why there is no remedy.
    text: Text | None = None


@dataclass(frozen=True)
class Outcome:
    """What one outcome of a decision means."""

    title: Text | None = None
    #: Id of the letter that tells of it; None: that of the ruling.
    letter: str | None = None
    #: None: that of the ruling, else of the service.
    law: Law | None = None
    #: A refusal, in whole or in part, needs reasons whatever stands here.
    reasons: Literal["required", "optional"] | None = None
    #: How much of what was asked is given. None: `nothing` for a refusal by its name, else `all`.
    gives: Literal["all", "part", "nothing"] | None = None
    remedy: Remedy | None = None


@dataclass(frozen=True)
class Ruling:
    """How a `decide` step decides in law. What is left out here is the agency's, what a service says goes before its journey."""

    #: Who decides in law: "the mayor and aldermen".
    authority: Text | None = None
    #: By which the official signs for it.
    mandate: Text | None = None
    #: Id of the letter for all outcomes that name none.
    letter: str | None = None
    #: Why no letter goes out at all.
    no_letter: Text | None = None
    #: For all outcomes that name none; None: the service's law.
    law: Law | None = None
    remedy: Remedy | None = None
    reasons: Literal["required", "optional"] = "optional"
    outcomes: dict[str, Outcome] = field(default_factory=dict)


@dataclass(frozen=True)
class Letter:
    """A letter that tells of a decision. `{{ PLACE }}` in its texts is filled in (portal/catalogue/letters.py)."""

    id: str
    version: int
    #: One line.
    subject: Text
    #: A paragraph all of whose places are empty is left out.
    paragraphs: tuple[Text, ...]


@dataclass(frozen=True)
class Matters:
    """A ground in law on which who handles a case may look at where its party's other matters stand."""

    #: Among those of portal/catalogue/purposes.py.
    purposes: tuple[str, ...]
    law: Law
    #: Only matters of these services; none: all.
    services: tuple[str, ...] = ()


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
    #: Step id -> cost in minor units of the agency's currency. Each step that is work for somebody has one.
    costs: dict[str, int] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    #: Words people use for it, by language; triage finds it by them.
    synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fee: Fee | None = None
    tables: tuple[Table, ...] = ()
    #: Further tables, in files of their own: `tables/ID.yaml` of any agency.
    shared_tables: tuple[str, ...] = ()
    #: A table with an output `eligible` (boolean): told to the citizen before applying. Who is not is still heard.
    eligibility: str | None = None
    #: Shown on Open311 lists.
    public: bool = False
    #: Gas, fire, violence, a child at risk: answered at once, a duty person is paged.
    danger: bool = False
    #: The front door's own: takes what fits no service. Exactly one service of a catalogue says so.
    triage: bool = False
    life_event: bool = False
    #: Services of other agencies that do the same in their areas; whose a request is, its place says.
    elsewhere: tuple[str, ...] = ()
    #: GeoJSON file in the agency's folder: where it is given. None: where its agency works.
    area: str | None = None
    #: `decide` step of its journey -> how that is decided here.
    decisions: dict[str, Ruling] = field(default_factory=dict)
    matters: tuple[Matters, ...] = ()


@dataclass(frozen=True)
class Arm:
    """One way out of a step."""

    to: str
    #: CEL over `answers`, `channel`, `area`, `language` and `tables.TABLE.OUTPUT`; None: always.
    when: str | None = None
    #: Of a step with outcomes: the one that takes this way.
    outcome: str | None = None
    #: How often the way may be taken in one run; after that it is passed over and a later one catches the case. None: no limit.
    at_most: int | None = None
    #: Steps that are no longer needed once this way is taken.
    cancels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Next:
    """Where a case goes after a step: `all` ways at once, the `first` whose condition holds, or by `outcome`."""

    how: Literal["all", "first", "outcome"]
    arms: tuple[Arm, ...]


@dataclass(frozen=True)
class Until:
    """The beginning of the local day a date field names, or so long after or before it."""

    field: str
    #: `N unit` in days, weeks or months.
    plus: str | None = None
    minus: str | None = None


@dataclass(frozen=True)
class Check:
    """An entry of a step's checklist."""

    id: str
    title: Text
    #: The task is not finished without it.
    required: bool = True


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
    #: How the step can end: of a `decide` step the outcomes of the case, of a `work` step what a person found.
    outcomes: tuple[str, ...] = ()
    #: How many arrivals a `join` waits for; None: all its ways in. Of a step with `each`: how many of the items; None: all.
    needs: int | None = None
    #: What becomes of the other ways when a `join` has all it waits for: they go on, or what is under way there is cancelled.
    rest: Literal["continue", "cancel"] = "continue"
    #: CEL that gives a list, such as `answers.sites`: the step is done once for each of its items, all at the same time.
    each: str | None = None
    #: Items at most (each); a list with more is refused.
    most: int = 20
    #: Steps that are no longer needed once this one has ended.
    cancels: tuple[str, ...] = ()
    #: Step that takes back what this one did, when the case is withdrawn after it has ended.
    undo: str | None = None
    #: Where the case goes when an agency refuses, or cannot be reached (send); None: people do the step by hand.
    on_error: str | None = None
    #: Fields asked of the citizen (ask).
    fields: tuple[str, ...] = ()
    #: Term in which the citizen is to answer (ask), as `Standard.within`. The step ends `answered` or `lapsed`; `next` may tell them apart.
    reply_within: str | None = None
    #: Template of what is told (notify).
    template: str | None = None
    #: The day until which nothing is done (wait).
    until: Until | None = None
    #: For how long nothing is done (wait), as `Standard.within`.
    lasts: str | None = None
    #: What is waited for (wait): an agency or its staff say that it has happened. The step ends `happened`.
    event: str | None = None
    #: How long the event is waited for (wait), or the service's fee may stay unpaid (fee), as `Standard.within`; then the step ends `lapsed`.
    #: A fee step ends `paid`, `waived`, or `none` at once where nothing is due.
    within: str | None = None
    #: Why the citizen has to wait (wait); needed where no standard covers the step.
    reason: Text | None = None
    #: The journey that runs inside this one (journey); the step ends with its outcome.
    journey: str | None = None
    #: The service that is a part of this life event (journey): its journey, fields, promises, agency and decision.
    service: str | None = None
    #: CEL (journey): where it is false the step is passed over; its outcome is `not-needed`.
    when: str | None = None
    value_adding: bool = True
    guidance: Text | None = None
    #: What is to be looked at before the task is finished (work, decide).
    checklist: tuple[Check, ...] = ()
    #: How it is decided in law (decide).
    decision: Ruling | None = None

    @property
    def ways(self) -> tuple[Arm, ...]:
        """Every way on, that of an error included."""
        return self.next.arms if self.on_error is None else (*self.next.arms, Arm(self.on_error, outcome="failed"))


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
        ways = {step.id: ordered(arm.to for arm in step.ways) for step in self.steps}
        ways_in: dict[str, int] = {}
        for tos in ways.values():
            for to in tos:
                ways_in[to] = ways_in.get(to, 0) + 1
        object.__setattr__(self, "ways_in", ways_in)
        turning = components(ways, self.start)
        object.__setattr__(self, "round", frozenset(step for group in turning for step in group if len(group) > 1 or step in ways[step]))
        clearing = [step.id for step in self.steps if step.kind == "join" and step.rest == "cancel"]
        object.__setattr__(self, "regions", {join: region(ways, self.start, join) for join in clearing})

    _by_id: dict[str, Step] = field(init=False, repr=False, compare=False)
    #: Step id -> number of steps that lead to it.
    ways_in: dict[str, int] = field(init=False, repr=False, compare=False)
    #: Steps that some way leads back to.
    round: frozenset[str] = field(init=False, repr=False, compare=False)
    #: Join with `rest: cancel` -> what lies between its split and it.
    regions: dict[str, Region] = field(init=False, repr=False, compare=False)


@dataclass(frozen=True)
class WorkingHours:
    """A calendar as written: resolved into windows and holidays by year before it is stored."""

    id: str
    zone: str
    #: mon..sun -> `HH:MM-HH:MM` windows of the local day; left out only where `always` stands.
    weekly: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: ISO 3166 country and subdivision for the `holidays` package; None: no public holidays.
    country: str | None = None
    subdivision: str | None = None
    #: Local date -> windows that replace the weekly ones; none: closed. They go before half days and before the times of a file.
    special: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Further local dates that are holidays.
    closed: tuple[str, ...] = ()
    #: Dates the holidays package or the file names that are worked all the same.
    worked: tuple[str, ...] = ()
    #: An iCalendar file beside `agency.yaml` with closures (portal/standards/ical.py).
    holidays_file: str | None = None
    #: `HH:MM-HH:MM`: what is left of the weekly windows on a half holiday of the holidays package or of the file.
    half_days: str | None = None
    #: Never closed, day and night; then nothing but the zone is written.
    always: bool = False


@dataclass(frozen=True)
class Queue:
    """A worklist shared by a team."""

    id: str
    title: Text
    team: str
    #: What somebody must know to be given work from it; whoever works there may still take a task they choose.
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class DutyPerson:
    """Who is paged when there is danger, in this order until somebody acknowledges."""

    name: str
    email: str


@dataclass(frozen=True)
class Person:
    """Who is told of a missed promise: an entry of an agency's address book, found by its role."""

    role: str
    name: str
    email: str


@dataclass(frozen=True)
class Absence:
    """Somebody of the address book is away; what is for them goes to the deputy meanwhile, or to the next on the list."""

    email: str
    #: Local days, the last one too.
    first_day: str
    last_day: str
    deputy: str | None = None


@dataclass(frozen=True)
class CardPayments:
    """A provider of card payments on a page of its own; no card data touches the portal."""

    #: A module of `services/payments/`.
    provider: str
    #: Its address; `${NAME}` is taken from the settings.
    endpoint: str
    #: Name the provider signs as; its secret stands in AGENCY_SECRETS under it.
    account: str


@dataclass(frozen=True)
class Asks:
    """An agency is asked what became of a handover it has not spoken of."""

    #: Minutes of silence before it is asked; twice as long after each answer that says nothing new, at most a day.
    after_minutes: int = 60
    #: Answers without news after which people are told.
    tell_after: int = 24


@dataclass(frozen=True)
class OAuth:
    """Calls carry a token of the agency's own server (client credentials, RFC 6749, 4.4)."""

    token_endpoint: str
    client_id: str
    #: Name under which the secret stands in the file AGENCY_KEYS names.
    client_secret: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Open311:
    """A GeoReport v2 server."""

    #: `SERVICE` or `SERVICE/STEP` -> the server's service_code.
    codes: Names
    #: Answer of ours -> field there: `address_string`, `lat`, `long`, `first_name`, `attribute[CODE]`, ...
    attributes: Names = field(default_factory=dict)
    jurisdiction_id: str | None = None
    #: Name under which the key stands in the file AGENCY_KEYS names.
    api_key: str | None = None
    #: The server's status, in small letters -> what it means: accepted, refused or done.
    statuses: Names = field(default_factory=dict)
    #: What the server writes.
    format: Literal["json", "xml"] = "json"
    #: It has servicerequestupdates (the mySociety extension): one call tells of all.
    updates: bool = False


@dataclass(frozen=True)
class AgencyMail:
    """An agency reached by mail, that answers by mail."""

    #: Addresses its answers may come from.
    senders: tuple[str, ...]
    #: Language it is written to in.
    language: str = "en"


@dataclass(frozen=True)
class Reply:
    """A reply caseworkers start from; `{{ reference }}`, `{{ service }}` and `{{ agency }}` are filled in."""

    id: str
    title: Text
    text: Text
    #: Services it is for; none: all.
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Referrals:
    """How an agency takes what another door refers to it."""

    #: `offers`: it is asked each time; `nothing`: it takes none.
    takes: Literal["offers", "nothing"] = "offers"
    #: Agencies whose referrals it takes at once, without being asked.
    at_once: tuple[str, ...] = ()
    #: An offer lapses unless it is answered in that time, a term as in a standard.
    within: str = "2 business_days"
    #: One of its calendars; None: its first.
    calendar: str | None = None
    #: One of its queues, where offers wait; None: its first.
    queue: str | None = None
    #: From this local day on it takes none any more: it is closed.
    closed_from: str | None = None


@dataclass(frozen=True)
class Batch:
    """An agency that works by files: handovers are collected into one, answers come back in one, both with control totals."""

    #: What stands in a line, in this order: name there -> `key` (needed), `action`, `agency`, `service`, `step`, `item`, `text`, `language`,
    #: `answers.FIELD`, or `'a fixed text'`.
    columns: Names
    #: What stands in a line that comes back: `key` and `status` (both needed), `remote_id`, `outcome`, `reason`, `sum` -> name there.
    answers: Names
    #: A status there -> accepted, refused or done.
    statuses: Names
    #: Times of day at which a file is made, in the zone of the agency's first calendar; absent: every so many minutes.
    runs: tuple[str, ...] = ()
    every_minutes: int = 60
    #: Lines of one file; as soon as so many wait, one is made.
    most: int = 500
    #: How often answers are looked for.
    poll_minutes: int = 5
    #: Folder below the endpoint our files are put into.
    to: str = "to-agency"
    #: Folder its answers come in.
    back: str = "from-agency"
    #: Folder answers are moved into once they were read.
    read: str = "from-agency/read"
    #: Folder the agency moves our files into when it took them; by it a `queryable` one can be asked.
    taken: str | None = None
    #: Name of our files without its ending; `{number}` counts from 000001 without gaps.
    name: str = "handovers-{number}"
    #: Names of answers without their ending; `*` stands for any letters.
    answer_name: str = "answers-*"
    format: Literal["csv", "xml"] = "csv"
    encoding: Literal["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "iso-8859-15", "windows-1252"] = "utf-8"
    delimiter: Literal[",", ";", "|", "tab"] = ","
    #: Cells in quotes: those that need it, or all.
    quotes: Literal["needed", "all"] = "needed"
    line_end: Literal["crlf", "lf"] = "crlf"
    #: The first line names the columns.
    header: bool = True
    #: Where number of lines and total stand: in a file beside (`NAME.control`), or in the last line (`END`).
    control: Literal["file", "line"] = "file"
    #: Column whose numbers make the total; absent: the sum of the first eight hexadecimal digits of each key.
    sum: str | None = None
    #: Cells that a spreadsheet would take for a formula: with an apostrophe before them, or as they are.
    formulas: Literal["quoted", "kept"] = "quoted"
    #: Of an SFTP server: who signs in, and the server's own key as `ssh-ed25519 AAAA...`; no other is believed.
    user: str | None = None
    host_key: str | None = None
    #: Name under which the password stands in the file AGENCY_KEYS names.
    password: str | None = None
    #: Name under which that file says where the private key lies.
    login_key: str | None = None


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
    #: Of a `blind` one: what follows where an attempt may have arrived. `staff`: at most once, people look; `resend`: at least once.
    on_doubt: Literal["staff", "resend"] = "staff"
    asks: Asks | None = None
    #: Calls under way at once, over all processes.
    at_once: int = 8
    oauth: OAuth | None = None
    open311: Open311 | None = None
    mail: AgencyMail | None = None
    batch: Batch | None = None
    duty: tuple[DutyPerson, ...] = ()
    #: The roles promises may be put before, each with the person who has it now.
    people: tuple[Person, ...] = ()
    absences: tuple[Absence, ...] = ()
    #: Number to call when life is in danger, where this agency works.
    emergency: str | None = None
    contact: Text | None = None
    #: How its fees are paid by card; None: at its counters only.
    card: CardPayments | None = None
    #: Minor units of its currency: an official who waives or pays back more proposes it, and a second one confirms. None: whatever the amount.
    second_person_above: int | None = None
    #: Letters that came in longer ago are written down by a second person (a team lead, a champion), with a reason: calendar days.
    letters_back_days: int = 14
    #: Words in a text that mean danger, by language.
    danger_words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: How it decides, where neither service nor journey says otherwise.
    decision: Ruling | None = None
    #: Service, of any agency, that takes objections to its decisions.
    objections: str | None = None
    #: GeoJSON file beside this one: where it works. None: wherever no other agency's area claims the place.
    area: str | None = None
    referrals: Referrals | None = None
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True)
class Stored:
    """A definition as it was published: `hash` is the SHA-256 of its canonical JSON, of a calendar without `made_with`."""

    hash: str
    kind: Literal["agency", "service", "journey", "calendar", "letter"]
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
    #: Tables in files of their own.
    tables: dict[str, Table] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    #: (`agency` or `service`, id) -> where it is.
    areas: dict[tuple[str, str], Area] = field(default_factory=dict)

    @property
    def triage(self) -> Service:
        """The service that takes what fits no other."""
        return next(service for service in self.services.values() if service.triage)
