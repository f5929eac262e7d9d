"""What follows from fees: the step waits until one is settled, the party is told, what was paid goes back by the rule."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from portal.cases import registry
from portal.catalogue.definitions import Service, Step
from portal.catalogue.tabled import TableFails
from portal.errors import IllegalMove
from portal.fees import card, ledger, proposals
from portal.outbox import card as outgoing
from portal.outbox import deliveries
from portal.queues import worklist
from portal.reactions.acts import facts, go_on, put_task, service_in, service_of, tell
from portal.runs import ledger as runs
from portal.standards import timers
from portal.unit_of_work import Event, Row, Work
from portal.workflow import feework

#: Kinds of task: nobody can tell the amount yet; something is to be paid back by hand.
UNKNOWN, BY_HAND = "fee", "refund"


def begin(work: Work, case: Row, step: Step, step_run: UUID, *, agency: str) -> None:
    """A fee step began. Where its table cannot tell the amount, for want of an answer, people of its agency look at it."""
    try:
        ended = _priced(work, case, step, step_run, agency=agency)
    except TableFails:
        put_task(work, case, work.catalogue.agencies[agency], kind=UNKNOWN, step=step.id, step_run=step_run, queue=None)
        return
    if ended is not None:
        go_on(work, case, step_run, ended)


def _priced(work: Work, case: Row, step: Step, step_run: UUID, *, agency: str) -> str | None:
    service = _service(work, case, step_run)
    assert service is not None
    return feework.begin(work, case, step, step_run, service, facts(work, case), agency=agency)


def _service(work: Work, case: Row, step_run: UUID) -> Service | None:
    """The service whose fee it is: that of its part of a life event, else that of the case."""
    row = runs.step_run(work, case["case_id"], step_run)
    return service_in(work, case, runs.run_of(work, case["case_id"], row["run_id"]))


def priced_anew(work: Work, case: Row, step_run: UUID) -> None:
    """Somebody has looked at a fee nobody could tell; TableFails where it still cannot be told."""
    row = runs.step_run(work, case["case_id"], step_run)
    run = runs.run_of(work, case["case_id"], row["run_id"])
    step = work.portal.pinned(work, run["definition_hash"]).step(row["step"])
    ended = _priced(work, case, step, step_run, agency=row["agency"])
    worklist.cancel(work, case["case_id"], why="amount told", step_run_id=step_run)
    if ended is not None:
        go_on(work, case, step_run, ended)


def answered(work: Work, events: list[Event]) -> None:
    """Answers came: a fee nobody could tell may be told now."""
    for event in events:
        for task in worklist.waiting_of(work, event.case_id, UNKNOWN):
            try:
                priced_anew(work, registry.case_of(work, event.case_id), task["step_run_id"])
            except TableFails:
                continue


def due(work: Work, events: list[Event]) -> None:
    """A fee is due: its term runs, the party is told what and until when."""
    for event in events:
        by = event.data["pay_by"]
        fee = ledger.fee_of(work, event.case_id, UUID(event.data["fee"]))
        if fee["pay_by"] is not None:
            timers.arm(work, event.case_id, kind="fee", subject=fee["id"], due_at=fee["pay_by"])
        tell(work, registry.case_of(work, event.case_id), "fee-due", due_at=by, **_sum(event))


def lapse(work: Work, timer: Row) -> None:
    """It was not paid in time."""
    fee = ledger.fee_of(work, timer["case_id"], timer["subject"])
    if fee["status"] == "due":
        ledger.cancel(work, fee, why="lapsed")


def paid(work: Work, events: list[Event]) -> None:
    """It was paid: the journey goes on."""
    for event in events:
        timers.disarm(work, event.case_id, UUID(event.data["payment"]))
        _settled(work, event, "paid")
        tell(work, registry.case_of(work, event.case_id), "fee-paid", **_sum(event), receipt=event.data["receipt"])


def waived(work: Work, events: list[Event]) -> None:
    """It need not be paid: the journey goes on."""
    for event in events:
        _settled(work, event, "waived")
        tell(work, registry.case_of(work, event.case_id), "fee-waived", **_sum(event))


def cancelled(work: Work, events: list[Event]) -> None:
    """It is owed no more; where its term has lapsed the journey goes on by that way."""
    for event in events:
        _settled(work, event, "lapsed" if event.data["why"] == "lapsed" else None)


def _settled(work: Work, event: Event, outcome: str | None) -> None:
    fee = ledger.fee_of(work, event.case_id, UUID(event.data["fee"]))
    timers.disarm(work, event.case_id, fee["id"])
    proposals.moot(work, fee)
    step_run = runs.step_run(work, event.case_id, fee["step_run_id"])
    if outcome is not None and step_run["status"] == "begun":
        go_on(work, registry.case_of(work, event.case_id), step_run["id"], outcome)


def over(work: Work, case_id: UUID, step_run: UUID) -> None:
    """A fee step ended or is no longer needed: what is still due for it is owed no more."""
    fee = ledger.of_step(work, case_id, step_run) if runs.step_run(work, case_id, step_run)["kind"] == "fee" else None
    if fee is not None and fee["status"] == "due":
        ledger.cancel(work, fee, why="no longer needed")


def withdrawn(work: Work, events: list[Event]) -> None:
    """The party took its request back before anybody worked on it: what it paid goes back, where the service says so."""
    for event in events:
        if not (worklist.touched(work, event.case_id) or deliveries.left(work, event.case_id)):
            _give_back(work, registry.case_of(work, event.case_id), "withdrawal")


def part_withdrawn(work: Work, events: list[Event]) -> None:
    """The party took one part back: the same, of that part."""
    for event in events:
        if not (worklist.touched(work, event.case_id) or deliveries.left(work, event.case_id)):
            _give_back(work, registry.case_of(work, event.case_id), "withdrawal", part=event.data["service"])


def decided(work: Work, events: list[Event]) -> None:
    """It was refused: what was paid goes back, where the service says so."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        _give_back(work, case, "refusal", part=event.data.get("part"), outcome=event.data["outcome"])


