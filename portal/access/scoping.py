"""Scoping in the application: which rows of a case's tables the principal may see. Row-level security says the same once more."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Select, Table, and_, column, exists, false, func, not_, or_, select, table, true
from sqlalchemy.sql import ColumnElement

from portal.access.tables import case_access, case_barred, case_glasses, case_looks, case_named, case_seals, case_services
from portal.unit_of_work import EVERY, Principal, Work

#: Whom a case can be closed to, by name or by a seal.
OF_STAFF = ("staff", "champion", "admin", "across")
#: What a look across shows of a case: where it stands and how it was decided.
ACROSS = ("cases", "decisions")

#: Tables a party reads of its own cases, as the database's policies say too (a law compares them).
PARTY_READS = frozenset(
    {
        "asks", "case_heads", "case_links", "case_looks", "case_parties", "case_reads", "cases", "clocks", "consents", "decisions", "documents", "duty_calls",
        "events", "feedback", "fees", "journey_runs", "mandates", "party_needs", "party_ways", "payments", "saved_drafts", "step_runs", "vault_items",
    }
)  # fmt: skip
#: What a party reads in the vault.
PARTY_KINDS = ("contact", "answers", "words", "location", "message", "reasons", "letter", "document", "consent")

#: What is needed here of the registry's table, which is another room's.
_cases = table("cases", column("case_id"), column("service"))
_consents = table("consents", column("case_id"), column("id"), column("until"), column("withdrawn_at"))


def visible(work: Work, statement: Select[Any]) -> Select[Any]:
    """The statement, narrowed to what the unit's principal may see on every table of a case it reads, Core and ORM alike."""
    for one in _tables_read(statement):
        if one.info.get("case_table"):
            statement = statement.where(_seen(work, one), _open(work, one))
    return statement.execution_options(visible=True)


def _tables_read(statement: Select[Any]) -> Iterable[Any]:
    """Every table it reads from, once, whether columns, conditions or joins name it.

    `get_final_froms` says so too and compiles the statement for it (0.6 ms); it is asked only about joins made by `join` and what is correlated.
    """
    if statement._setup_joins or statement._correlate or statement._correlate_except is not None:
        sources: Iterable[Any] = statement.get_final_froms()
    else:
        named = chain(statement._raw_columns, statement._where_criteria)
        sources = chain(statement._from_obj, chain.from_iterable(one._from_objects for one in named))
    return dict.fromkeys(one for source in sources for one in _tables(source))


def _tables(source: Any) -> list[Table]:
    if hasattr(source, "left"):
        return [*_tables(source.left), *_tables(source.right)]
    return [source] if hasattr(source, "info") else []


def _open(work: Work, of: Table) -> ColumnElement[bool]:
    """What is closed to a member of staff, or sealed to others, is not there for it, whatever agency or role it asks in."""
    who = work.principal
    if who.scope not in OF_STAFF:
        return true()
    closed = [of.c[name] for name in ("case_id", "other_id") if name in of.c]
    return and_(*(not_(one.in_(those)) for one in closed for those in _closed_to(who.subject)))


@lru_cache(maxsize=1000)
def _closed_to(subject: str | None) -> tuple[Select[Any], Select[Any]]:
    """Cases closed to somebody by name, and those sealed to all but others; put together once for the many statements of a page."""
    mine = select(case_named.c.case_id).where(case_named.c.subject == subject, case_named.c.until.is_(None))
    sealed = select(case_seals.c.case_id).where(case_seals.c.until.is_(None), case_seals.c.case_id.not_in(mine))
    return select(case_barred.c.case_id).where(case_barred.c.subject == subject), sealed


def _seen(work: Work, of: Table) -> ColumnElement[bool]:
    who = work.principal
    if who.scope in ("engine", "reader", "figures", "relay"):
        return true()
    rule = {"party": _own, "champion": _championed, "staff": _worked_on, "admin": _looked_into, "across": _looked_across}.get(who.scope)
    if rule is not None:
        return rule(work, who, of)
    if who.scope == "agency" and of.name == "step_runs":
        return of.c.agency.in_(who.agencies)
    return false()


