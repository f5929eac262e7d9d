"""From the texts of a row to a request with its instants and its promise, or to the reason why it is refused."""

from __future__ import annotations

from collections.abc import Mapping as Texts
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cel_expr_python import cel

from portal.catalogue.definitions import Catalogue
from portal.intake.replay.log import Entry
from portal.intake.replay.mapping import ANY, ISO, Instant, Mapping
from portal.intake.replay.reading import calendar_of, condition
from portal.intake.replay.xes import FIRST, LAST
from portal.standards.calendar import Calendar, CalendarEnds
from portal.standards.terms import Term, due, parse_term

#: A log's own date this near to the computed one is the same promise: cities cut seconds off.
AGREES = timedelta(seconds=120)
#: Characters of an id, and of free text; longer text is cut and flagged.
ID_LIMIT, TEXT_LIMIT = 500, 20_000
#: Flags of a case: closed before it was opened; a wall time its zone leaves out; text that was cut.
CLOSED_BEFORE_OPENED, TIME_MOVED, TEXT_CUT = "closed-before-opened", "time-moved", "text-cut"


class Refused(ValueError):
    """This row is not taken. `reason` is one of few, to be counted; the sentence says more."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(frozen=True, slots=True)
class Promise:
    """A standard of the mapping, ready to count."""

    term: Term
    calendar: Calendar
    calendar_hash: str
    rule: dict[str, Any]


@dataclass(slots=True)
class Request:
    """One request of the log. `case_id` is known once it is in the registry; `texts` are let go then."""

    number: int
    line: int
    external_id: str
    opened_at: datetime
    closed_at: datetime | None
    service: str
    agency: str
    channel: str
    area: str | None
    due_at: datetime | None
    #: `computed`, `imported`; None: no promise.
    due_source: str | None
    #: The standard it was computed by.
    promise: Promise | None
    #: What our standard gives, where the log's own date is another one.
    differs: datetime | None
    text: str | None
    location: dict[str, Any] | None
    flags: list[str]
    case_id: UUID | None = None
    reference: str | None = None


class Rows:
    """Reads rows as a mapping says. `now`: what lies after it has not happened yet."""

    def __init__(self, mapping: Mapping, catalogue: Catalogue, now: datetime) -> None:
        self.mapping, self.now = mapping, now
        self._zone = ZoneInfo(mapping.zone)
        self._empty = frozenset(mapping.log.empty)
        self._refuse = [(refuse.reason, condition(refuse.when)) for refuse in mapping.refuse]
        self._columns = {name: getattr(mapping.columns, name) for name in mapping.columns.__dataclass_fields__}
        self._promises = {service: _promise(mapping, service, catalogue) for service in mapping.standards}
        self._same: dict[str, str] = {}
        self._instant = lru_cache(maxsize=4096)(self._read_instant)

    def promise_of(self, service: str) -> Promise | None:
        """The standard of a service."""
        return self._promises.get(service) or self._promises.get(ANY)

    def request(self, entry: Entry) -> Request:
        """The request in a row; Refused where it cannot be taken."""
        if entry.fault:
            raise Refused("broken row", entry.fault)
        texts = entry.texts
        external_id = self.external_id(texts)
        if external_id is None:
            raise Refused("no id")
        flags: list[str] = []
        opened_at = self._time(texts, "opened_at", flags)
        if opened_at is None:
            raise Refused("no time of opening")
        closed_at = self._time(texts, "closed_at", flags)
        if opened_at > self.now or (closed_at and closed_at > self.now):
            raise Refused("in the future", "opened" if opened_at > self.now else "closed")
        service, agency, channel = (self._id(texts, *kind) for kind in _KINDS)
        area = self._text(texts, "area", ID_LIMIT)
        self._judge(texts, {"external_id": external_id, "service": service, "agency": agency, "channel": channel, "area": area or ""})
        due_at, source, differs = self._promised(service, opened_at, self._time(texts, "due_at", flags))
        text = self._text(texts, "text")
        if text and len(text) > TEXT_LIMIT:
            text = text[:TEXT_LIMIT]
            flags.append(TEXT_CUT)
        return Request(
            number=entry.number,
            line=entry.line,
            external_id=external_id,
            opened_at=opened_at,
            closed_at=closed_at,
            service=service,
            agency=agency,
            channel=channel,
            area=self._once(area) if area else None,
            due_at=due_at,
            due_source=source,
            promise=self.promise_of(service) if source == "computed" else None,
            differs=differs,
            text=text,
            location=self._location(texts),
            flags=list(dict.fromkeys(flags)),
        )

    def external_id(self, texts: Texts[str, str]) -> str | None:
        """The log's own id of a row."""
        return self._text(texts, "external_id", ID_LIMIT)

    def _text(self, texts: Texts[str, str], role: str, limit: int | None = None) -> str | None:
        column = self._columns[role]
        text = texts.get(column.column) if column else None
        if text is None or not text.strip() or text in self._empty:
            return None
        if limit and len(text) > limit:
            raise Refused("too long", f"{role} has {len(text):,} characters, more than {limit}")
        return text

    def _once(self, text: str) -> str:
        """Equal texts are kept once: a log of a million rows knows few of them."""
        return self._same.setdefault(text, text)

    def _id(self, texts: Texts[str, str], role: str, table: str) -> str:
        """The id for a value: as mapped, `*` as it is. Nothing written: the default, else `unknown`; no such column: the jurisdiction."""
        value = self._text(texts, role, ID_LIMIT)
        if value is None:
            stand_in = self.mapping.jurisdiction if self._columns[role] is None and role != "channel" else "unknown"
            return getattr(self.mapping.defaults, role) or stand_in
        known: dict[str, str] = getattr(self.mapping, table)
        id = known.get(value) or known.get(ANY)
        if id is None:
            raise Refused(f"{role} is not mapped", value)
        return self._once(value if id == ANY else id)

    def _judge(self, texts: Texts[str, str], facts: dict[str, str]) -> None:
        for reason, program in self._refuse:
            found = program.eval(data={"row": dict(texts), **facts})
            if found.type() == cel.Type.ERROR:
                raise Refused("a condition of `refuse` cannot be judged", reason)
            if found.plain_value():
                raise Refused(reason)

    def _time(self, texts: Texts[str, str], role: str, flags: list[str]) -> datetime | None:
        """The instant in a column. In XES a key that the trace itself does not hold is looked for in its events: the last for the closing, else the first."""
        column: Instant | None = self._columns[role]
        text = self._text(texts, role)
        if column and text is None and self.mapping.log.format == "xes":
            text = texts.get((LAST if role == "closed_at" else FIRST) + column.column)
        if column is None or not text:
            return None
        try:
            at, moved = self._instant(text, column.format)
        except (ValueError, OverflowError):
            raise Refused("no such time", f"{role} is `{text[:60]}`, not {' or '.join(column.format)}") from None
        if moved:
            flags.append(TIME_MOVED)
        return at

    def _read_instant(self, text: str, formats: tuple[str, ...]) -> tuple[datetime, bool]:
        written = _parsed(text.strip(), formats)
        if written.tzinfo:
            return written.astimezone(UTC), False
        at = written.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        return at, at.astimezone(self._zone).replace(tzinfo=None) != written

    def _promised(self, service: str, opened_at: datetime, written: datetime | None) -> tuple[datetime | None, str | None, datetime | None]:
        """The due instant, where it comes from, and ours where the log's differs."""
        promise = self.promise_of(service)
        if promise is None or (written is None and self._columns["due_at"] and self.mapping.absent_due == "none"):
            return written, "imported" if written else None, None
        try:
            ours = due(promise.term, promise.calendar, opened_at)
        except CalendarEnds as ends:
            raise Refused("outside the calendar", str(ends)) from None
        if written is None or abs(ours - written) <= AGREES:
            return ours, "computed", None
        return written, "imported", ours

    def _location(self, texts: Texts[str, str]) -> dict[str, Any] | None:
        found: dict[str, Any] = {name: text for name in ("lat", "long", "address") if (text := self._text(texts, name, TEXT_LIMIT))}
        for name in ("lat", "long"):
            if name in found:
                found[name] = _number(found[name])
        return found or None


_KINDS = (("service", "services"), ("agency", "agencies"), ("channel", "channels"))


def _promise(mapping: Mapping, service: str, catalogue: Catalogue) -> Promise:
    target, key = mapping.standards[service], calendar_of(mapping, service, catalogue)
    assert key is not None  # checked when the mapping was read
    rule = {"within": target.within, "profile": target.profile}
    return Promise(parse_term(target.within, profile=target.profile), Calendar.from_body(catalogue.calendars[key]), catalogue.hashes["calendar", key], rule)


def _parsed(text: str, formats: tuple[str, ...]) -> datetime:
    for format in formats:
        try:
            return datetime.fromisoformat(text) if format == ISO else datetime.strptime(text, format)
        except ValueError:
            continue
    raise ValueError(text)


def _number(text: str) -> float | str:
    """A coordinate as a number, where it is one."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if abs(number) <= 1e9 else text
