"""`portal backup`: the database as it is at one instant, and the mail that lies beside it, in a folder of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click
import psycopg

from portal.cli import dump
from portal.cli.migrate import libpq
from portal.settings import Settings
from portal.wire.sent import SentLedger

_LOOK = """SELECT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user), clock_timestamp(),
    (SELECT version_num FROM alembic_version), (SELECT count(*) FROM case_heads), (SELECT count(*) FROM events), current_setting('server_version')"""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--files/--no-files", default=True, help="With the files of cases, where they are kept in a folder (as usual), or without.")
def backup(folder: Path, files: bool) -> None:
    """Write a backup into a new folder below FOLDER; the portal goes on meanwhile.

    Keep SECRET_KEY and the files settings name elsewhere: they are not in it.
    """
    from portal.settings import settings

    now = settings()
    url = dump.who(now)
    told = _look(url)
    place = folder / f"onedoor-{str(told['at'])[:19].replace(':', '').replace('-', '')}Z"
    part = place.with_name(place.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    if now.sent_ledger:
        # The ledger says itself that it was kept when this backup was made.
        SentLedger(now.sent_ledger).left(str(told["at"])[:10], {"what": "backup", "at": told["at"], "backup": place.name}, demanded=True)
    try:
        _filled(now, url, part, files)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    dump.write_manifest(part, told)
    _settle(part)
    part.rename(place)
    click.echo(f"{place}: {told['cases']} cases, {told['events']} events, as of {told['at']}")
    if not now.sent_ledger:
        click.echo("SENT_LEDGER is not set: after a restore nobody can tell what left since this backup", err=True)


def _filled(now: Settings, url: str, part: Path, files: bool) -> None:
    # Mail leaves its folder once it is in the database: copied before and after, none is in neither.
    _mail(now, part)
    dump.run(now, "pg_dump", "--format=custom", "--no-owner", "--file", str(part / dump.DUMP), url=url)
    _mail(now, part)
    # Files are written before the row that names them, so after the dump all it names are there.
    if files and (kept := dump.documents(now)) is not None:
        dump.missing(kept, part / dump.DOCUMENTS)
    (part / dump.DUMP).chmod(0o600)


def _look(url: str) -> dict[str, object]:
    try:
        with psycopg.connect(libpq(url)) as connection:
            found = connection.execute(_LOOK).fetchone()
    except psycopg.errors.InsufficientPrivilege as refused:
        raise click.ClickException(f"{refused.diag.message_primary}: grant pg_read_all_data to the login of BACKUP_DATABASE_URL") from None
    except psycopg.OperationalError as away:
        raise click.ClickException(f"the database does not answer: {away}") from None
    assert found is not None
    passes, at, revision, cases, events, server = found
    if not passes:
        raise click.ClickException("row-level security hides every case from this login: ALTER ROLE ... BYPASSRLS (deploy/README.md)")
    return {"at": at.isoformat(), "revision": revision, "cases": cases, "events": events, "server": server}


def _mail(now: Settings, part: Path) -> None:
    """Mail that waits, or waits for people; it may vanish while it is copied, because it became a request."""
    spool = Path(now.data) / "mail"
    for source in sorted(spool.glob("*/*.mail")):
        target = part / dump.MAIL / source.parent.name / source.name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, target)
        except FileNotFoundError:
            continue


def _settle(part: Path) -> None:
    """All of it is on the disk."""
    for one in [*part.rglob("*"), part]:
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
