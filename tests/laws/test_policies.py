"""A table of a case is closed by scoping and by the database alike: who adds one says so in both."""

from __future__ import annotations

import psycopg
import pytest

from portal.access.scoping import PARTY_READS
from portal.db import metadata
from tests.servers import Database

#: The scopes of a policy are its roles: they are read as words of its condition.
_POLICIES = """SELECT tablename, policyname, permissive, cmd, coalesce(qual || (SELECT string_agg(replace(format(' %L', one), 'portal_', ''), '')
FROM unnest(roles) AS one), '') FROM pg_policies"""
Policies = list[tuple[str, str, str, str, str]]
#: Champions and staff read them by rules of their own (portal/access/scoping.py).
OF_ITS_OWN = {"case_barred", "case_named", "case_seals", "case_reads", "mandates"}


@pytest.fixture(scope="module")
def policies(database: Database) -> Policies:
    """Table, name, kind, verb, condition."""
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(_POLICIES).fetchall()  # type: ignore[return-value]


def of(policies: Policies, *words: str, kind: str = "PERMISSIVE") -> set[str]:
    """Tables with a policy of that kind that has all those words."""
    return {table for table, _, permissive, _, said in policies if permissive == kind and all(word in said for word in words)}


def test_every_table_of_a_case_is_under_row_level_security(policies: Policies) -> None:
    declared = {table.name for table in metadata.tables.values() if table.info.get("case_table")}
    assert declared <= of(policies, "'engine'"), "give it ENABLE and FORCE ROW LEVEL SECURITY and a policy TABLE_engine as 0001 does"


def test_a_champion_reads_by_the_services_it_answers_for(policies: Policies) -> None:
    wide = of(policies, "'champion'") - of(policies, "'champion'", "portal_services") - {"vault_items"}
    assert not wide, f"let champions read {sorted(wide)} by portal_services() as 0017 does"


def test_what_is_closed_or_sealed_is_closed_on_every_table_staff_read(policies: Policies) -> None:
    read = of(policies, "'staff'") | of(policies, "'champion'") | of(policies, "'admin'")
    closed = of(policies, "portal_barred", "'staff'", "'champion'", "'admin'", kind="RESTRICTIVE")
    assert read - closed <= {"people", "proposals", "sessions"}, "add the restrictive policy TABLE_barred as 0017 does"


def test_parties_read_the_same_tables_by_both_layers(policies: Policies) -> None:
    assert of(policies, "'party'") == PARTY_READS, "PARTY_READS of portal/access/scoping.py and the policies TABLE_party say the same"


def test_an_administrator_sees_through_broken_glass_what_staff_see(policies: Policies) -> None:
    staff = of(policies, "'staff'", "portal_agencies") - {"cash_days"}
    assert staff <= of(policies, "'admin'", "case_glasses"), "add the policy TABLE_glass as 0017 does"
