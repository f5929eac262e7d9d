"""Scoping in the application: which rows of a case's tables the principal may see. Row-level security says the same once more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, and_, exists, false, not_, or_, select, true
from sqlalchemy.sql import ColumnElement

from portal.access.tables import case_access, case_barred
from portal.unit_of_work import Work


def visible(work: Work, statement: Select[Any]) -> Select[Any]:
    """The statement, narrowed to what the unit's principal may see on every table of a case it reads, Core and ORM alike."""
    for table in statement.get_final_froms():
        for one in _tables(table):
            if one.info.get("case_table"):
                statement = statement.where(_seen(work, one), _open(work, one))
    return statement.execution_options(visible=True)


def _tables(source: Any) -> list[Table]:
    if hasattr(source, "left"):
        return [*_tables(source.left), *_tables(source.right)]
    return [source] if hasattr(source, "info") else []


def _open(work: Work, table: Table) -> ColumnElement[bool]:
    """What is closed to a member of staff is not there for it, whatever agency or role it asks in."""
    who = work.principal
    if who.scope not in ("staff", "champion") or who.subject is None:
        return true()
    closed = select(case_barred.c.case_id).where(case_barred.c.subject == who.subject)
    return and_(*(not_(table.c[name].in_(closed)) for name in ("case_id", "other_id") if name in table.c))


def _seen(work: Work, table: Table) -> ColumnElement[bool]:
    who = work.principal
    if who.scope in ("engine", "champion", "figures", "relay"):
        return true()
    if who.scope == "party":
        mine: ColumnElement[bool] = table.c.case_id.in_(who.cases)
        return or_(mine, table.c.subject == who.subject) if "subject" in table.c and table.name == "case_parties" and who.subject else mine
    if who.scope == "staff":
        if table.name in ("tasks", "cash_days"):
            return table.c.agency.in_(who.agencies)
        if table.name == "referrals":
            return or_(table.c.to_agency.in_(who.agencies), table.c.from_agency.in_(who.agencies))
        if table.name == "case_access":
            return table.c.agency_id.in_(who.agencies)
        return exists().where(case_access.c.case_id == table.c.case_id, case_access.c.agency_id.in_(who.agencies))
    if who.scope == "agency" and table.name == "step_runs":
        return table.c.agency.in_(who.agencies)
    if who.scope == "admin" and table.name == "outbox":
        return true()
    return false()
