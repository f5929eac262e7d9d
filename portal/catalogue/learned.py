"""What past requests have taught about words: multinomial naive Bayes, small, pure, and explained word by word.

A service gains, for each word of a text, the logarithm of how much more often the word stands in requests that ended with it than in all requests. Only words
that several requests share are learned, so that no name or address of one person is kept. Chances are tempered on cases that were not learned from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import exp, log
from typing import Any

import orjson

from portal.catalogue.words import telling, tokens

#: A word is learned once so many requests have it; a service, once so many ended with it.
SHARED, ENDED = 5, 5
#: Words kept, those in most requests first.
MOST = 20_000
#: What is added to every count (Lidstone).
_ALPHA = 0.1
#: Divisors of the sums that are tried, to make chances of them.
_TEMPERS = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)

Sample = tuple[str, str]


@dataclass(frozen=True)
class Learned:
    """`counts`: word -> service -> requests that had it; `cases`: service -> requests; `temper`: divisor of the sums."""

    cases: Mapping[str, int]
    counts: Mapping[str, Mapping[str, int]]
    temper: float = 1.0

    def __post_init__(self) -> None:
        totals: Counter[str] = Counter()
        for by_service in self.counts.values():
            totals.update(by_service)
        size, everything = len(self.counts), sum(totals.values())
        base = {id: log(_ALPHA / (totals[id] + _ALPHA * size)) if size else 0.0 for id in self.cases}
        background = {word: log((sum(some.values()) + _ALPHA) / (everything + _ALPHA * size)) for word, some in self.counts.items()}
        number = sum(self.cases.values())
        object.__setattr__(self, "_prior", {id: log(count / number) for id, count in self.cases.items()})
        object.__setattr__(self, "_base", base)
        object.__setattr__(self, "_background", background)
        object.__setattr__(self, "_scale", {id: totals[id] + _ALPHA * size for id in self.cases})

    def words(self, text: str) -> list[str]:
        """The words of a text that were learned, each once."""
        return [word for word in dict.fromkeys(telling(tokens(text))) if word in self.counts]

    def weight(self, word: str, service: str) -> float:
        """How much a word speaks for a service: above 0 for it, below against it."""
        count = self.counts[word].get(service, 0)
        said: float = log((count + _ALPHA) / self._scale[service]) - self._background[word]  # type: ignore[attr-defined]
        return said

    def chances(self, text: str) -> dict[str, float]:
        """Chance of each service, together 1; nothing where no word of the text was learned."""
        words = self.words(text)
        if not words or not self.cases:
            return {}
        against: float = sum(self._background[word] for word in words)  # type: ignore[attr-defined]
        sums = {id: prior + len(words) * self._base[id] - against for id, prior in self._prior.items()}  # type: ignore[attr-defined]
        for word in words:
            for id, count in self.counts[word].items():
                sums[id] += log((count + _ALPHA) / _ALPHA)
        top = max(sums.values())
        shares = {id: exp((value - top) / self.temper) for id, value in sums.items()}
        total = sum(shares.values())
        return {id: share / total for id, share in shares.items()}

    def why(self, text: str, service: str, most: int = 5) -> list[tuple[str, float]]:
        """The words that spoke most for a service, with their weights."""
        weights = sorted(((word, round(self.weight(word, service), 3)) for word in self.words(text)), key=lambda one: -one[1])
        return [one for one in weights[:most] if one[1] > 0]

    def written(self) -> dict[str, Any]:
        """As it is stored."""
        return {"cases": dict(self.cases), "counts": {word: dict(some) for word, some in self.counts.items()}, "temper": self.temper}

    @property
    def version(self) -> str:
        """Hash of all it knows."""
        return sha256(orjson.dumps(self.written(), option=orjson.OPT_SORT_KEYS)).hexdigest()


def read(stored: Mapping[str, Any]) -> Learned:
    """What was stored."""
    return Learned(stored["cases"], stored["counts"], stored["temper"])


def learn(samples: Iterable[Sample]) -> Learned:
    """From requests and the services they ended with."""
    cases: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {}
    for text, service in samples:
        cases[service] += 1
        for word in dict.fromkeys(telling(tokens(text))):
            shared[word] += 1
            counts.setdefault(word, Counter())[service] += 1
    kept = {id: count for id, count in cases.items() if count >= ENDED}
    words = [word for word, number in shared.most_common(MOST) if number >= SHARED]
    return Learned(kept, {word: {id: n for id, n in counts[word].items() if id in kept} for word in words})


def tempered(model: Learned, samples: Sequence[Sample]) -> Learned:
    """The same with the divisor under which what it says of these requests, not learned from, is least surprising."""

    def surprise(temper: float) -> float:
        one = Learned(model.cases, model.counts, temper)
        return sum(-log(max(one.chances(text).get(service, 0.0), 1e-6)) for text, service in samples)

    return Learned(model.cases, model.counts, min(_TEMPERS, key=surprise)) if samples else model
