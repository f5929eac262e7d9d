"""The chance that a running case will miss its date, from how its like fared of late: pure, explainable, without a library of statistics.

Of the cases of a service that fell due before, a share was still open when as much of their term was used up, and of those a share missed: that share is
the estimate. It is taken over the last days and over the last months, and over the same agency and channel; a small group leans on the larger one it is part
of. What that estimate came to mean, outcomes show (portal/kpi/correction.py). What was used up is counted in the busy time of the week, as closings
themselves show it, so that a night or a Sunday is no progress.
A case teaches when it falls due and not before: then it is known whether it was kept, and nothing that happens later is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate
from math import exp, log
from typing import Any, NamedTuple

import orjson

from portal.kpi.correction import Choice, Correction, Reading, corrections

DAY = 86_400.0
_HOUR, _HOURS = 3600.0, 168
#: Parts of a term in which closings are counted; one more counts the missed.
PARTS = 20
#: Cases' worth by which a group leans on the larger one: a service, its last days and its channels; its agencies, which differ more.
_LEAN, _LEAN_AGENCY = 8.0, 4.0
#: What is assumed where nothing is known: a share, and how many cases it is worth.
_UNKNOWN, _UNKNOWN_WORTH = 0.2, 2.0
#: No chance is told as certain.
_SUREST = 1e-4


class Life(NamedTuple):
    """One case with a date; instants in seconds since 1970. `closed_at` is None while it is open."""

    service: str
    agency: str
    channel: str
    begun_at: float
    due_at: float
    closed_at: float | None

    @property
    def missed(self) -> bool:
        """True where it was not closed at its date. To be asked only once that has passed."""
        return self.closed_at is None or self.closed_at > self.due_at

    def open_at(self, at: float) -> bool:
        """True while it runs: begun, not closed, and not yet due."""
        return self.begun_at <= at < self.due_at and (self.closed_at is None or self.closed_at > at)


class Week:
    """Busy time: which share of all closings falls into each hour of the week (UTC, from Thursday 1970-01-01). A tenth is spread over all hours."""

    def __init__(self, shares: Sequence[float]) -> None:
        self.shares = list(shares)
        self._sums = [0.0, *accumulate(self.shares)]

    @classmethod
    def of(cls, closings: Iterable[float]) -> Week:
        """The week these closings show."""
        counts = [1] * _HOURS
        for at in closings:
            counts[int(at // _HOUR) % _HOURS] += 1
        total = sum(counts)
        return cls([round(0.9 * count / total + 0.1 / _HOURS, 9) for count in counts])

    def busy(self, at: float) -> float:
        """Busy weeks since 1970."""
        weeks, hours = divmod(at / _HOUR, _HOURS)
        whole = int(hours)
        return weeks * self._sums[-1] + self._sums[whole] + (hours - whole) * self.shares[whole]

    def used(self, life: Life, at: float) -> float:
        """Share of a case's term that is used up, 0..1."""
        begun = self.busy(life.begun_at)
        return min(1.0, max(0.0, (self.busy(at) - begun) / (self.busy(life.due_at) - begun)))


@dataclass
class Group:
    """How many cases closed in each part of their term, and last how many missed; older ones weigh less. `at`: when they were weighed."""

    counts: list[float]
    at: float

    def age(self, at: float, days: float) -> None:
        """Weighs them anew; one e-th is left after so many days."""
        if at > self.at:
            weight = exp((self.at - at) / (days * DAY))
            self.counts = [count * weight for count in self.counts]
            self.at = at

    def missed(self, used: float) -> tuple[float, float]:
        """Those that missed, of those still open when this share of the term was used up."""
        place = used * PARTS
        part = min(int(place), PARTS - 1)
        later = sum(self.counts[part + 1 : PARTS]) + self.counts[part] * (1 - (place - part))
        return self.counts[PARTS], self.counts[PARTS] + later


@dataclass(frozen=True)
class Window:
    """What counts as of late: an e-th is left after so many days, and after so many cases of the group (None: however many)."""

    days: float
    cases: int | None = None


@dataclass
class Rates:
    """Groups by name over one window."""

    window: Window
    groups: dict[str, Group] = field(default_factory=dict)

    def add(self, name: str, part: int, at: float) -> None:
        """One more case that fell due now."""
        group = self.groups.get(name)
        if group is None:
            group = self.groups[name] = Group([0.0] * (PARTS + 1), at)
        group.age(at, self.window.days)
        if self.window.cases:
            keep = 1 - 1 / self.window.cases
            group.counts = [count * keep for count in group.counts]
        group.counts[part] += 1

    def share(self, name: str, used: float, at: float, leans_on: float, worth: float) -> float:
        """Share that missed, leaning on another share as if that many cases had shown it."""
        group = self.groups.get(name)
        if group is None:
            return leans_on
        weight = exp(min(0.0, group.at - at) / (self.window.days * DAY))
        missed, of = group.missed(used)
        return (missed * weight + worth * leans_on) / (of * weight + worth)


