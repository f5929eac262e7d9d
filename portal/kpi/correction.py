"""What a rough estimate came to mean: a logistic correction that follows outcomes day by day, and the choice among a few of them. Pure.

Each correction weighs the parts of an estimate (log-odds) anew. It begins as the estimate itself, is drawn to what became of the cases told so, and back to
where it began as outcomes grow old (penalised logistic regression, one Newton step a day). Which one tells is not set by hand: each has told every case of
the history before its outcome was known, and the one that was least wrong in all (Brier score) is taken; one may be to correct nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Any, NamedTuple

_DAY = 86_400.0
#: Estimates of one case hang together: two and a half of them count little more than one.
_WORTH = 0.5
#: Share of the term that is the middle of the estimates, and where they end: what lies beyond is not reckoned on from them.
_MIDDLE, _LAST = 0.4, 0.8
#: How far the last days, the agency and the channel move the estimate of the service's last months (log-odds) where nothing corrects it.
MOVED = (0.8, 1.0, 0.5)
_BOUND = 12.0


class Reading(NamedTuple):
    """An estimate in log-odds: the service's, by how much its last days, the agency and the channel differ from it; and the share of the term used up."""

    service: float
    recent: float
    agency: float
    channel: float
    used: float

    @property
    def odds(self) -> float:
        """All in one, uncorrected."""
        return self.service + MOVED[0] * self.recent + MOVED[1] * self.agency + MOVED[2] * self.channel


def _each(one: Reading) -> tuple[float, ...]:
    used = min(one.used, _LAST) - _MIDDLE
    return one.service, one.recent, one.agency, one.channel, 1.0, used, one.service * used


def _slope(one: Reading) -> tuple[float, ...]:
    return one.odds, 1.0


#: Parts that are weighed, and the weights that correct nothing.
_PARTS = {"none": (_slope, (1.0, 0.0)), "each": (_each, (1.0, *MOVED, 0.0, 0.0, 0.0)), "slope": (_slope, (1.0, 0.0))}


@dataclass
class Correction:
    """Weights of the parts. `days`: when an e-th of an outcome's weight is left; `worth`: how firmly each weight stays where it began."""

    kind: str
    days: float
    worth: float
    weights: list[float] = field(default_factory=list)
    at: float | None = None
    _known: list[list[float]] = field(default_factory=list)
    _seen: list[tuple[tuple[float, ...], bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parts, self.first = _PARTS[self.kind]
        self.weights = self.weights or list(self.first)
        self._known = [[0.0] * len(self.first) for _ in self.first]

    def chance(self, one: Reading) -> float:
        """What that estimate means, 0..1."""
        return _share(self.weights, self.parts(one))

    def add(self, one: Reading, missed: bool) -> None:
        """What became of a case of which that was estimated; it counts from the next day on."""
        if self.kind != "none":
            self._seen.append((self.parts(one), missed))

    def to(self, at: float) -> None:
        """Time goes on; after a day and more, one step with what was added."""
        if self.at is None:
            self.at = at
        days = (at - self.at) // _DAY
        if days >= 1 and self.kind != "none":
            self._step(exp(-days / self.days))
            self.at += days * _DAY

    def _step(self, left: float) -> None:
        size = range(len(self.first))
        known = self._known = [[value * left for value in row] for row in self._known]
        slope = [0.0 for _ in size]
        for parts, missed in self._seen:
            share = _share(self.weights, parts)
            spread, off = _WORTH * share * (1 - share), _WORTH * (missed - share)
            for i in size:
                slope[i] += off * parts[i]
                by, row = spread * parts[i], known[i]
                for j in range(i + 1):
                    row[j] += by * parts[j]
        self._seen = []
        firm = [[known[max(i, j)][min(i, j)] + self.worth * (i == j) for j in size] for i in size]
        self.weights = [weight + by for weight, by in zip(self.weights, solved(firm, slope), strict=True)]
        back = [self.worth * (first - weight) for first, weight in zip(self.first, self.weights, strict=True)]
        self.weights = [weight + (1 - left) * by for weight, by in zip(self.weights, solved(firm, back), strict=True)]

    def written(self) -> dict[str, Any]:
        """As JSON; what it was learned from is not kept."""
        return {"kind": self.kind, "days": self.days, "worth": self.worth, "weights": [round(one, 6) for one in self.weights]}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Correction:
        """From its JSON."""
        return cls(written["kind"], written["days"], written["worth"], list(written["weights"]))


class Choice:
    """Several corrections that all learn; one of them tells."""

    def __init__(self, some: Sequence[Correction]) -> None:
        self.some = list(some)
        self.wrong = [0.0 for _ in some]
        self.told = 0
        #: Which one tells.
        self.taken = 0

    @property
    def correction(self) -> Correction:
        """The one that tells."""
        return self.some[self.taken]

    def chances(self, one: Reading, at: float) -> tuple[float, ...]:
        """What each would tell at that instant."""
        for correction in self.some:
            correction.to(at)
        return tuple(correction.chance(one) for correction in self.some)

    def add(self, one: Reading, chances: Sequence[float], missed: bool) -> None:
        """What each told of a case, and what became of it."""
        self.told += 1
        for number, (correction, chance) in enumerate(zip(self.some, chances, strict=True)):
            self.wrong[number] += (chance - missed) ** 2
            correction.add(one, missed)

    def take(self) -> None:
        """The one that was least wrong so far tells from here on."""
        self.taken = min(range(len(self.some)), key=self.wrong.__getitem__)


def corrections() -> Choice:
    """Those among which the history chooses: nothing; every part weighed anew, quickly or slowly; only how far to trust the whole, for a small city."""
    return Choice([Correction("none", 1, 1), Correction("each", 60, 20), Correction("each", 200, 20), Correction("slope", 200, 2)])


def _share(weights: Sequence[float], parts: Sequence[float]) -> float:
    odds = sum(map(float.__mul__, weights, parts))
    return 1 / (1 + exp(-min(max(odds, -_BOUND), _BOUND)))


def solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The solution of a small symmetric positive definite system (Gauss; no pivoting is needed)."""
    size = len(right)
    rows = [[*row, one] for row, one in zip(matrix, right, strict=True)]
    for i in range(size):
        for k in range(i + 1, size):
            by = rows[k][i] / rows[i][i]
            for j in range(i, size + 1):
                rows[k][j] -= by * rows[i][j]
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = (rows[i][size] - sum(rows[i][j] * found[j] for j in range(i + 1, size))) / rows[i][i]
    return found
