"""How a measure is computed: one SQL expression each over the cases of its population."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Float, func, literal
from sqlalchemy.sql import ColumnElement

from portal.kpi.measures import How, Measure
from portal.kpi.populations import POPULATIONS, VALUES, Question
from portal.kpi.tables import case_facts

Value = ColumnElement[Any]


def size(measure: Measure, asked: Question) -> Value:
    """Number of cases it is taken over."""
    return func.count().filter(POPULATIONS[measure.of](asked))


def value(measure: Measure, asked: Question) -> Value:
    """The number itself; null where it is taken over no case, unless it is a count."""
    return FORMULAS[measure.how](measure, asked)


def _share(measure: Measure, asked: Question) -> Value:
    kept = func.count().filter(POPULATIONS[measure.kept or measure.of](asked)).cast(Float)
    return literal(100.0, Float) * kept / func.nullif(size(measure, asked), 0).cast(Float)


def _percentile(measure: Measure, asked: Question) -> Value:
    rank = literal(measure.rank, Float)
    return func.percentile_cont(rank).within_group(VALUES[measure.over]).filter(POPULATIONS[measure.of](asked))


def _mean(measure: Measure, asked: Question) -> Value:
    return func.avg(VALUES[measure.over]).filter(POPULATIONS[measure.of](asked))


def _score(measure: Measure, asked: Question) -> Value:
    mean = func.avg(case_facts.c.score.cast(Float)).filter(POPULATIONS[measure.of](asked))
    return literal(100.0, Float) * (mean - literal(1.0, Float)) / literal(4.0, Float)


def _wanted(measure: Measure, asked: Question) -> Value:
    return func.coalesce(func.sum(1 + func.coalesce(case_facts.c.followers, 0)).filter(POPULATIONS[measure.of](asked)), 0)


def _avoidable(measure: Measure, asked: Question) -> Value:
    of = POPULATIONS[measure.of](asked)
    avoidable = func.sum(func.coalesce(case_facts.c.avoidable, 0)).filter(of).cast(Float)
    return literal(100.0, Float) * avoidable / func.nullif(func.sum(func.coalesce(case_facts.c.contacts, 1)).filter(of), 0).cast(Float)


FORMULAS: dict[How, Callable[[Measure, Question], Value]] = {
    "count": size,
    "share": _share,
    "percentile": _percentile,
    "mean": _mean,
    "score": _score,
    "wanted": _wanted,
    "avoidable": _avoidable,
}