def _own(work: Work, who: Principal, of: Table) -> ColumnElement[bool]:
    """Of the cases somebody proved to stand on, what is for parties; never the notes of staff."""
    mine: ColumnElement[bool] = of.c.case_id.in_(who.cases)
    if of.name not in PARTY_READS:
        return false()
    if of.name == "vault_items":
        return and_(mine, of.c.kind.in_(PARTY_KINDS))
    if of.name == "saved_drafts":
        return and_(of.c.subject.is_not(None), of.c.subject == who.subject)
    if of.name == "case_parties" and who.subject:
        return or_(mine, and_(of.c.subject == who.subject, or_(of.c.until.is_(None), of.c.until > work.now)))
    if of.name == "consents":
        return or_(mine, of.c.other_id.in_(who.cases))
    return mine


def _championed(_: Work, who: Principal, of: Table) -> ColumnElement[bool]:
    """Cases of the services a champion answers for, and life events one of them is a part of."""
    if of.name == "vault_items":
        reasons = exists().where(case_glasses.c.case_id == of.c.case_id, case_glasses.c.words == of.c.id, _championed(_, who, case_glasses))
        why = exists().where(case_looks.c.case_id == of.c.case_id, case_looks.c.words == of.c.id, _championed(_, who, case_looks))
        return or_(and_(of.c.kind == "glass", reasons), and_(of.c.kind == "look", why))
    if EVERY in who.services:
        return true()
    if of.name == "case_access":
        return false()
    if of.name in ("case_services", "case_glasses"):
        return of.c.service.in_(who.services)
    part = exists().where(case_services.c.case_id == of.c.case_id, case_services.c.service.in_(who.services))
    if of.name == "cases":
        return or_(of.c.service.in_(who.services), part)
    own = [of.c.subject == who.subject] if of.name == "case_looks" else []
    return or_(*own, exists().where(_cases.c.case_id == of.c.case_id, _cases.c.service.in_(who.services)), part)


def _worked_on(_: Work, who: Principal, of: Table) -> ColumnElement[bool]:
    """What the agency of a member of staff has in hand, or had."""
    if of.name in ("tasks", "cash_days", "prints"):
        return of.c.agency.in_(who.agencies)
    if of.name == "referrals":
        return or_(of.c.to_agency.in_(who.agencies), of.c.from_agency.in_(who.agencies))
    if of.name == "case_access":
        return of.c.agency_id.in_(who.agencies)
    if of.name == "case_looks":
        return of.c.subject == who.subject
    return exists().where(case_access.c.case_id == of.c.case_id, case_access.c.agency_id.in_(who.agencies))


def _looked_into(work: Work, who: Principal, of: Table) -> ColumnElement[bool]:
    """Cases an administrator broke the glass of, while that lasts; and what waits to leave, whosever it is."""
    if of.name == "outbox":
        return true()
    if of.name == "case_glasses":
        return of.c.subject == who.subject
    broken = exists().where(case_glasses.c.case_id == of.c.case_id, case_glasses.c.subject == who.subject, case_glasses.c.until > func.statement_timestamp())
    return broken


def _looked_across(work: Work, who: Principal, of: Table) -> ColumnElement[bool]:
    """Where matters stand that somebody has a look at, while it lasts and, where it rests on a consent, that stands."""
    if of.name == "case_looks":
        return of.c.subject == who.subject
    if of.name not in ACROSS:
        return false()
    now = func.statement_timestamp()
    stands = exists().where(
        _consents.c.case_id == case_looks.c.by_case, _consents.c.id == case_looks.c.consent, _consents.c.withdrawn_at.is_(None), _consents.c.until > now
    )
    mine = and_(case_looks.c.case_id == of.c.case_id, case_looks.c.subject == who.subject, case_looks.c.until > now)
    return exists().where(mine, or_(case_looks.c.ground == "law", stands))
