"""Figures: any measures, sliced, over any period; all of one slicing in one query over the facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from portal.errors import Invalid
from portal.kpi.formulas import size, value
from portal.kpi.measures import MEASURES, SLICES, Measure
from portal.kpi.populations import BOUNDS, Question, slice_of
from portal.kpi.tables import case_facts
from portal.unit_of_work import FIGURES, Portal, Work

Figure = dict[str, Any]


def report(
    source: Portal | Work,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Sequence[str] = (),
    as_of: datetime | None = None,
    jurisdiction: str | None = None,
    origins: Sequence[str] | None = None,
    indicators: Iterable[str] | None = None,
    only: Mapping[str, str | None] | None = None,
) -> list[Figure]:
    """Figures, one `{"indicator", "version", "slice", "value", "unit", "n"}` for each measure and slice; slices in order of their values.

    `source`: a portal, or a unit of work of the figures. Instants are aware; `since <= instant < until`, of closing for measures of closed cases, of receipt
    for measures of intake. `by`: of SLICES; none gives the overall figures, slice `{}`. `as_of`: when open and overdue are judged, by default now. `only`:
    cases with these values of a slice. `origins`: by default `live` and `demo`, with a jurisdiction `replay` too; never `mystery` and `simulated` unless
    named. `n` is the number of cases a figure is taken over: the denominator of a share. Invalid for a measure or slice that does not exist.
    """
    measures, names = chosen(indicators), sliced(by)

    def figures(work: Work) -> list[Figure]:
        asked = Question(as_of=as_of or work.now, since=since, until=until, jurisdiction=jurisdiction, origins=origins, only=only or {})
        return _figures(work, measures, names, asked)

    if isinstance(source, Work):
        return figures(source)
    with source.work(FIGURES) as work:
        return figures(work)


def chosen(indicators: Iterable[str] | None) -> list[Measure]:
    """The measures of these ids, all where None; Invalid for one that does not exist."""
    wanted = list(MEASURES) if indicators is None else list(indicators)
    unknown = [name for name in wanted if name not in MEASURES]
    if unknown:
        raise Invalid(errors=[{"parameter": "indicator", "detail": f"{name!r} is none; there are: {', '.join(MEASURES)}."} for name in unknown])
    return [MEASURES[name] for name in wanted]


def sliced(by: Sequence[str]) -> tuple[str, ...]:
    """The slices, each once; Invalid for one that does not exist."""
    unknown = [name for name in by if name not in SLICES]
    if unknown:
        raise Invalid(errors=[{"parameter": "by", "detail": f"{name!r} is none; there are: {', '.join(SLICES)}."} for name in unknown])
    return tuple(dict.fromkeys(by))


def statement(measures: Sequence[Measure], by: Sequence[str], asked: Question) -> Select[Any]:
    """One query: for each slice the values (`v0`, `v1`, ...) and sizes (`n0`, ...) of all measures."""
    slices = [slice_of(name).label(name) for name in by]
    figures = [column for at, measure in enumerate(measures) for column in (value(measure, asked).label(f"v{at}"), size(measure, asked).label(f"n{at}"))]
    relevant = or_(*(BOUNDS[bounds](asked) for bounds in sorted({measure.bounds for measure in measures})))
    columns: list[Any] = [*slices, *figures]
    query = select(*columns).select_from(case_facts).where(asked.whose(), relevant)
    return query.group_by(*slices).order_by(*(column.asc().nulls_last() for column in slices)) if slices else query


def _figures(work: Work, measures: list[Measure], by: tuple[str, ...], asked: Question) -> list[Figure]:
    rows = work.run(statement(measures, by, asked))
    return [
        {
            "indicator": measure.id,
            "version": measure.version,
            "slice": {name: row[name] for name in by},
            "value": row[f"v{at}"],
            "unit": measure.unit,
            "n": row[f"n{at}"],
        }
        for row in rows
        for at, measure in enumerate(measures)
    ]
