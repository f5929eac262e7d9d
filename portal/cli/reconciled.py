"""After a restore: what the sent ledger and the agencies know of the time since the backup is told to the database, so that nothing has its effect twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.cases import registry
from portal.dispatch import collect
from portal.dispatch.reach import NoKey
from portal.fees import cash
from portal.outbox import deliveries, evidence, parcels, restores
from portal.unit_of_work import ENGINE, RELAY, Portal, Principal
from portal.wire.exchange import Unreached
from portal.wire.pinned import Forbidden

#: Lines so much older than the backup say nothing new; the clocks of two machines may differ by as much.
MARGIN = timedelta(hours=1)

Line = Mapping[str, Any]


@dataclass
class Reconciled:
    """What became of the time between the backup and the restore."""

    #: Rows of the backup that had left since, by kind.
    left: dict[str, int] = field(default_factory=dict)
    #: Handovers of which nobody knows whether they arrived; people look.
    in_doubt: list[str] = field(default_factory=list)
    #: What left for cases, or rows, the backup does not have: known, so that it does not leave again.
    kept: int = 0
    #: Cases that were opened since and are lost: reference and when; who has one must be told.
    lost_cases: list[dict[str, Any]] = field(default_factory=list)
    #: Cases whose history was longer: how many events are lost, and of which types.
    set_back: list[dict[str, Any]] = field(default_factory=list)
    #: Handovers whose end nobody has reported, by agency: asked now where it can be asked, else to be asked by people.
    asked: dict[str, int] = field(default_factory=dict)
    to_ask: dict[str, list[str]] = field(default_factory=dict)
    answer_files: dict[str, int] = field(default_factory=dict)
    #: Folders that could not be looked into.
    not_reached: list[str] = field(default_factory=list)
    #: Lines of the ledger that were broken off.
    broken_lines: int = 0
    #: The ledger begins after the backup, or there is none: what left in between is not known.
    covered: bool = True

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def reconcile(portal: Portal, backup_at: datetime, lines: Iterable[Line | None]) -> Reconciled:
    """Every step may be done again: who dies in the middle begins anew and ends alike."""
    report = Reconciled()
    since = _since(lines, backup_at, report)
    left = {line["row"]: line for line in since if line["what"] == "left"}
    leaving = {line["row"]: line for line in since if line["what"] == "leaving" and line["row"] not in left}
    with portal.work(RELAY) as work:
        evidence.raise_epochs(work, restores.begun(work))
        still_open = evidence.still_open(work)
        there = evidence.there(work, [UUID(row) for row in (*left, *leaving)])
    for case_id, id, kind, target in still_open:
        _settled(
            portal,
            report,
            case_id,
            id,
            said=left.get(str(id)),
            doubtful=str(id) in leaving or _unseen(portal, report, kind, target),
        )
    with portal.work(RELAY) as work:
        elsewhere = [line for row, line in (*left.items(), *leaving.items()) if UUID(row) not in there]
        evidence.keep(work, elsewhere)
        report.kept = len(elsewhere)
        for line in left.values():
            if "parcel" in line:
                evidence.numbered(work, line["target"], line["parcel"], line["at"], line.get("file"))
    _lost(portal, report, [line for line in since if line["what"] == "answered"])
    _asked(portal, report)
    _files(portal, report)
    with portal.work(RELAY) as work:
        restores.ended(work)
    return report


def _since(lines: Iterable[Line | None], backup_at: datetime, report: Reconciled) -> list[Line]:
    """Lines that may say something new. The ledger covers the time where its first line is older than the backup."""
    found: list[Line] = []
    first: datetime | None = None
    for line in lines:
        if line is None:
            report.broken_lines += 1
            continue
        at = datetime.fromisoformat(line["at"])
        first = at if first is None else min(first, at)
        if at >= backup_at - MARGIN:
            found.append(line)
    report.covered = first is not None and first <= backup_at
    return found


def _unseen(portal: Portal, report: Reconciled, kind: str, target: str) -> bool:
    """Whether something may have left unseen for an agency nobody can ask: the ledger does not cover the time."""
    agency = portal.catalogue.agencies.get(target)
    return not report.covered and kind == deliveries.KIND and agency is not None and agency.promise == "blind" and agency.on_doubt == "staff"


def _settled(portal: Portal, report: Reconciled, case_id: UUID, id: UUID, *, said: Line | None, doubtful: bool) -> None:
    """What is known of a row that is open in the backup."""
    if said is None and not doubtful:
        return
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        row = evidence.row_of(work, case_id, id)
        if row is None:
            return
        if said is not None:
            evidence.left(work, row, said)
            report.left[row["kind"]] = report.left.get(row["kind"], 0) + 1
        elif row["kind"] == deliveries.KIND:
            evidence.unknown(work, row)
            report.in_doubt.append(row["key"])


def _lost(portal: Portal, report: Reconciled, answered: Sequence[Line]) -> None:
    """Cases, events and receipts somebody was told of and the backup does not have."""
    newest: dict[str, Line] = {}
    began: dict[str, Line] = {}
    types: dict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    for line in answered:
        newest[line["case"]] = max(newest.get(line["case"], line), line, key=lambda one: one["seq"])
        types[line["case"]].append((line["seq"], line["types"]))
        if "reference" in line and "CaseOpened" in line["types"]:
            began[line["case"]] = line
    with portal.work(RELAY) as work:
        heads = {str(id): seq for id, seq in work.sql("SELECT case_id, seq FROM case_heads WHERE case_id = ANY(%s)", ([UUID(one) for one in newest],))}
        for line in answered:
            if receipt := line.get("receipt"):
                cash.given(work, str(receipt))
    for case, line in newest.items():
        if case not in heads:
            first = began.get(case, line)
            report.lost_cases.append({"reference": first.get("reference"), "case": case, "at": first["at"]})
        elif line["seq"] > heads[case]:
            gone = [one for seq, some in types[case] if seq > heads[case] for one in some]
            report.set_back.append({"case": case, "events": line["seq"] - heads[case], "types": gone})
    references = _references(portal, [UUID(one["case"]) for one in report.set_back])
    report.set_back = [{"reference": references.get(one["case"]), **one} for one in report.set_back]


def _references(portal: Portal, ids: Sequence[UUID]) -> dict[str, str]:
    with portal.work(ENGINE) as work:
        work.narrow(ids)
        return {str(id): registry.case_of(work, id)["reference"] for id in ids if registry.is_case(work, id)}


def _asked(portal: Portal, report: Reconciled) -> None:
    """Reports that came since are lost, and whoever sent them was told that they were taken: agencies are asked."""
    able = {agency.id for agency in portal.catalogue.agencies.values() if agency.asks}
    with portal.work(RELAY) as work:
        for target, key, _ in evidence.unheard(work, sorted(able)):
            if target in able:
                report.asked[target] = report.asked.get(target, 0) + 1
            else:
                report.to_ask.setdefault(target, []).append(key)


def _files(portal: Portal, report: Reconciled) -> None:
    """Answer files that were taken since come again."""
    for agency in portal.catalogue.agencies.values():
        if agency.batch is None:
            continue
        who = Principal("agency", subject=agency.id, agencies=(agency.id,))

        def decided(digest: str, who: Principal = who, source: str = agency.id) -> bool:
            with portal.work(who) as work:
                return parcels.decided(work, source, digest) is not None

        try:
            report.answer_files[agency.id] = collect.put_back(portal, agency, decided)
        except (Unreached, Forbidden, NoKey, OSError) as trouble:
            report.not_reached.append(f"{agency.id}: {type(trouble).__name__}")
