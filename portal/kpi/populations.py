"""Which cases a measure is about: each population as SQL over `case_facts`, and the question a report answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Float, and_, extract, func, or_, true
from sqlalchemy.sql import ColumnElement

from portal.kpi.measures import Bounds, Measure, Over
from portal.kpi.tables import case_facts

Condition = ColumnElement[bool]
_of = case_facts.c

#: Origins counted where none is named: with a jurisdiction all but trials, without one only what came in by our own doors.
ALL_REAL, OWN_DOORS = ("live", "demo", "replay"), ("live", "demo")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: a half-open period `since <= instant < until`, when open and overdue are judged, and whose cases."""

    as_of: datetime
    since: datetime | None = None
    until: datetime | None = None
    jurisdiction: str | None = None
    origins: Sequence[str] | None = None
    #: Only cases with these values of a slice, for example `{"service": "parking-permit"}`.
    only: Mapping[str, str | None] = field(default_factory=dict)

    def whose(self) -> Condition:
        """Cases of the jurisdiction, origins and slices asked for."""
        origins = self.origins or (ALL_REAL if self.jurisdiction else OWN_DOORS)
        conditions: list[Condition] = [_of.origin.in_(origins)]
        if self.jurisdiction:
            conditions.append(_of.jurisdiction == self.jurisdiction)
        conditions += [slice_of(name).is_not_distinct_from(value) for name, value in self.only.items()]
        return and_(*conditions)

    def within(self, instant: ColumnElement[datetime]) -> Condition:
        """True where the instant lies in the period; an absent bound bounds nothing."""
        after: list[Condition] = [instant >= self.since] if self.since else []
        before: list[Condition] = [instant < self.until] if self.until else []
        return and_(true(), *after, *before)

    def open(self) -> Condition:
        """Received and not closed at `as_of`."""
        return and_(_of.received_at <= self.as_of, or_(_of.closed_at.is_(None), _of.closed_at > self.as_of))


POPULATIONS: dict[str, Callable[[Question], Condition]] = {
    "received": lambda asked: asked.within(_of.received_at),
    "open": lambda asked: and_(asked.within(_of.received_at), asked.open()),
    "closed": lambda asked: and_(_of.closed_at.is_not(None), asked.within(_of.closed_at)),
    "closed-promised": lambda asked: and_(POPULATIONS["closed"](asked), _of.due_at.is_not(None)),
    "closed-on-time": lambda asked: and_(POPULATIONS["closed"](asked), _of.closed_at <= _of.due_at),
    "due": lambda asked: or_(
        and_(POPULATIONS["closed-promised"](asked), _of.closed_at <= asked.as_of),
        and_(asked.open(), _of.due_at < asked.as_of, asked.within(_of.due_at)),
    ),
    "kept": lambda asked: and_(POPULATIONS["closed-on-time"](asked), _of.closed_at <= asked.as_of),
    "referred": lambda asked: and_(asked.within(_of.received_at), _of.referrals > 0),
    "returned": lambda asked: and_(POPULATIONS["referred"](asked), _of.returns > 0),
    "found": lambda asked: and_(POPULATIONS["referred"](asked), _of.found_at.is_not(None)),
    "by-letter": lambda asked: and_(asked.within(_of.received_at), _of.backdated.is_not(None)),
    "backdated": lambda asked: and_(asked.within(_of.received_at), _of.backdated > 1),
    "scored": lambda asked: and_(POPULATIONS["closed"](asked), _of.score.is_not(None)),
}

#: What lies outside of all of these cannot be in a population bound so.
BOUNDS: dict[Bounds, Callable[[Question], Condition]] = {
    "opening": lambda asked: asked.within(_of.received_at),
    "closing": lambda asked: and_(_of.closed_at.is_not(None), asked.within(_of.closed_at)),
    "closing-or-due": lambda asked: or_(asked.within(_of.closed_at), asked.within(_of.due_at)),
}

#: Seconds from receipt to closing.
DURATION = extract("epoch", _of.closed_at - _of.received_at).cast(Float)
#: What a percentile or a mean may be taken of.
VALUES: dict[Over, ColumnElement[float]] = {
    "duration": DURATION,
    "wrong-doors": extract("epoch", _of.found_at - _of.received_at).cast(Float),
    "referrals": _of.referrals.cast(Float),
}


def slice_of(name: str) -> ColumnElement[str | None]:
    """The value of a slice; a month as `YYYY-MM`."""
    return func.to_char(_of.month, "YYYY-MM") if name == "month" else _of[name]


def members(measure: Measure, asked: Question) -> Condition:
    """Cases behind a figure."""
    return and_(asked.whose(), POPULATIONS[measure.population](asked))
