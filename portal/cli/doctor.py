"""`portal doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import psycopg

from portal.cli.migrate import ROLES, libpq, migrations
from portal.clock import utc_now
from portal.settings import Settings

#: Beyond these something is wrong: the clocks of this machine and of the database, rows nobody works on, space on the disk.
CLOCKS_APART = timedelta(seconds=1)
OVERDUE = timedelta(seconds=60)
DISK_FREE, DISK_SHARE = 1024**3, 0.05


@dataclass(frozen=True)
class Finding:
    """What was looked at and how it is; `do` is what to do where it is not well."""

    well: bool
    says: str
    do: str = ""


Check = Callable[[Settings], Iterator[Finding]]


@click.command()
def doctor() -> None:
    """Look at settings, servers, roles, migrations, clocks, disk and what is overdue. Exit status 1 where something is wrong."""
    from portal.settings import settings

    wrong = 0
    for finding in examine(settings()):
        wrong += not finding.well
        click.echo(f"{'well ' if finding.well else 'WRONG'}  {finding.says}")
        if not finding.well:
            click.echo(f"       -> {finding.do}")
    click.echo(f"{wrong} things to do" if wrong else "all is well")
    sys.exit(1 if wrong else 0)


def examine(now: Settings) -> Iterator[Finding]:
    """Every finding; a check that cannot be made is a finding too."""
    from portal.catalogue.faults import CatalogueFaults

    for check in (secrets, database, roles, migrated, published, backlog, broker, disk):
        try:
            yield from check(now)
        except psycopg.Error as error:
            yield Finding(False, f"{check.__name__}: {str(error).strip() or type(error).__name__}", "make the database answer first")
        except CatalogueFaults as error:
            yield Finding(
                False, f"{check.__name__}: the definitions have {len(error.faults)} faults", "run `portal check`: it says where and what to write instead"
            )


def secrets(now: Settings) -> Iterator[Finding]:
    """Settings nobody may leave as they are."""
    long_enough = len(now.secret_key.get_secret_value()) >= 32
    yield Finding(
        long_enough,
        "SECRET_KEY " + ("is set" if long_enough else "is too short"),
        "set it to 32 or more random characters, and keep it: case secrets hang on it",
    )
    if now.mode == "production":
        yield Finding(now.public_url.startswith("https://"), f"PUBLIC_URL is {now.public_url}", "give the https address citizens use")


def database(now: Settings) -> Iterator[Finding]:
    """PostgreSQL answers, is new enough, and its clock agrees with ours."""
    with _connected(now.database_url) as connection:
        version = connection.info.server_version // 10000
        yield Finding(version >= 15, f"PostgreSQL {version} answers", "use PostgreSQL 15 or newer")
        before = utc_now()
        there = _one(connection, "SELECT clock_timestamp()")
        apart = max(before - there, there - utc_now(), timedelta())
        yield Finding(apart <= CLOCKS_APART, f"clocks here and in the database are {apart.total_seconds():.1f} s apart", "keep both machines' clocks by NTP")


def roles(now: Settings) -> Iterator[Finding]:
    """The login may take the three roles and nothing beyond them."""
    with _connected(now.database_url) as connection:
        name = _one(connection, "SELECT session_user")
        for role in ROLES:
            there = _one(connection, "SELECT count(*) FROM pg_roles WHERE rolname = %s", role) == 1
            may = there and _one(connection, "SELECT pg_has_role(session_user, %s, 'MEMBER')", role)
            yield Finding(bool(may), f"login {name} {'may' if may else 'may not'} take role {role}", "run `portal migrate` with OWNER_DATABASE_URL set")
        if _one(connection, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user"):
            do = "sign in as a login of its own: DATABASE_URL with another user, then `portal migrate`"
            yield Finding(now.mode != "production", f"login {name} stands above row-level security", do)


def migrated(now: Settings) -> Iterator[Finding]:
    """The tables are those this version was written for."""
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory(str(migrations())).get_current_head()
    with _connected(now.owner_database_url or now.database_url) as connection:
        empty = _one(connection, "SELECT to_regclass('alembic_version') IS NULL")
        found = None if empty else _one(connection, "SELECT max(version_num) FROM alembic_version")
    yield Finding(found == newest, f"database at {found or 'no revision'}, this version wants {newest}", "run `portal migrate`")


def published(now: Settings) -> Iterator[Finding]:
    """What is written in the definitions is what is stored."""
    from portal.cli.publish import sound

    hashes = [row.hash for row in sound().stored]
    with _connected(now.owner_database_url or now.database_url) as connection:
        there = _one(connection, "SELECT count(*) FROM definitions WHERE hash = ANY(%s)", hashes)
    yield Finding(there == len(set(hashes)), f"{there} of {len(set(hashes))} definitions are published", "run `portal publish`")


def backlog(now: Settings) -> Iterator[Finding]:
    """Nothing waits for long, and nothing waits for people unseen."""
    from portal.app import build_portal
    from portal.errors import Unavailable
    from portal.unit_of_work import RELAY
    from portal.views.backlog import backlog as due
    from portal.views.backlog import overdue

    portal = build_portal(now)
    try:
        with portal.work(RELAY) as work:
            oldest, (timers, leaving, parked) = due(work).oldest, overdue(work)
    except Unavailable as refused:
        yield Finding(False, f"backlog: {refused.detail}", "make the database answer first")
        return
    finally:
        portal.engine.dispose()
    says = f"{timers} timers and {leaving} rows of the outbox are due, the oldest for {oldest.total_seconds():.0f} s"
    yield Finding(oldest <= OVERDUE, says, "see that `portal sweep` and `portal work` run, and read their logs")
    yield Finding(parked == 0, f"{parked} handovers and notices are parked", "they wait for people: look at the queues; the refusal stands beside each")


def broker(now: Settings) -> Iterator[Finding]:
    """Redis answers, forgets nothing by itself, and each queue has its worker."""
    from redis.exceptions import RedisError

    from portal.jobs.wake import client, queue_names

    try:
        with client(now.redis_url) as redis:
            policy = redis.config_get("maxmemory-policy").get("maxmemory-policy")
            yield Finding(policy == "noeviction", f"Redis answers, maxmemory-policy is {policy}", "set maxmemory-policy noeviction")
            for name in queue_names(now.rq_workers):
                workers = sum(bool(redis.exists(key)) for key in redis.smembers(f"rq:workers:{name}"))
                says = f"queue {name}: {workers} workers, {redis.llen(f'rq:queue:{name}')} jobs wait"
                yield Finding(workers > 0, says, f"start `portal work --queue {name}`; until then the sweeper does its work, two seconds later")
    except (RedisError, OSError) as error:
        yield Finding(
            False, f"Redis does not answer ({type(error).__name__})", "start it, or correct REDIS_URL; meanwhile the sweeper does the work, two seconds later"
        )


def disk(now: Settings) -> Iterator[Finding]:
    """There is space where DATA lies. The database's own disk is not seen from here."""
    place = next(folder for folder in (Path(now.data).absolute(), *Path(now.data).absolute().parents) if folder.is_dir())
    used = shutil.disk_usage(place)
    enough = used.free >= DISK_FREE and used.free >= DISK_SHARE * used.total
    yield Finding(enough, f"{used.free / DISK_FREE:.1f} GiB are free at {place}", "make space: PostgreSQL stops when it cannot write")


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(libpq(url), autocommit=True, connect_timeout=5)


def _one(connection: psycopg.Connection, statement: str, *parameters: object) -> Any:
    row = connection.execute(statement.encode(), parameters).fetchone()
    return row[0] if row else None
