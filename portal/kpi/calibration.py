"""Fits the chance of missing on what was known at an instant, and checks it on what came after: in each tenth, how many missed of those told so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from portal.kpi.chance_model import Life, Model, Rates, Week, Window

#: Shares of its term at which a case is asked about, while it is open.
INSTANTS = (0.0, 0.25, 0.5, 0.75)
#: The last days, and the last months.
RECENT, LASTING = Window(20, 200), Window(90)
#: Below so many cases that fell due, nothing is told.
FEWEST = 200


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was told of a case (its place in the list) at an instant, and whether it missed."""

    case: int
    share: float
    at: float
    chance: float
    missed: bool


@dataclass(frozen=True, slots=True)
class Tenth:
    """Estimates told in one tenth: how many, of how many cases, the mean chance told and the share that missed."""

    low: float
    estimates: int
    cases: int
    told: float
    missed: float

    @property
    def off(self) -> float:
        """By how much it was told wrong, in points of 100."""
        return 100 * abs(self.told - self.missed)

    @property
    def luck(self) -> float:
        """Points by which a chance told exactly right is off by luck alone, one standard deviation: so many cases and no more were seen."""
        return 100 * sqrt(self.told * (1 - self.told) / self.cases)


def fit(lives: Sequence[Life], until: float) -> Model | None:
    """The model of what was known at `until`: cases due by then and their closings by then, nothing of others. None where too few fell due."""
    known = [life for life in lives if life.due_at <= until and life.due_at > life.begun_at]
    if len(known) < FEWEST:
        return None
    week = Week.of(life.closed_at for life in known if life.closed_at is not None and life.begun_at < life.closed_at <= until)
    model = Model(week, Rates(RECENT), Rates(LASTING), as_of=float("-inf"))
    for _ in _told(model, lives, until):
        pass
    model.as_of = until
    model.choice.take()
    return model


def follow(model: Model, lives: Sequence[Life], since: float, until: float) -> Iterator[Estimate]:
    """What would have been told of cases begun at or after `since` and due by `until`, at each of INSTANTS; the model learns on the way, as it would have."""
    for case, share, at, chance in _told(model, lives, until):
        life = lives[case]
        if since <= life.begun_at and life.due_at <= until:
            yield Estimate(case, share, at, chance, life.missed)


def _told(model: Model, lives: Sequence[Life], until: float) -> Iterator[tuple[int, float, float, float]]:
    """Case, share of the term, instant and chance told, from the model's `as_of` up to `until`; it learns what falls due meanwhile."""
    moments = []
    for case, life in enumerate(lives):
        if life.due_at > max(model.as_of, life.begun_at):
            moments += [(life.due_at, 0, case, 0.0)] if life.due_at <= until else []
            asked = ((life.begun_at + share * (life.due_at - life.begun_at), share) for share in INSTANTS)
            moments += [(at, 1, case, share) for at, share in asked if model.as_of < at <= until and life.open_at(at)]
    for at, asks, case, share in sorted(moments):
        if asks:
            yield case, share, at, model.ask(lives[case], at)
        else:
            model.learn(lives[case])


def tenths(estimates: Iterable[Estimate]) -> list[Tenth]:
    """The table: one row for each tenth of chance in which anything was told."""
    told: dict[int, list[Estimate]] = {}
    for one in estimates:
        told.setdefault(min(9, int(one.chance * 10)), []).append(one)
    return [
        Tenth(
            low=place / 10,
            estimates=len(some),
            cases=len({one.case for one in some}),
            told=sum(one.chance for one in some) / len(some),
            missed=sum(one.missed for one in some) / len(some),
        )
        for place, some in sorted(told.items())
    ]
