"""Cities made up from a seed: a year of cases in worlds nobody tuned the chance of missing to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, pi, sin
from random import Random  # noqa: TID251  # seeded by each test

from portal.kpi.chance_model import DAY, Life

#: A Monday, 00:00 UTC, and the end of the year made up; what is open then has not closed.
START = 1_767_571_200.0
END = START + 365 * DAY
#: How far durations of one service lie apart, and how much its agencies and channels differ.
_SPREAD, _APART = 0.8, 0.3


@dataclass(frozen=True)
class Office:
    """A service: how often it is asked for, its term in days, and the share it misses at a share of the year."""

    service: str
    weight: float
    days: float
    misses: Callable[[float], float]


def offices(seed: int, count: int = 7, change: Callable[[float, float, int], float] = lambda misses, year, number: misses) -> list[Office]:
    """So many services; `change` says what becomes of a share that is missed, of the n-th of them, over the year."""
    luck = Random(seed * 7919 + 1)
    made = []
    for number in range(count):
        weight, days, misses = luck.uniform(0.3, 2), luck.choice((2, 5, 10, 20, 30)), luck.choice((0.05, 0.1, 0.2, 0.3, 0.5))
        made.append(Office(f"s{number}", weight, days, lambda year, misses=misses, number=number: change(misses, year, number)))  # type: ignore[misc]
    return made


def city(seed: int, some: list[Office], size: int = 12_000, *, bulk: bool = False, dates: bool = False, twice: float = 0.0) -> list[Life]:
    """Its cases. `bulk`: closed once a week, all together; `dates`: no time of day is known; `twice`: share reported again."""
    luck = Random(seed)
    weights = [office.weight for office in some]
    ways = {(office.service, agency, channel): luck.gauss(0, _APART) for office in some for agency in "ab" for channel in ("desk", "phone", "web")}
    made: list[Life] = []
    while len(made) < size:
        office, begun_at = luck.choices(some, weights)[0], START + luck.random() * 365 * DAY
        agency, channel = luck.choice("ab"), luck.choice(("desk", "phone", "web"))
        due_at = begun_at + office.days * DAY * luck.uniform(0.9, 1.1)
        closed_at = begun_at + DAY * _lasts(luck, office, (begun_at - START) / (365 * DAY), ways[office.service, agency, channel])
        closed_at += DAY * max(0, int(closed_at // DAY + 3) % 7 - 4) * (closed_at // DAY % 7 in (2, 3))
        if bulk:
            closed_at = (closed_at // (7 * DAY) + 1) * 7 * DAY - luck.uniform(0, 3600)
        if dates:
            due_at, closed_at = (due_at // DAY + 1) * DAY, max(begun_at, closed_at // DAY * DAY)
        made.append(Life(office.service, agency, channel, begun_at, due_at, closed_at if closed_at <= END else None))
        while luck.random() < twice:
            made.append(made[-1]._replace(begun_at=begun_at + luck.random() * 3600))
    return sorted(made, key=lambda life: life.begun_at)


def _lasts(luck: Random, office: Office, year: float, apart: float) -> float:
    """Days to the closing: log-logistic, later than the term in the share that is missed."""
    misses = office.misses(year)
    if misses in (0, 1):
        return office.days * (luck.uniform(1.1, 2) if misses else luck.uniform(0.05, 0.85))
    fate = luck.uniform(1e-6, 1 - 1e-6)
    return office.days * exp(_SPREAD * (log(fate / (1 - fate)) + log(misses / (1 - misses)) + apart) / 1.7)


def worlds(seed: int) -> dict[str, list[Life]]:
    """Cities by what is peculiar to them."""
    always = (0.0, 1.0, 0.1, 0.3, 0.0, 0.5, 1.0)
    steady = offices(seed)
    return {
        "steady": city(seed, steady),
        "many small services": city(seed, offices(seed, 150)),
        "never and always": city(seed, offices(seed, 7, lambda _, __, number: always[number])),
        "low": city(seed, offices(seed, 7, lambda misses, _, __: misses * 0.15)),
        "seasons": city(seed, offices(seed, 7, lambda misses, year, number: min(0.9, misses * (1 + 0.7 * sin(2 * pi * (year + number / 7)))))),
        "drift": city(seed, offices(seed, 7, lambda misses, year, _: misses * (0.3 + 1.4 * year))),
        "closed in bulk": city(seed, steady, bulk=True),
        "dates only": city(seed, steady, dates=True),
        "reported twice": city(seed, steady, twice=0.3),
        "small": city(seed, steady, 1500),
    }
