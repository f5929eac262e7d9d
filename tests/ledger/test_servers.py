"""The servers tests run on are what they say."""

from __future__ import annotations

import psycopg
import redis

from portal.cli.migrate import ROLES
from tests.servers import Database, Servers


def test_a_fresh_database_is_migrated_and_nobody_elses(servers: Servers, database: Database, fresh_database: Database) -> None:
    with psycopg.connect(database.url) as shared, psycopg.connect(fresh_database.url) as own:
        assert shared.info.dbname != own.info.dbname
        assert own.execute("SELECT current_user").fetchone() == ("onedoor",)
        for role in ROLES:
            own.execute(f"SET ROLE {role}")
    with psycopg.connect(fresh_database.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_it_is_the_chosen_server_with_checksums_and_no_port(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url()) as connection:
        assert connection.info.server_version // 10000 == servers.postgres.major
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_valkey_refuses_rather_than_forgets(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
