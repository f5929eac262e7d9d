"""A sentence among a thousand services: how long it takes to rank them."""

from __future__ import annotations

import random  # noqa: TID251  # seeded
import time
from dataclasses import replace
from statistics import median

from portal.catalogue.find import Index
from tests.bench.entries import Entry, beside
from tests.ledger.conftest import catalogue

SERVICES, SENTENCES = 1_000, 2_000
#: Milliseconds one sentence may take.
LEVEL = 10.0


def measure() -> list[Entry]:
    """The entries of finding."""
    chance, real = random.Random(7), catalogue()
    words = sorted({word for one in real.services.values() for text in one.summary.values() for word in text.split()})
    given = [one for one in real.services.values() if not one.triage]
    many = {}
    for number in range(SERVICES):
        base = given[number % len(given)]
        more = {"en": tuple(" ".join(chance.choices(words, k=3)) for _ in range(3))}
        title = {language: f"{text} {chance.choice(words)}" for language, text in base.title.items()}
        many[f"s{number}"] = replace(base, id=f"s{number}", title=title, synonyms=more)
    index = Index(replace(real, services=many))
    sentences = [" ".join(chance.choices(words, k=chance.randint(4, 25))) for _ in range(SENTENCES)]
    took = []
    for sentence in sentences:
        begun = time.perf_counter()
        index.rank(sentence)
        took.append((time.perf_counter() - begun) * 1000)
    return [beside("find.rank", median(took), "ms", "level", LEVEL), beside("find.rank_p99", sorted(took)[len(took) * 99 // 100], "ms", "level", LEVEL)]
