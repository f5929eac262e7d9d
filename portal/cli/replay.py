"""`portal replay`: a historical log through the same registry, at its own times; nothing leaves the portal."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from portal.catalogue.definitions import Catalogue
    from portal.intake.replay.mapping import Mapping
    from portal.intake.replay.rows import Request
    from portal.intake.replay.run import Outcome, Progress
    from portal.unit_of_work import Portal

#: Exit status where nothing was written: the log or the mapping cannot be used.
UNUSABLE = 2
INTERRUPTED = 130


@click.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--mapping", "mapping_file", required=True, type=click.Path(path_type=Path), help="What the columns mean: a `replay.yaml`.")
@click.option("--report", type=click.Path(path_type=Path), help="Write a CSV of every request: external_id, reference, due_at, due_source, flags.")
@click.option("--limit", type=click.IntRange(min=1), help="Read so many rows and no more.")
def replay(log: Path, mapping_file: Path, report: Path | None, limit: int | None) -> None:
    """Read LOG (CSV or XES, also .gz) as MAPPING says, and play it through the registry.

    Running it twice adds nothing; a run that was cut off goes on. Exit status: 0 (refused rows are listed), 2 where the log or the mapping cannot be
    used; then nothing was written.
    """
    from portal.catalogue.faults import CatalogueFaults
    from portal.clock import utc_now
    from portal.intake.replay.log import UnreadableLog
    from portal.intake.replay.reading import mapping_of
    from portal.intake.replay.run import replay as play

    try:
        catalogue = _catalogue(mapping_file)
        mapping, document = mapping_of(mapping_file, catalogue)
    except OSError as wrong:
        _unusable(f"{mapping_file}:1:1: the file cannot be read: {wrong.strerror or wrong}")
    except CatalogueFaults as wrong:
        _unusable(str(wrong))
    with _portal(catalogue, mapping) as portal, _progress() as progress:
        begun = perf_counter()
        try:
            outcome = play(portal, log, mapping, document, now=utc_now(), limit=limit, progress=progress)
        except UnreadableLog as wrong:
            _unusable(str(wrong))
        except KeyboardInterrupt:
            click.echo("\ninterrupted; what was played stays. Run the same again to go on.", err=True)
            sys.exit(INTERRUPTED)
        _tell(outcome, perf_counter() - begun)
        if report:
            _write(report, outcome)
        _figures(portal)


def _unusable(says: str) -> NoReturn:
    click.echo(says, err=True)
    sys.exit(UNUSABLE)


def _catalogue(mapping_file: Path) -> Catalogue:
    """The installed definitions; with an agency that lies beside the mapping and is not installed."""
    from portal.catalogue.load import load
    from portal.standards.resolve import resolve

    installed = load(resolve_calendar=resolve)
    folder = mapping_file.resolve().parent
    if (folder / "agency.yaml").is_file() and folder.name not in installed.agencies:
        beside = load(directories=[folder], resolve_calendar=resolve)
        return beside
    return installed


@contextmanager
def _portal(catalogue: Catalogue, mapping: Mapping) -> Iterator[Portal]:
    """The portal without its wake-ups: nothing of a replay is for the workers. The calendars its clocks pin are stored."""
    from portal.catalogue.store import store
    from portal.db import connect
    from portal.intake.replay.reading import calendar_of
    from portal.reactions import REACTIONS
    from portal.settings import settings
    from portal.unit_of_work import Portal

    now = settings()
    wanted = {catalogue.hashes["calendar", key] for service in mapping.standards if (key := calendar_of(mapping, service, catalogue))}
    owner = connect(now.owner_database_url or now.database_url, pool=1)
    engine = connect(now.database_url, pool=3)
    try:
        with owner.begin() as connection:
            there = {row[0] for row in connection.exec_driver_sql("SELECT hash FROM definitions")}
            store(connection, [row for row in catalogue.stored if row.hash in wanted - there])
        yield Portal(engine, catalogue, REACTIONS, now)
    finally:
        owner.dispose()
        engine.dispose()


@contextmanager
def _progress() -> Iterator[Progress]:
    """A line that grows on a terminal; a line every ten seconds elsewhere."""
    terminal, told = sys.stderr.isatty(), perf_counter()

    def tell(done: int, of: int) -> None:
        nonlocal told
        if perf_counter() - told >= (0.2 if terminal else 10.0):
            told = perf_counter()
            click.echo(f"\r{done:,} of {of:,} moments" if terminal else f"{done:,} of {of:,} moments", err=True, nl=not terminal)

    yield tell
    if terminal:
        click.echo("\r\033[K", err=True, nl=False)


def _tell(outcome: Outcome, seconds: float) -> None:
    for line in outcome.refused:
        click.echo(f"refused  row {line.number}  line {line.line}  {line.external_id or '-'}  {line.reason}{': ' + line.detail if line.detail else ''}")
    for request in outcome.differing:
        assert request.due_at is not None
        assert request.differs is not None
        click.echo(f"differs  row {request.number}  line {request.line}  {request.external_id}  log {_at(request.due_at)}  computed {_at(request.differs)}")
    counts = {
        "read": outcome.read,
        "taken": outcome.taken,
        "known already": outcome.known,
        "refused": len(outcome.refused),
        **{f"  {reason}": count for reason, count in sorted(Counter(line.reason for line in outcome.refused).items())},
        "closed": outcome.closed,
        "computed": outcome.promised("computed"),
        "imported": outcome.promised("imported"),
        "  differs": len(outcome.differing),
        "without promise": outcome.promised(None),
        "missed": outcome.missed,
    }
    for name, count in counts.items():
        click.echo(f"{name}: {count}")
    click.echo(f"seconds: {seconds:.1f}")
    click.echo(f"requests/s: {outcome.read / seconds:.0f}")


def _write(report: Path, outcome: Outcome) -> None:
    with report.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(("external_id", "reference", "due_at", "due_source", "flags"))
        for request in outcome.requests:
            due_at = _at(request.due_at) if request.due_at else ""
            rows.writerow((request.external_id, request.reference, due_at, request.due_source or "", " ".join(_flags(request))))


def _flags(request: Request) -> Iterator[str]:
    from portal.intake.replay.rows import CLOSED_BEFORE_OPENED

    yield from request.flags
    if request.closed_at and request.closed_at < request.opened_at:
        yield CLOSED_BEFORE_OPENED
    if request.differs:
        yield "differs"


def _at(instant: object) -> str:
    from datetime import datetime

    assert isinstance(instant, datetime)
    return instant.isoformat().replace("+00:00", "Z")


def _figures(portal: Portal) -> None:
    """Folded at once, so that `portal kpi` answers now."""
    from portal.kpi.fold import fold_all

    begun = perf_counter()
    events = fold_all(portal)
    click.echo(f"figures: {events} events in {perf_counter() - begun:.1f} s")
