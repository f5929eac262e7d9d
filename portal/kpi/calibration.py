"""Fits the chance of missing on what was known at an instant, and checks it on what came after: in each tenth, how many missed of those told so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from portal.kpi.chance_model import Life, Model, Rates, Week, Window

#: Shares of its term at which a case is asked about, while it is open.
INSTANTS = (0.0, 0.25, 0.5, 0.75)
#: The last days, and the last months. With the weights in chance_model.py they are constants of the method, not fitted: what was fitted anew at each cut
#: (weights, windows, a correction by offset and slope) followed the last drift and told the next months worse, on one city's log of 2015.
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


def fit(lives: Sequence[Life], until: float) -> Model | None:
    """The model of what was known at `until`: cases due by then and their closings by then, nothing of others. None where too few fell due."""
    known = [life for life in lives if life.due_at <= until and life.due_at > life.begun_at]
    if len(known) < FEWEST:
        return None
    week = Week.of(life.closed_at for life in known if life.closed_at is not None and life.begun_at < life.closed_at <= until)
    model = Model(week, Rates(RECENT), Rates(LASTING), as_of=float("-inf"))
    teach(model, known, until)
    return model


def teach(model: Model, lives: Iterable[Life], until: float) -> int:
    """The model learns what fell due after its `as_of`, up to `until`; returns how many cases."""
    fresh = sorted((life for life in lives if model.as_of < life.due_at <= until and life.due_at > life.begun_at), key=lambda life: life.due_at)
    for life in fresh:
        model.learn(life)
    model.as_of = max(model.as_of, until)
    return len(fresh)


def follow(model: Model, lives: Sequence[Life], since: float, until: float) -> Iterator[Estimate]:
    """What would have been told of cases begun at or after `since` and due by `until`, at each of INSTANTS; the model learns on the way, as it would have."""
    moments = [(life.due_at, 0, case, 0.0) for case, life in enumerate(lives) if model.as_of < life.due_at <= until and life.due_at > life.begun_at]
    for case, life in enumerate(lives):
        if since <= life.begun_at < life.due_at <= until:
            asked = ((life.begun_at + share * (life.due_at - life.begun_at), share) for share in INSTANTS)
            moments += [(at, 1, case, share) for at, share in asked if life.open_at(at)]
    for at, asks, case, share in sorted(moments):
        if asks:
            yield Estimate(case, share, at, model.chance(lives[case], at), lives[case].missed)
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