def _give_back(work: Work, case: Row, why: Literal["withdrawal", "refusal"], *, part: str | None = None, outcome: str | None = None) -> None:
    """By the rule of each fee's own service. Nothing is asked of the database where no service of the case has such a rule."""
    whole = service_of(work, case)
    if part is None and not (whole and (whole.life_event or (whole.fee and why in whole.fee.refund_on))):
        return
    for fee in ledger.of_case(work, case["case_id"]):
        service = _service(work, case, fee["step_run_id"])
        rule = service.fee if service and part in (None, service.id) else None
        if rule and why in rule.refund_on and (outcome is None or outcome in rule.refusals):
            feework.give_back(work, fee, why=why)


def to_go_back(work: Work, events: list[Event]) -> None:
    """Something goes back: cash waits for somebody at a counter, the rest leaves through the provider it came by."""
    for event in events:
        row = ledger.entry_of(work, event.case_id, UUID(event.data["payment"]))
        assert row is not None
        if row["way"] == "cash":
            _by_hand(work, event)
        else:
            outgoing.place(work, event.case_id, provider=row["provider"], do="pay-back", payment=row["id"], of=UUID(event.data["of"]))


def payment_begun(work: Work, events: list[Event]) -> None:
    """A card payment was begun: where nothing is heard of it, its provider is asked."""
    for event in events:
        timers.arm(work, event.case_id, kind="payment", subject=UUID(event.data["payment"]), due_at=work.now + card.ASKED_AFTER[0])


def ask(work: Work, timer: Row) -> None:
    """A card payment was not made as far as we know: its provider is asked, and asked again later. Who was declined may have paid on the same page since."""
    row = ledger.entry_of(work, timer["case_id"], timer["subject"])
    if row is None or row["status"] == "made":
        return
    again = card.asked(work, row)
    outgoing.place(work, timer["case_id"], provider=row["provider"], do="ask", payment=row["id"])
    if again is not None:
        timers.move(work, timer["case_id"], row["id"], kind="payment", due_at=row["begun_at"] + again)


def paid_back(work: Work, events: list[Event]) -> None:
    """It has gone back: the party is told, and nobody needs to do it by hand."""
    for event in events:
        task = worklist.of_kind(work, event.case_id, BY_HAND, event.data["payment"])
        if task is not None:
            worklist.cancel(work, event.case_id, why="paid back", only=task["id"])
        tell(work, registry.case_of(work, event.case_id), "fee-refunded", **_sum(event), receipt=event.data["receipt"])


def not_paid_back(work: Work, events: list[Event]) -> None:
    """It could not go back by the way it came: people of the agency find another."""
    for event in events:
        _by_hand(work, event)


def _by_hand(work: Work, event: Event) -> None:
    case = registry.case_of(work, event.case_id)
    agency = work.catalogue.agencies[event.agency or case["agency"]]
    put_task(work, case, agency, kind=BY_HAND, step=event.data["payment"], step_run=None, queue=None)


def by_hand_done(work: Work, event: Event) -> None:
    """Somebody says it went back another way. What waits to be paid out in cash is paid out against a receipt, and its task ends by that."""
    row = ledger.entry_of(work, event.case_id, UUID(event.step or ""))
    if row is not None and row["status"] == "open":
        raise IllegalMove("Pay it out first: POST /api/v1/fees/{id}/payout; this task then ends by itself.")


def proposed(work: Work, events: list[Event]) -> None:
    """A proposal waits for a second person, but not for ever."""
    for event in events:
        row = proposals.proposal_of(work, event.case_id, UUID(event.data["proposal"]))
        timers.arm(work, event.case_id, kind="proposal", subject=row["id"], due_at=row["expires_at"])


def proposal_ended(work: Work, events: list[Event]) -> None:
    """Nothing waits for it any more."""
    for event in events:
        timers.disarm(work, event.case_id, UUID(event.data["proposal"]))


def expire(work: Work, timer: Row) -> None:
    """No second person looked at it in time."""
    proposals.expire(work, proposals.proposal_of(work, timer["case_id"], timer["subject"]))


def _sum(event: Event) -> dict[str, Any]:
    return {"amount": event.data["amount"], "currency": event.data["currency"]}
