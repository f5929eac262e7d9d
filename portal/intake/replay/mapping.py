"""`replay.yaml`: which column of a log means what, as frozen dataclasses. Unknown keys are errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: The value that stands for every other one, and the id that stands for the value itself.
ANY = "*"
#: Format of a time as RFC 3339 or ISO 8601 writes it.
ISO = "iso"


@dataclass(frozen=True)
class Log:
    """How the file is written; packed by gzip or not shows by itself."""

    format: Literal["csv", "xes"] = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    #: Further texts that mean that there is no value.
    empty: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a CSV by its heading; in XES an attribute of the trace by its key, or `first:KEY`, `last:KEY` of its first and last event in time."""

    column: str


@dataclass(frozen=True)
class Instant:
    """A column that holds a time: `iso`, or formats of C's strptime, tried in order. Without an offset it is the wall clock of the mapping's zone."""

    column: str
    format: tuple[str, ...] = (ISO,)


@dataclass(frozen=True)
class Columns:
    """Which column is what. `area` is taken as a fact that says little of a person: name one only where it is coarse."""

    external_id: Column
    opened_at: Instant
    closed_at: Instant | None = None
    due_at: Instant | None = None
    service: Column | None = None
    agency: Column | None = None
    channel: Column | None = None
    area: Column | None = None
    lat: Column | None = None
    long: Column | None = None
    address: Column | None = None
    text: Column | None = None


@dataclass(frozen=True)
class Target:
    """A promise the city made of a service: as a standard of the catalogue says it."""

    within: str
    #: `agency/calendar`; None: the mapping's.
    calendar: str | None = None
    profile: str = "same-time"


@dataclass(frozen=True)
class Refuse:
    """Rows that are not taken: CEL over `row["COLUMN"]`, and `service`, `agency`, `channel`, `area` as mapped."""

    when: str
    reason: str


@dataclass(frozen=True)
class Defaults:
    """What stands where a row says nothing."""

    service: str | None = None
    agency: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Mapping:
    """A log and what its columns mean.

    A service with a standard: its date is computed from the opening, the log's own is withheld. Where the log has a date that differs by more
    than two minutes, the city promised something else: the log's date stands as `imported`. Where the column is empty the city promised nothing:
    no clock, unless `absent_due: compute`. Where no column is mapped every date is computed. A service without a standard: the log's date is `imported`.
    """

    jurisdiction: str
    zone: str
    columns: Columns
    log: Log = field(default_factory=Log)
    #: Under which name ids of this log are unique; None: the jurisdiction.
    source: str | None = None
    language: str = "en"
    #: Value in the log -> id; `*` any other value, and as an id the value as it is.
    services: dict[str, str] = field(default_factory=lambda: {ANY: ANY})
    agencies: dict[str, str] = field(default_factory=lambda: {ANY: ANY})
    channels: dict[str, str] = field(default_factory=lambda: {ANY: ANY})
    defaults: Defaults = field(default_factory=Defaults)
    #: Service id, or `*` for any other, -> what was promised.
    standards: dict[str, Target] = field(default_factory=dict)
    #: `agency/calendar` of standards that name none.
    calendar: str | None = None
    absent_due: Literal["none", "compute"] = "none"
    refuse: tuple[Refuse, ...] = ()

    @property
    def named(self) -> str:
        """The source of the cases."""
        return self.source or self.jurisdiction