@dataclass
class Model:
    """What was learned up to `as_of` (seconds since 1970) from `learned` cases."""

    week: Week
    recent: Rates
    lasting: Rates
    as_of: float
    learned: int = 0
    choice: Choice = field(default_factory=corrections)
    #: What was told of cases that have not fallen due.
    _told: dict[tuple[Any, ...], list[tuple[Reading, tuple[float, ...]]]] = field(default_factory=dict)

    def learn(self, life: Life) -> None:
        """A case fell due. To be given in the order of due dates, each once."""
        at = life.due_at
        for reading, chances in self._told.pop(_same(life), ()):
            self.choice.add(reading, chances, life.missed)
        part = PARTS if life.missed else min(PARTS - 1, int(PARTS * self.week.used(life, life.closed_at or at)))
        self.recent.add(_service(life), part, at)
        for name in ("", _service(life), _agency(life), _channel(life)):
            self.lasting.add(name, part, at)
        self.as_of, self.learned = max(self.as_of, at), self.learned + 1

    def ask(self, life: Life, at: float) -> float:
        """The chance that is told at that instant; kept until the case falls due, to be corrected by. To be asked in the order of time."""
        reading = self.reading(life, at)
        chances = self.choice.chances(reading, at)
        self._told.setdefault(_same(life), []).append((reading, chances))
        return chances[self.choice.taken]

    def chance(self, life: Life, at: float) -> float:
        """Chance, 0..1, that a case which runs at that instant will miss its date. What became of it is not looked at."""
        return self.choice.correction.chance(self.reading(life, at))

    def reading(self, life: Life, at: float) -> Reading:
        """The estimate and its parts, uncorrected."""
        used = self.week.used(life, at)
        overall = self.lasting.share("", used, at, _UNKNOWN, _UNKNOWN_WORTH)
        service = self.lasting.share(_service(life), used, at, overall, _LEAN)
        recent = self.recent.share(_service(life), used, at, service, _LEAN)
        agency = self.lasting.share(_agency(life), used, at, service, _LEAN_AGENCY)
        channel = self.lasting.share(_channel(life), used, at, service, _LEAN)
        odds = _odds(service)
        return Reading(odds, _odds(recent) - odds, _odds(agency) - odds, _odds(channel) - odds, used)

    def written(self) -> dict[str, Any]:
        """Its parameters as JSON."""
        rates = {name: _written(rates) for name, rates in (("recent", self.recent), ("lasting", self.lasting))}
        return {
            "method": METHOD,
            "as_of": self.as_of,
            "learned": self.learned,
            "week": self.week.shares,
            "correction": self.choice.correction.written(),
            **rates,
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Model:
        """The model from its parameters; ValueError where another method made them."""
        if written["method"] != METHOD:
            raise ValueError(f"made by method {written['method']}, this is {METHOD}")
        return cls(
            Week(written["week"]),
            _read(written["recent"]),
            _read(written["lasting"]),
            written["as_of"],
            written["learned"],
            Choice([Correction.read(written["correction"])]),
        )


#: Raised with every change of how a chance is reckoned from parameters.
METHOD = 2


def version(written: Mapping[str, Any]) -> str:
    """Which parameters: the first 16 hexadecimal digits of the SHA-256 of their JSON."""
    return sha256(orjson.dumps(written, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _same(life: Life) -> tuple[Any, ...]:
    """A case as it is known before its outcome. Two that agree in all of it are told the same."""
    return life[:-1]


def _service(life: Life) -> str:
    return life.service or "-"


def _agency(life: Life) -> str:
    return f"{_service(life)}\nagency {life.agency}"


def _channel(life: Life) -> str:
    return f"{_service(life)}\nchannel {life.channel}"


def _odds(share: float) -> float:
    bounded = min(max(share, _SUREST), 1 - _SUREST)
    return log(bounded / (1 - bounded))


def _written(rates: Rates) -> dict[str, Any]:
    groups = {name: [round(group.at, 3), *(round(count, 4) for count in group.counts)] for name, group in sorted(rates.groups.items())}
    return {"days": rates.window.days, "cases": rates.window.cases, "groups": groups}


def _read(written: Mapping[str, Any]) -> Rates:
    groups = {name: Group(list(numbers[1:]), numbers[0]) for name, numbers in written["groups"].items()}
    return Rates(Window(written["days"], written["cases"]), groups)
