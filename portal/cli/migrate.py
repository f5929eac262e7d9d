"""`portal migrate`: the database in its newest form, and the login the portal uses."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from pathlib import Path

import click
import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url
from sqlalchemy.engine.url import URL

#: Taken by the login for each transaction: what every scope has in common, and a role for each that is a member of it; the relay and the figures.
COMMON = "portal_app"
OF_SCOPES = tuple(f"portal_{scope}" for scope in ("across", "admin", "agency", "anonymous", "champion", "engine", "party", "reader", "staff"))
ROLES = (COMMON, *OF_SCOPES, "portal_relay", "portal_figures")
#: A session of the portal that hangs ends by itself; the longest statement of a command (`rebuild`, `replan`) takes well less.
LIMITS = {"idle_in_transaction_session_timeout": "10min", "statement_timeout": "10min", "lock_timeout": "1min"}
#: Number of the advisory lock that lets one migration run at a time.
_LOCK = 0x6F6E65


@click.command()
def migrate() -> None:
    """Bring the database to the newest form as its owner, and make the login of DATABASE_URL if it is missing."""
    from portal.settings import settings

    now = settings()
    owner = now.owner_database_url or now.database_url
    try:
        with psycopg.connect(libpq(owner), autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            before, after = upgrade(owner), _head(connection)
            made = login(connection, make_url(now.database_url), make_url(owner))
    except psycopg.OperationalError as error:
        raise click.ClickException(f"the database does not answer: {error}") from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise click.ClickException(f"{error.diag.message_primary}: OWNER_DATABASE_URL must own the tables and may CREATEROLE") from None
    click.echo(f"database at {after}" + ("" if before == after else f" (was {before or 'empty'})") + (f", {made}" if made else ""))


def migrations() -> Path:
    """The folder of migrations: beside the package in a checkout, inside it where the wheel is installed."""
    package = Path(__file__).parent.parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def upgrade(url: str) -> str | None:
    """Runs what is missing; answers the revision it found, None for an empty database."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.cmd_opts = Namespace(x=[f"url={url}"])
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        before = _head(connection)
    command.upgrade(config, "head")
    return before


def _head(connection: psycopg.Connection) -> str | None:
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return None
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else None


def login(connection: psycopg.Connection, portal: URL, owner: URL) -> str | None:
    """The login the portal signs in as: it has nothing of its own and may take the roles above. A password it has already is not changed."""
    name = portal.username
    if name is None or name == owner.username:
        return None
    made = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone() is None
    if made:
        password = sql.SQL(" PASSWORD {}").format(sql.Literal(portal.password)) if portal.password else sql.SQL("")
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS{}").format(sql.Identifier(name), password))
    for role in ROLES:
        has = connection.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [name, role]).fetchone()
        if has != (True,):
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name)))
    with suppress(psycopg.errors.InsufficientPrivilege):  # a login somebody else made: `portal doctor` says what it lacks
        _limit(connection, name)
    return f"login {name} made" if made else None


def _limit(connection: psycopg.Connection, name: str) -> None:
    """Limits of the login in this database, where nobody has chosen any for it."""
    query = """SELECT unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
        WHERE r.rolname = %s AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"""
    chosen = {str(line[0]).partition("=")[0] for line in connection.execute(query, [name])}
    database = sql.Identifier(connection.info.dbname)
    for setting, value in LIMITS.items():
        if setting not in chosen:
            alter = sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}")
            connection.execute(alter.format(sql.Identifier(name), database, sql.Identifier(setting), sql.Literal(value)))


def libpq(url: str) -> str:
    """The address without the driver SQLAlchemy may name."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
