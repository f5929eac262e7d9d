"""One unit of work: one transaction, one moment, many cases; changes and events are held back and written together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args
from uuid import UUID

from sqlalchemy import Connection, Executable, Select, Table

from portal.db import PREPARED, TAG
from portal.errors import SessionEnded
from portal.events.chain import GENESIS, stamp
from portal.events.log import Event, event, sealed
from portal.events.tables import events
from portal.unit_of_work import idempotency
from portal.unit_of_work.idempotency import Answer, Repeatable
from portal.unit_of_work.principal import Principal, Scope
from portal.unit_of_work.rows import Row, Rows, of_cases
from portal.unit_of_work.tables import case_heads
from portal.unit_of_work.tables import idempotency as answers
from portal.unit_of_work.trip import Statement, Values, as_text, from_text, left_prepared, together

if TYPE_CHECKING:
    from portal.unit_of_work.portal import Portal

Reaction = Callable[["Work", list[Event]], None]

#: Rounds of reactions after which a unit is taken to run in a circle.
ROUNDS = 200

#: Sets who asks; the last but one is the key's advisory lock (null: no key), the last the time.
_CONTEXT = """SELECT set_config('role', $1, true), set_config('portal.scope', $2, true), set_config('portal.cases', $3, true),
set_config('portal.agencies', $4, true), set_config('portal.subject', $5, true), set_config('portal.key_space', $6, true),
set_config('portal.services', $7, true),
pg_try_advisory_xact_lock($8::bigint), clock_timestamp()"""
#: How often administrators have changed definitions: another number than the portal's, and its catalogue is made anew.
_AMENDED = "SELECT number FROM amended"
#: Whether what somebody signed in with still stands; PostgreSQL says so in the trip that opens the unit, so an end is an end at once.
_STANDS = "SELECT portal_stands($1, $2, $3, coalesce($4::timestamptz, clock_timestamp()))"
_ANSWER = "SELECT fingerprint, status, answer FROM idempotency WHERE principal = $1 AND key_hash = $2::bytea"
_HEADS = "SELECT case_id, seq, hash, version, jurisdiction, origin FROM case_heads WHERE case_id = ANY($1::uuid[]) ORDER BY case_id FOR UPDATE"

#: A head that somebody holds is left for later. What is locked here is what `narrow` locks again.
_FREE = "SELECT case_id FROM case_heads WHERE case_id = ANY(%s) ORDER BY case_id FOR UPDATE SKIP LOCKED"

#: The first, in the order given, that nobody holds.
_FIRST = """SELECT case_id, seq, hash, version, jurisdiction, origin FROM case_heads WHERE case_id = ANY($1::uuid[])
ORDER BY array_position($1::uuid[], case_id) LIMIT 1 FOR UPDATE SKIP LOCKED"""

#: A scope is a role of PostgreSQL, so that it plans with the policies of that scope alone.
_ROLES = {scope: f"portal_{'figures' if scope == 'learner' else scope}" for scope in get_args(Scope)}


class Work:
    """Made by `Portal.work`; the first argument of everything that changes a case."""

    def __init__(self, portal: Portal, connection: Connection, principal: Principal, *, at: datetime | None, repeatable: Repeatable | None) -> None:
        self.portal = portal
        self.catalogue = portal.catalogue
        self.principal = principal
        self.repeatable = repeatable
        #: The answer given before to the same request, if any: then nothing is to be done.
        self.answer: Answer | None = None
        self.first_running = False
        #: What to wake after the commit: `drain`, `sweep`, `fold`.
        self.wakes: set[str] = set()
        #: What was read and may be told again in this unit; forgotten where it goes on with other eyes, waited for a case, or changed a row.
        self.seen: dict[Hashable, Any] = {}
        self.now: datetime = at or datetime.min
        self._at = at
        self._connection = connection
        self._raw: Any = connection.connection.driver_connection
        self._rows = Rows()
        self._heads: dict[UUID, Row] = {}
        self._new_cases: set[UUID] = set()
        self._pending: list[Event] = []
        self._written: list[Event] = []
        self._beside: list[Statement] = []
        #: Ends every statement: what one role has prepared is planned anew where another runs it, so each has its own.
        self._tag = ""

    # ------------------------------------------------------------------ opening

    def open(self, new_cases: Sequence[UUID] = ()) -> None:
        """Begins the transaction, sets the context and reads the time, all in one round trip. SessionEnded where a sign-in stands no more."""
        scope, cases = self._scope(new_cases)
        sent: list[Statement] = [("BEGIN", ()), (_CONTEXT, self._context(scope, cases)), (_AMENDED + self._tag, ())]
        if self.repeatable:
            sent.append((_ANSWER + self._tag, (self.repeatable.principal, as_text(self.repeatable.key_hash))))
        if self.principal.proof:
            sent.append((_STANDS + self._tag, (self.principal.subject, *self.principal.proof, self._at.isoformat() if self._at else None)))
        _, ((*_, lock, now),), ((amended,),), *found = self._together(*sent)
        if self.principal.proof and found.pop() != [("t",)]:
            raise SessionEnded
        self.now = self._at or datetime.fromisoformat(str(now))
        if amended != self.portal.amended:
            self.portal.follow(self, str(amended))
            self.catalogue = self.portal.catalogue
        self._new_cases.update(new_cases)
        self.first_running = lock == "f"
        if self.repeatable and found[0]:
            self.answer = idempotency.kept(self.repeatable, *found[0][0])

    def _together(self, *statements: Statement) -> list[Values]:
        known = self._connection.info
        if PREPARED not in known:
            known[PREPARED] = left_prepared(self._raw)
        return together(self._raw, known[PREPARED], statements)

    def _scope(self, new_cases: Sequence[UUID]) -> tuple[str, Sequence[UUID]]:
        return ("engine", new_cases) if new_cases else (self.principal.scope, self.principal.cases)

    def _context(self, scope: str, cases: Iterable[UUID]) -> tuple[str | None, ...]:
        self.seen.clear()
        who, key = self.principal, self.repeatable
        key_space, lock = (key.principal, str(key.lock)) if key else ("", None)
        services = ",".join(who.services)
        self._tag = self._connection.info[TAG] = f" -- {scope}"
        return (_ROLES[scope], scope, ",".join(map(str, cases)), ",".join(who.agencies), who.subject or "", key_space, services, lock)

    def become(self, principal: Principal) -> None:
        """Goes on reading as somebody else: as the party a secret has just proved, for example."""
        self.principal = principal
        self._together((_CONTEXT, self._context(principal.scope, principal.cases)))

    def free(self, case_ids: Sequence[UUID]) -> list[UUID]:
        """Those whose heads nobody else holds, locked from here on, in a unit opened as the relay; `narrow` takes them in hand."""
        return [case_id for (case_id,) in self.sql(_FREE, (list(case_ids),))]

    def narrow(self, case_ids: Iterable[UUID]) -> None:
        """From here on the unit sees and writes these cases, whoever they belong to, and nothing else; their heads are locked, by id."""
        wanted = sorted({*case_ids, *self._heads, *self._new_cases})
        _, found = self._together((_CONTEXT, self._context("engine", wanted)), (_HEADS, ("{" + ",".join(map(str, wanted)) + "}",)))
        self._hold(found)

    def _hold(self, found: Values) -> None:
        for id, seq, hash, version, jurisdiction, origin in found:
            case_id = UUID(id)
            if case_id not in self._heads:
                values = {
                    "case_id": case_id,
                    "seq": int(str(seq)),
                    "hash": from_text(hash),
                    "version": int(str(version)),
                    "jurisdiction": jurisdiction,
                    "origin": origin,
                }
                self._heads[case_id] = Row(case_heads, values, new=False)

    def take_first(self, case_ids: Sequence[UUID]) -> UUID | None:
        """Takes in hand the first of these cases whose head nobody holds, and waits for none; `narrow` to it before more is read."""
        asked = ("{" + ",".join(map(str, case_ids)) + "}",)
        _, found = self._together((_CONTEXT, self._context("engine", [*case_ids, *self._heads])), (_FIRST, asked))
        self._hold(found)
        return UUID(found[0][0]) if found else None

    # ------------------------------------------------------------------ reading

    def run(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a statement, as the unit's present scope may see them."""
        if isinstance(statement, Select):
            self._must_be_scoped(statement)
        found = self._connection.execute(statement, parameters or {})
        names = tuple(found.keys())
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _must_be_scoped(self, statement: Select[Any]) -> None:
        """Scoping in the application is explicit: a statement on a case's tables has passed `access.visible`."""
        if statement.get_execution_options().get("visible"):
            return
        for table in statement.get_final_froms():
            if getattr(table, "info", {}).get("case_table"):
                raise LookupError(f"a statement on {getattr(table, 'name', table)} did not pass access.visible(work, statement)")

    def sql(self, text: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a hot statement written by hand, parameters bound; for the ledger that owns its tables."""
        cursor = self._raw.execute(text + self._tag, parameters)
        return list(cursor.fetchall()) if cursor.description else []

    def dicts(self, text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The same with the names of the columns."""
        cursor = self._raw.execute(text + self._tag, parameters, binary=True)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def load(self, table: Table, case_ids: Iterable[UUID]) -> None:
        """Reads the rows of many cases in one statement; those already held, or of new cases, are not asked for again."""
        missing = [id for id in case_ids if id not in self._new_cases and not self._rows.read(table, id)]
        if missing:
            cursor = self._raw.execute(of_cases(table), (missing,), binary=True)
            self._rows.hold(table, missing, cursor.fetchall())

    def rows(self, table: Table, case_id: UUID) -> list[Row]:
        """Rows of one case, changes of this unit included; of a case in hand only."""
        if case_id not in self._new_cases and not self._rows.read(table, case_id):
            self.load(table, [case_id])
        return self._rows.held(table, case_id)

    def version(self, case_id: UUID) -> int:
        """Version of a case in hand: raised by every unit that writes it."""
        return int(self._heads[case_id]["version"])

    def version_seen(self, case_id: UUID) -> int:
        """Version of a case the unit only reads; what an If-Match is held against."""
        return int(self._raw.execute("SELECT version FROM case_heads WHERE case_id = %s", (case_id,)).fetchone()[0])

    def origin(self, case_id: UUID) -> str:
        """Origin of a case in hand; only `live` and `demo` write to the outside."""
        return str(self._heads[case_id]["origin"])

    @property
    def cases_in_hand(self) -> int:
        """How many cases this unit holds."""
        return len(self._heads)

    def holds(self, case_id: UUID) -> bool:
        """True where the case's head is locked by this unit."""
        return case_id in self._heads

    # ------------------------------------------------------------------ writing

    def begin_case(self, case_id: UUID, *, jurisdiction: str, origin: str) -> None:
        """A new case: its head, with an empty chain."""
        values = {"case_id": case_id, "seq": 0, "hash": GENESIS, "version": 1, "jurisdiction": jurisdiction, "origin": origin}
        self._heads[case_id] = self._rows.add(case_heads, values)
        self._new_cases.add(case_id)

    def add(self, table: Table, **values: Any) -> Row:
        """A row to insert when the unit is written."""
        self.seen.clear()
        return self._rows.add(table, values)

    def change(self, row: Row, **values: Any) -> None:
        """New values for a row in hand."""
        self.seen.clear()
        self._rows.change(row, values)

    def record(
        self,
        case_id: UUID,
        type: str,
        /,
        *,
        occurred_at: datetime | None = None,
        actor: str | None = None,
        agency: str | None = None,
        channel: str | None = None,
        step: str | None = None,
        **data: Any,
    ) -> Event:
        """An event of a case in hand; its reactions run when the unit settles."""
        one = event(case_id, type, data, occurred_at=occurred_at or self.now, actor=actor or self.principal.actor, agency=agency, channel=channel, step=step)
        self._pending.append(one)
        return one

    def settle(self) -> None:
        """Runs the reactions to what was recorded, and to what they record, until all is quiet."""
        for _ in range(ROUNDS):
            if not self._pending:
                return
            batch, self._pending = self._pending, []
            self._written += batch
            by_type: dict[str, list[Event]] = {}
            for one in batch:
                by_type.setdefault(one.type, []).append(one)
            for type, some in by_type.items():
                for reaction in self.portal.reactions.get(type, ()):
                    reaction(self, some)
        raise RuntimeError(f"reactions did not come to rest after {ROUNDS} rounds; last: {sorted({one.type for one in self._pending})}")

    def keep(self, answer: Answer) -> None:
        """Stores the answer with the effect, for a repeat of the same request."""
        if self.repeatable:
            self._rows.add(answers, idempotency.row(self.repeatable, answer, self.now))

    def beside(self, text: str, parameters: tuple[str | None, ...]) -> None:
        """A statement of a ledger's own that belongs to the unit and asks nothing back: sent with the commit, also where only reading was done."""
        self._beside.append((text, parameters))

    @property
    def leaves_nothing(self) -> bool:
        """True where there is nothing to commit: the answer was given before."""
        return self.answer is not None and not self._beside

    def recorded(self) -> list[Event]:
        """Events of this unit that have been settled, in order."""
        return self._written

    def told(self) -> list[dict[str, Any]]:
        """Of each case that was written: how far its history goes now, its reference where it began, and receipts that were given. References, no values."""
        found = []
        for case_id in dict.fromkeys(one.case_id for one in self._written):
            mine, head = [one for one in self._written if one.case_id == case_id], self._heads[case_id]
            if head["origin"] in ("live", "demo"):
                line = {"what": "answered", "at": stamp(self.now), "case": str(case_id), "seq": head["seq"], "types": [one.type for one in mine]}
                given = {name: one.data[name] for one in mine for name in ("reference", "receipt") if one.data.get(name)}
                found.append({**line, **given})
        return found

    def commit(self) -> None:
        """Settles, then writes everything and commits in one round trip."""
        self.settle()
        if self._written:
            for case_id in {one.case_id for one in self._written}:
                head = self._heads[case_id]
                self._rows.change(head, {"seq": head["seq"], "hash": head["hash"], "version": head["version"] + (not head.new)})
            for row in sealed(self._written, self._heads, self.now):
                self._rows.add(events, row)
            self.wakes.add("fold")
        sent = [self._rows.statement()] if self._rows.written() else []
        self._together(*sent, *self._beside, ("COMMIT", ()))
