"""A role for each scope: the policies of others are not planned any more (3.6 -> 0.2 ms for a page of a worklist, and its rows are estimated as they are)."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

#: Each is a member of portal_app: what that may do and sees, it may do and sees.
SCOPES = ("admin", "agency", "anonymous", "champion", "engine", "party", "reader", "staff")
ROLES = f"""
DO $$ DECLARE wanted text; BEGIN
    FOREACH wanted IN ARRAY ARRAY[{", ".join(f"'portal_{scope}'" for scope in SCOPES)}] LOOP
        BEGIN EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
        IF NOT pg_has_role(wanted, 'portal_app', 'MEMBER') THEN EXECUTE format('GRANT portal_app TO %I', wanted); END IF;
    END LOOP;
END $$
"""
#: How PostgreSQL writes `(SELECT portal_scope()) = 'staff'`, and `IN` several.
ASKED = re.compile(r"\( SELECT portal_scope\(\) AS portal_scope\) = (?:'(\w+)'::text|ANY \(ARRAY\[([^\]]*)\]\))")
#: What is left where the answer is known -> without it.
KNOWN = (("(true AND ", "("), ("((NOT true) OR ", "("))


def upgrade() -> None:
    op.execute(ROLES)
    policies = op.get_bind().execute(sa.text("SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE roles = '{portal_app}'"))
    for table, name, using, check in policies.all():
        asked = [ASKED.findall(one) for one in (using, check) if one]
        if any(len(found) != 1 for found in asked):  # of all scopes, or of each in another way: it stays with portal_app
            continue
        scopes = sorted({scope for found in asked for one, several in found for scope in ([one] if one else re.findall(r"'(\w+)'", several))})
        _alter(table, name, ", ".join(f"portal_{scope}" for scope in scopes), using and _known(using), check and _known(check))


def downgrade() -> None:
    policies = op.get_bind().execute(
        sa.text("SELECT tablename, policyname, permissive, array_to_string(roles, ','), qual, with_check FROM pg_policies WHERE NOT 'portal_app' = ANY (roles)")
    )
    for table, name, permissive, roles, using, check in policies.all():
        scopes = [role.removeprefix("portal_") for role in roles.split(",")]
        if set(scopes) <= set(SCOPES):
            several = ", ".join(f"'{scope}'" for scope in scopes)
            asks = f"(SELECT portal_scope()) = '{scopes[0]}' AND" if len(scopes) == 1 else f"(SELECT portal_scope()) IN ({several}) AND"
            asks = asks if permissive == "PERMISSIVE" else f"(SELECT portal_scope()) NOT IN ({several}) OR"
            _alter(table, name, "portal_app", using and f"{asks} {using}", check and f"{asks} {check}")


def _known(condition: str) -> str:
    said = ASKED.sub("true", condition).replace("(true)", "true")
    for start, without in KNOWN:
        if said.startswith(start):
            return without + said[len(start) :]
    return said


def _alter(table: str, name: str, roles: str, using: str | None, check: str | None) -> None:
    parts = [f"USING ({using})" if using else "", f"WITH CHECK ({check})" if check else ""]
    op.get_bind().exec_driver_sql(f"ALTER POLICY {name} ON {table} TO {roles} {' '.join(filter(None, parts))}")
