"""From free text to the service it fits, and whether it speaks of danger: words only, no model, the same answer every time.

The weight of a word is BM25's (Robertson and Zaragoza 2009) over services as documents, all languages together. A service gains the weight of each
of the text's words it has, and again half the weight of each whole phrase (title or synonym) that the text contains. The score is s / (s + c),
where c grows with the words that did not hit: it lies in 0..1 and can be held against a threshold, and one chance word in a long text is not enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from math import log
from typing import Literal

from portal.catalogue.definitions import Catalogue, Service
from portal.catalogue.learned import Learned
from portal.catalogue.words import telling, tokens

#: A match is trusted from this score on, and by this much above the next.
SURE, MARGIN = 0.6, 0.1
#: BM25's saturation and length terms.
_K1, _B = 1.2, 0.4
#: Half-way point of the score, in units of the weight of a word that only one service has.
_HALF = 1.0
#: How much further away it is for each word that did not hit, and how many of those count.
_MISS, _MISSES = 0.15, 10
#: What was learned of a service no word of the catalogue hits is told from this chance on.
_TOLD = 0.02
#: How much a word counts by where it stands.
_TITLE, _SYNONYM, _SUMMARY, _OPTION = 2, 2, 1, 1


@dataclass(frozen=True)
class Match:
    """A service a text may mean; `why` holds the words (folded) that spoke for it, the heaviest first."""

    service_id: str
    score: float
    why: tuple[str, ...]


class Index:
    """A catalogue prepared for searching; build it once. It never changes, so threads may share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        searched = [service for service in catalogue.services.values() if not service.triage]
        counts = {service.id: _counts(service) for service in searched}
        mean = sum(counted.total() for counted in counts.values()) / (len(counts) or 1)
        holders = Counter(word for counted in counts.values() for word in counted)
        rarity = {word: log(1 + (len(counts) - n + 0.5) / (n + 0.5)) for word, n in holders.items()}
        #: Word -> service -> weight.
        self._weights: dict[str, dict[str, float]] = {}
        for id, counted in counts.items():
            length = _K1 * (1 - _B + _B * counted.total() / mean)
            for word, n in counted.items():
                self._weights.setdefault(word, {})[id] = rarity[word] * n * (_K1 + 1) / (n + length)
        #: First word of a phrase -> (service, its words).
        self._phrases: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for service in searched:
            for phrase in {tuple(telling(tokens(text))) for _, text in _names(service)} - {()}:
                self._phrases.setdefault(phrase[0], []).append((service.id, phrase))
        self._half = _HALF * log(1 + (len(counts) + 0.5) / 1.5)
        self._danger: dict[str, set[tuple[str, ...]]] = {}
        for phrase in (tuple(tokens(text)) for agency in catalogue.agencies.values() for words in agency.danger_words.values() for text in words):
            if phrase:
                self._danger.setdefault(phrase[0], set()).add(phrase)

    def rank(self, text: str) -> list[Match]:
        """Services by fit, best first, those without any common word left out; equal scores by id."""
        words = dict.fromkeys(telling(tokens(text)))
        sums: dict[str, float] = {}
        why: dict[str, list[tuple[float, str]]] = {}
        for word in words:
            for id, weight in self._weights.get(word, {}).items():
                sums[id] = sums.get(id, 0.0) + weight
                why.setdefault(id, []).append((-weight, word))
        for id, phrase in self._said(words):
            sums[id] += sum(self._weights[word][id] for word in phrase) / 2
        return sorted((self._match(id, total, len(words), why[id]) for id, total in sums.items()), key=lambda match: (-match.score, match.service_id))

    def _match(self, id: str, total: float, words: int, why: list[tuple[float, str]]) -> Match:
        half = self._half * (1 + _MISS * min(words - len(why), _MISSES))
        return Match(id, total / (total + half), tuple(word for _, word in sorted(why)))

    def danger(self, text: str) -> bool:
        """Whether a danger word or phrase stands in the text, whole words only, in any language."""
        words = tokens(text)
        return any(tuple(words[at : at + len(phrase)]) == phrase for at, word in enumerate(words) for phrase in self._danger.get(word, ()))

    def _said(self, words: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        said = set(words)
        for first in words:
            yield from ((id, phrase) for id, phrase in self._phrases.get(first, ()) if said.issuperset(phrase))


def confident(matches: list[Match]) -> Match | None:
    """The first match where its score is high and the next one is clearly below; else None, and people find the door."""
    if not matches or matches[0].score < SURE:
        return None
    return matches[0] if len(matches) == 1 or matches[0].score - matches[1].score >= MARGIN else None


def advice(matches: list[Match]) -> Literal["straight", "choose", "people"]:
    """What to do with a ranking: go straight there, let the person choose among the best few, or let people find the door."""
    if confident(matches) is not None:
        return "straight"
    return "choose" if matches else "people"


def rank(catalogue: Catalogue, text: str, language: str | None = None) -> list[Match]:
    """`Index(catalogue).rank(text)` with the index of the last catalogue kept, and with what was learned where that is switched on (`use`).

    All languages are searched; people mix them.
    """
    ranked = _index(catalogue).rank(text)
    known = _known
    if known is None or known[0] is not catalogue:
        return ranked
    return together(ranked, known[1], text, share=known[2], services=catalogue.services)


def together(ranked: list[Match], model: Learned, text: str, *, share: float, services: Container[str]) -> list[Match]:
    """The ranking by words of the catalogue and what was learned, the latter with so large a share, 0..1; where it says nothing the ranking stands."""
    chances = model.chances(text) if share > 0 else {}
    if not chances:
        return ranked
    by_words = {match.service_id: match for match in ranked}
    found = []
    for id in by_words.keys() | {id for id, chance in chances.items() if chance >= _TOLD and id in services}:
        match = by_words.get(id)
        score = share * chances.get(id, 0.0) + (1 - share) * (match.score if match else 0.0)
        why = (match.why if match else ()) or tuple(word for word, _ in model.why(text, id))
        found.append(Match(id, score, why))
    return sorted(found, key=lambda match: (-match.score, match.service_id))


def use(catalogue: Catalogue, model: Learned | None, share: float = 0.0) -> None:
    """From here on `rank` of this catalogue uses what was learned; with None, no more."""
    global _known
    _known = (catalogue, model, share) if model is not None and share > 0 else None


_known: tuple[Catalogue, Learned, float] | None = None


def danger(catalogue: Catalogue, text: str) -> bool:
    """`Index(catalogue).danger(text)` with the index of the last catalogue kept."""
    return _index(catalogue).danger(text)


_last: tuple[Catalogue, Index] | None = None


def _index(catalogue: Catalogue) -> Index:
    global _last
    kept = _last
    if kept is None or kept[0] is not catalogue:
        kept = _last = (catalogue, Index(catalogue))
    return kept[1]


def _names(service: Service) -> Iterator[tuple[int, str]]:
    yield from ((_TITLE, text) for text in service.title.values())
    yield from ((_SYNONYM, text) for texts in service.synonyms.values() for text in texts)


def _counts(service: Service) -> Counter[str]:
    counted: Counter[str] = Counter()
    parts = [*_names(service), *((_SUMMARY, text) for text in service.summary.values())]
    parts += [(_OPTION, text) for field in service.fields for option in field.options for text in option.title.values()]
    for weight, text in parts:
        for word in telling(tokens(text)):
            counted[word] += weight
    return counted
