"""`portal doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import psycopg

from portal.app.own_secrets import weak
from portal.cli.migrate import LIMITS, ROLES, libpq, migrations
from portal.clock import utc_now
from portal.errors import Unsafe
from portal.settings import Settings

#: Beyond these something is wrong: the clocks of this machine and of the database, rows nobody works on, space on the disk.
CLOCKS_APART, FIRING_STOPS = timedelta(seconds=1), timedelta(seconds=5)
OVERDUE = timedelta(seconds=60)
DISK_FREE, DISK_SHARE = 1024**3, 0.05
#: Settings of PostgreSQL without which what was accepted can be lost, and what to do.
DURABLE = {
    "fsync": "set fsync = on: without it a power cut breaks the database",
    "full_page_writes": "set full_page_writes = on: without it a power cut leaves torn pages",
    "synchronous_commit": "set synchronous_commit = on: without it answers that were given are lost in a crash",
    "data_checksums": "stop the server and run `pg_checksums --enable`: without them a failing disk is not noticed",
}
#: The owner of the tables sees no row of a case either: this looks as somebody does who may see them all.
_AS_READER = "SELECT set_config('role', 'portal_reader', false), set_config('portal.scope', 'reader', false)"
_DANGLING = """SELECT count(*) FROM journey_runs r WHERE r.status = 'running'
AND NOT EXISTS (SELECT FROM definitions d WHERE d.hash = r.definition_hash)"""
WHAT_TO_DO = {
    "timer": "start `portal sweep`; where it runs, read its log: a wrong clock holds timers back",
    "outbox": "start `portal sweep` and `portal work`, and see whether that agency or mail server answers",
    "inbox": "the agency reports on something nobody here knows: ask it which handover it means",
    "move": "start `portal sweep`; where it runs, read its log: a move of cases has stopped",
}


@dataclass(frozen=True)
class Finding:
    """What was looked at and how it is; `do` is what to do where it is not well."""

    well: bool
    says: str
    do: str = ""


Check = Callable[[Settings], Iterator[Finding]]


@click.command()
@click.option("--json", "as_json", is_flag=True, help='A JSON list of {"check","well","says","do"}.')
def doctor(as_json: bool) -> None:
    """Look at settings, servers, roles, migrations, clocks, disk and what is overdue. Exit status 1 where something is wrong, 0 where all is well."""
    from portal.settings import settings

    found = list(examine(settings()))
    wrong = sum(not finding.well for _, finding in found)
    if as_json:
        click.echo(json.dumps([{"check": check, **asdict(finding)} for check, finding in found], indent=1))
    else:
        for _, finding in found:
            click.echo(f"{'well ' if finding.well else 'WRONG'}  {finding.says}")
            if not finding.well:
                click.echo(f"       -> {finding.do}")
        click.echo(f"{wrong} things to do" if wrong else "all is well")
    sys.exit(1 if wrong else 0)


def examine(now: Settings) -> Iterator[tuple[str, Finding]]:
    """Name of each check and what it found; a check that cannot be made is a finding too."""
    for check in CHECKS:
        for finding in _made(check, now):
            yield check.__name__, finding


def _made(check: Check, now: Settings) -> Iterator[Finding]:
    from portal.catalogue.faults import CatalogueFaults

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
    strong = not weak(now.secret_key.get_secret_value())
    says = "SECRET_KEY " + ("is set" if strong else "is too short, or repeats itself")
    yield Finding(strong, says, "set it to 32 or more random characters (`openssl rand -base64 48`), and keep it: case secrets hang on it")
    token = now.metrics_token.get_secret_value()
    if token:
        yield Finding(
            len(token) >= 24 and not weak(token, 24), f"METRICS_TOKEN has {len(token)} characters", "give it 24 or more random ones, else /metrics stays shut"
        )
    if now.mode == "production":
        yield Finding(now.public_url.startswith("https://"), f"PUBLIC_URL is {now.public_url}", "give the https address citizens use")
        yield Finding(not now.mail_from.endswith("@localhost"), f"MAIL_FROM is {now.mail_from}", "give a sender citizens can answer to, whose domain is yours")
        yield Finding(
            not now.simulated_agencies,
            "no agency is simulated" if not now.simulated_agencies else "SIMULATED_AGENCIES is set",
            "unset it: citizens' requests would go to a simulation",
        )
        yield Finding(
            bool(now.agency_secrets),
            "AGENCY_SECRETS is " + ("set" if now.agency_secrets else "not set"),
            "name the file of secrets: without it no agency can report back",
        )
        yield Finding(
            bool(now.token_keys and now.token_issuer),
            "TOKEN_ISSUER and TOKEN_KEYS are " + ("set" if now.token_keys and now.token_issuer else "not both set"),
            "name the sign-in's issuer and its keys: without them no caseworker can sign in",
        )


def bounces(now: Settings) -> Iterator[Finding]:
    """Mail that does not arrive is told of: its report comes back to our own intake."""
    if now.mode != "production":
        return
    says = f"bounces come back to {now.mail_return}" if now.mail_return else "MAIL_RETURN is not set: mail leaves with a null return path, no report comes back"
    do = "name an address of the portal's own mail intake: without it a mailbox that is gone is noticed only where our mail server refuses it at once"
    yield Finding(bool(now.mail_return), says, do)


def ledger(now: Settings) -> Iterator[Finding]:
    """Whether it is written down, apart from the database, what leaves."""
    if not now.sent_ledger:
        if now.mode == "production":
            yield Finding(False, "SENT_LEDGER is not set", "name a folder on another disk: without it nobody knows after a restore what left since the backup")
        return
    well = os.access(now.sent_ledger, os.W_OK | os.X_OK) and Path(now.sent_ledger).is_dir()
    yield Finding(well, f"the sent ledger is in {now.sent_ledger}", "make the folder, and let this account write in it: what leaves is not written down now")


def traces(now: Settings) -> Iterator[Finding]:
    """Where a collector is set, spans can be sent to it."""
    from portal.telemetry import spans

    if where := now.otel_exporter_otlp_endpoint:
        do = "pip install 'onedoor[otel]', or unset OTEL_EXPORTER_OTLP_ENDPOINT"
        yield Finding(spans.installed(), f"traces go to {where}" if spans.installed() else "a collector is set, and OpenTelemetry is not installed", do)


def database(now: Settings) -> Iterator[Finding]:
    """PostgreSQL answers, is new enough, and its clock agrees with ours."""
    with _connected(now.database_url) as connection:
        version = connection.info.server_version // 10000
        yield Finding(version >= 15, f"PostgreSQL {version} answers", "use PostgreSQL 15 or newer")
        before = utc_now()
        there = _one(connection, "SELECT clock_timestamp()")
        apart = max(before - there, there - utc_now(), timedelta())
        do = "keep both machines' clocks by NTP" + ("; until they agree no timer fires from here" if apart > FIRING_STOPS else "")
        yield Finding(apart <= CLOCKS_APART, f"clocks here and in the database are {apart.total_seconds():.1f} s apart", do)


def durability(now: Settings) -> Iterator[Finding]:
    """What PostgreSQL says is stored is stored."""
    if now.mode != "production":
        return
    with _connected(now.database_url) as connection:
        for name, do in DURABLE.items():
            value = str(_one(connection, "SELECT current_setting(%s)", name))
            yield Finding(value != "off", f"{name} is {value}", do)


def limits(now: Settings) -> Iterator[Finding]:
    """A session that hangs ends by itself: limits of the login, as `portal migrate` sets them."""
    with _connected(now.database_url) as connection:
        missing = [name for name in LIMITS if _one(connection, "SELECT current_setting(%s)", name) == "0"]
    says = "the login's sessions end when they hang" if not missing else f"the login has no {', '.join(missing)}"
    yield Finding(not missing, says, "run `portal migrate`, or set them with ALTER ROLE ... SET")


def roles(now: Settings) -> Iterator[Finding]:
    """The login may take the roles of the portal and nothing beyond them."""
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
    from portal.views.due import due

    try:
        portal = build_portal(now)
    except Unsafe:
        return  # `secrets` has told of it
    try:
        found = due(portal)
    except Unavailable as refused:
        yield Finding(False, f"backlog: {refused.detail}", "make the database answer first")
        return
    finally:
        portal.engine.dispose()
    late = [one for one in found.waiting if one.oldest > OVERDUE.total_seconds()]
    yield Finding(not late, f"{sum(one.count for one in found.waiting)} rows are due, {len(late)} kinds of them for more than a minute", "see below")
    for one in late:
        of = f"{one.row} {one.kind}" + (f" of {one.target}" if one.target else "")
        yield Finding(False, f"{of}: {one.count} due, the oldest for {one.oldest:.0f} s", WHAT_TO_DO[one.row])
    for kind, target, count in found.parked:
        yield Finding(False, f"{count} of kind {kind} to {target} are parked", "they wait for people: look at the queues; the refusal stands beside each")
    shut = [target for target, is_open in found.breakers.items() if is_open]
    yield Finding(
        not shut, f"left alone because they keep failing: {', '.join(shut) or 'none'}", "see whether their systems are up; they are tried again by themselves"
    )
    silence = found.sweeper
    says = "no sweeper has ever looked" if silence is None else f"a sweeper looked {silence:.0f} s ago"
    yield Finding(silence is not None and silence <= 30, says, "start `portal sweep`: without it nothing happens in time when Redis is away")


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


def dangling(now: Settings) -> Iterator[Finding]:
    """Running cases whose definitions this database does not hold could not go on."""
    with _connected(now.database_url) as connection:
        if _one(connection, "SELECT to_regclass('journey_runs') IS NULL"):
            return
        _one(connection, _AS_READER)
        gone = _one(connection, _DANGLING)
    yield Finding(
        gone == 0, f"{gone} running journeys are pinned to a definition that is not stored", "publish that version again: check it out and run `portal publish`"
    )


#: In this order.
CHECKS: tuple[Check, ...] = (secrets, bounces, ledger, traces, database, durability, limits, roles, migrated, published, dangling, backlog, broker, disk)


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(libpq(url), autocommit=True, connect_timeout=5)


def _one(connection: psycopg.Connection, statement: str, *parameters: object) -> Any:
    row = connection.execute(statement.encode(), parameters).fetchone()
    return row[0] if row else None
