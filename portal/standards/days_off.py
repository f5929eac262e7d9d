"""Days off: the dates on which a calendar is closed, and those with other hours than the week's, from the holidays package, a file and the definition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from portal.catalogue.definitions import WorkingHours
from portal.standards.resolve import DAY_MINUTES, WEEKDAYS, Window, WrongHours, cut, local_date, windows, zone


@dataclass
class Closures:
    """What a file of closures says, in dates of the place (portal/standards/ical.py)."""

    closed: set[date] = field(default_factory=set)
    half: set[date] = field(default_factory=set)
    #: Local date -> windows in which the place is shut in its usual hours.
    shut: dict[date, list[Window]] = field(default_factory=lambda: defaultdict(list))
    #: Local date -> windows in which it is open instead of its usual hours.
    open: dict[date, list[Window]] = field(default_factory=lambda: defaultdict(list))


def days_off(
    hours: WorkingHours, years: range, weekly: Mapping[str, Sequence[Window]], beside: Callable[[str], bytes] | None
) -> tuple[set[date], dict[date, list[Window]]]:
    """Closed dates, and date -> windows where these are not the week's. WrongHours for what cannot be."""
    closed, worked = _dates(hours.closed, years, "closed"), _dates(hours.worked, years, "worked")
    file = _file(hours, years, beside)
    whole, half = _public(hours, years) | file.closed, _half(hours, years) | file.half
    for day, place in worked.items():
        if day in closed:
            raise WrongHours(f"{day} is both in `closed` and in `worked`: take it out of one of them", ("worked", place))
        if day not in whole | half and day not in file.shut:
            raise WrongHours(f"{day} is no public holiday here, so it needs no `worked`: take it out, or correct the date", ("worked", place))
    off = (whole | set(closed)) - set(worked)
    short = windows([hours.half_days], ("half_days",)) if hours.half_days else ()
    other: dict[date, list[Window]] = {}
    for day in sorted((half | set(file.shut) | set(file.open)) - off - set(worked)):
        usual = list(weekly.get(WEEKDAYS[day.weekday()], ()))
        found = _joined(file.open[day]) if day in file.open else usual
        if day in half:
            found = [window for begins, ends in short for window in cut(found, ((0, begins), (ends, DAY_MINUTES)))]
        found = cut(found, file.shut.get(day, ()))
        if found != usual:
            other[day] = found
    return off, other


def _dates(texts: Iterable[str], years: range, field: str) -> dict[date, int]:
    return {local_date(text, years, (field, place)): place for place, text in enumerate(texts)}


def _file(hours: WorkingHours, years: range, beside: Callable[[str], bytes] | None) -> Closures:
    if hours.holidays_file is None:
        return Closures()
    if beside is None:
        raise WrongHours(f"`{hours.holidays_file}` cannot be read: a file stands beside `agency.yaml`, and this calendar does not", ("holidays_file",))
    from portal.standards.ical import read  # not at the top: few calendars have a file

    return read(hours.holidays_file, beside(hours.holidays_file), zone(hours.zone), years, half_days=hours.half_days is not None)


def _public(hours: WorkingHours, years: range) -> set[date]:
    return set(_public_of(hours.country, hours.subdivision, years))


@lru_cache(maxsize=64)
def _public_of(country: str | None, subdivision: str | None, years: range) -> frozenset[date]:
    """Agencies of one country share its list: every process reckons it once at its start."""
    if country is None:
        if subdivision is not None:
            raise WrongHours(f"subdivision `{subdivision}` stands without a country: write `country` too", ("subdivision",))
        return frozenset()
    import holidays  # not at the top: half its weight is never needed

    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        raise WrongHours(f"no holidays are known for country `{country}`: write an ISO 3166 code in capitals, for example `BE`", ("country",))
    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=years)
    except NotImplementedError:
        some = ", ".join(known[country][:12]) or "none, so leave it out"
        raise WrongHours(f"`{subdivision}` is no subdivision of {country}; known are {some}", ("subdivision",)) from None
    return frozenset(day for day in found if day.year in years)


@lru_cache(maxsize=256)
def _named(country: str, subdivision: str | None, year: int, language: str) -> dict[date, str]:
    import holidays

    known = holidays.country_holidays(country, subdiv=subdivision, years=year)
    spoken = next((one for one in known.supported_languages if one.partition("_")[0] == language), None)
    return dict((holidays.country_holidays(country, subdiv=subdivision, years=year, language=spoken) if spoken else known).items())


def holiday_name(country: str, subdivision: str | None, day: date, language: str) -> str | None:
    """What a public holiday is called in that language, or in the country's own; None for a day the holidays package does not name."""
    name = _named(country, subdivision, day.year, language).get(day)
    return name.replace("; ", ", ") if name else None


def _half(hours: WorkingHours, years: range) -> set[date]:
    """Half holidays of the country, where hours for them are written: until somebody does, they are worked whole."""
    if hours.half_days is None:
        return set()
    found: set[date] = set()
    if hours.country is not None:
        import holidays

        kinds = holidays.country_holidays(hours.country, subdiv=hours.subdivision, years=years[0]).supported_categories
        if holidays.HALF_DAY in kinds:
            listed = holidays.country_holidays(hours.country, subdiv=hours.subdivision, years=years, categories=(holidays.HALF_DAY,))
            found = {day for day in listed if day.year in years}
    if not found and hours.holidays_file is None:
        place = "-".join(filter(None, (hours.country, hours.subdivision))) or "a calendar without country"
        told = f"no half holidays are known for {place}, so `half_days` changes nothing: name them in a `holidays_file`, or leave it out"
        raise WrongHours(told, ("half_days",))
    return found


def _joined(found: Iterable[Window]) -> list[Window]:
    """Windows in order, those that overlap or touch made one."""
    joined: list[Window] = []
    for opens, closes in sorted(found):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return joined
