"""`portal restore`: a backup becomes the database, and what the world knows of the time since is told to it, so that no effect is repeated."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from portal.cli import dump
from portal.cli.migrate import COMMON, OF_SCOPES, ROLES, libpq, login, upgrade
from portal.cli.reconciled import Reconciled, reconcile
from portal.settings import Settings
from portal.wire import sent

#: Name the database has until it is whole, and what stands beside it (COMMENT ON DATABASE) once it is.
FRESH, DONE = "{}_restoring", "restored from "


@click.command()
@click.argument("backup", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--without-ledger", is_flag=True, help="There is no sent ledger: what may have left leaves again, or is for people where nobody can ask.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where the report is written; absent: beside the backup.")
def restore(backup: Path, without_ledger: bool, report: Path | None) -> None:
    """Make BACKUP the database; the one there is stays beside it under another name. Stop web, work, sweep and mail first.

    It may be killed at any moment and begun again: nothing changes before the last step.
    """
    from portal.settings import settings

    now = settings()
    found = dump.opened(backup)
    ledger = _ledger(now, without_ledger)
    url, name = dump.who(now), str(make_url(now.database_url).database)
    fresh = FRESH.format(name)
    with psycopg.connect(_to(url, "postgres"), autocommit=True) as server:
        _demand_alone(server, name)
        if not _whole(server, fresh, found.id):
            _filled(server, now, found, fresh)
            told = _told(now, found, ledger, fresh)
            _write(report or backup.with_name(f"{found.id}.restored.json"), told)
            server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(fresh), sql.Literal(DONE + found.id)))
        kept = _swapped(server, name, fresh)
    _mail(now, found)
    if (folder := dump.documents(now)) is not None:
        dump.missing(found.place / dump.DOCUMENTS, folder)
    click.echo(f"{name} is {found.id} now" + (f"; what was there is {kept}" if kept else ""))
    click.echo("next: `portal verify`, `portal rebuild --compare`, then start web, work, sweep and mail; tell whom the report names")


def _ledger(now: Settings, without: bool) -> Path | None:
    if without:
        return None
    if not now.sent_ledger or not Path(now.sent_ledger).is_dir():
        raise click.ClickException("SENT_LEDGER names no folder: name the one it was kept in, or say --without-ledger, and what may have left leaves again")
    return Path(now.sent_ledger)


def _to(url: str, database: str) -> str:
    return libpq(make_url(url).set(database=database).render_as_string(hide_password=False))


def _demand_alone(server: psycopg.Connection, name: str) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND coalesce(backend_type, 'client backend') = 'client backend'"
    row = server.execute(query, [name]).fetchone()
    if row and row[0]:
        raise click.ClickException(f"{row[0]} connections to {name} are open: stop web, work, sweep and mail first")


def _whole(server: psycopg.Connection, fresh: str, id: str) -> bool:
    """An earlier try has done all but the last step."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = server.execute(query, [fresh]).fetchone()
    return bool(row and row[0] == DONE + id)


def _filled(server: psycopg.Connection, now: Settings, found: dump.Backup, fresh: str) -> None:
    """The backup as a database of its own, in the newest form."""
    owner = make_url(now.owner_database_url or now.database_url)
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(fresh)))
    for role in ROLES:
        if server.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
            server.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOBYPASSRLS").format(sql.Identifier(role)))
            if role in OF_SCOPES:
                server.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(COMMON), sql.Identifier(role)))
    server.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(fresh), sql.Identifier(str(owner.username))))
    into = make_url(dump.who(now)).set(database=fresh).render_as_string(hide_password=False)
    options = ["--exit-on-error", "--single-transaction", "--no-owner", "--role", str(owner.username)]
    dump.run(now, "pg_restore", *options, str(found.place / dump.DUMP), url=into)
    upgrade(owner.set(database=fresh).render_as_string(hide_password=False))
    with psycopg.connect(libpq(owner.set(database=fresh).render_as_string(hide_password=False)), autocommit=True) as connection:
        login(connection, make_url(now.database_url), owner)


def _told(now: Settings, found: dump.Backup, ledger: Path | None, fresh: str) -> Reconciled:
    from portal.app import build_portal

    there = make_url(now.database_url).set(database=fresh).render_as_string(hide_password=False)
    portal = build_portal(now.model_copy(update={"database_url": there, "sent_ledger": ""}))
    try:
        return reconcile(portal, datetime.fromisoformat(found.manifest["at"]), sent.lines(ledger) if ledger else ())
    finally:
        portal.engine.dispose()


def _swapped(server: psycopg.Connection, name: str, fresh: str) -> str | None:
    """The last step: two names change. Who dies between them finds the first one free, and does the second."""
    kept = None
    _demand_alone(server, name)
    if server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None:
        row = server.execute("SELECT to_char(clock_timestamp(), 'YYYYMMDD_HH24MISS')").fetchone()
        kept = f"{name}_before_{row[0] if row else ''}"
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(kept)))
    server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(fresh), sql.Identifier(name)))
    return kept


def _mail(now: Settings, found: dump.Backup) -> None:
    """Mail of the backup that is not there any more. What became a request since becomes one again where that is lost, and is known where it is not."""
    spool = Path(now.data) / "mail"
    have = {one.name for one in spool.glob("*/*.mail")}
    for source in sorted((found.place / dump.MAIL).glob("*/*.mail")):
        target = spool / source.parent.name / source.name
        if source.name not in have:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(source, target.with_suffix(".part"))
            target.with_suffix(".part").rename(target)


def _write(place: Path, told: Reconciled) -> None:
    """The report, on the disk before anything follows; the same on the screen, in words."""
    fresh = place.with_suffix(".part")
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(json.dumps(told.told(), indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(place)
    for line in in_words(told):
        click.echo(line)
    click.echo(f"all of it: {place}")


def in_words(told: Reconciled) -> list[str]:
    """What an operator must know, a line each."""
    counts: list[tuple[Any, str]] = [
        (sum(told.left.values()), "rows of the backup had left since, and do not leave again"),
        (told.kept, "more left for what the backup does not have; the same does not leave again"),
        (len(told.in_doubt), "handovers may have arrived, and nobody can say: people look (tasks of kind parked)"),
        (len(told.lost_cases), "requests were opened since and are lost: " + ", ".join(str(one["reference"]) for one in told.lost_cases[:20])),
        (len(told.set_back), "cases have lost part of their history: " + ", ".join(str(one["reference"]) for one in told.set_back[:20])),
        (sum(told.asked.values()), "handovers are asked for now, for reports since are lost"),
        (sum(map(len, told.to_ask.values())), f"handovers nobody can ask for by itself: ask {', '.join(told.to_ask)} what became of them"),
        (sum(told.answer_files.values()), "answer files are read again"),
        (len(told.not_reached), "folders could not be looked into: " + ", ".join(told.not_reached)),
        (told.broken_lines, "lines of the ledger were broken off"),
    ]
    lines = [f"{count} {says}" for count, says in counts if count]
    return lines if told.covered else ["the sent ledger does not reach back to the backup: what left in between is not known", *lines]
