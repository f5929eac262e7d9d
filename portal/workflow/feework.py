"""What officials do with a fee: waive it, pay it back, confirm or refuse what a colleague proposed."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from portal.cases import findings, registry
from portal.catalogue.definitions import Service, Step
from portal.catalogue.pricing import Price, price
from portal.errors import IllegalMove, Invalid
from portal.fees import ledger, proposals
from portal.unit_of_work import Row, Work
from portal.vault import items
from portal.workflow import waiting
from portal.workflow.counter import demand_agency

WORDS_LIMIT = 10_000


def begin(work: Work, case: Row, step: Step, step_run: UUID, service: Service, facts: dict[str, Any], *, agency: str) -> str | None:
    """A fee step began: the fee is due (None), or the step ends with this outcome. TableFails where nobody can tell the amount yet."""
    found: Price | None = price(service, facts)
    if found is not None and found.found is not None:
        findings.told(work, case["case_id"], found.found, "fee", agency=agency)
    if found is None or found.amount == 0:
        return "none"
    pay_by = waiting.reply_date(work, agency, step.within) if step.within else None
    told: dict[str, Any] = {"amount": found.amount, "currency": found.currency, "pay_by": pay_by}
    ledger.due(work, case["case_id"], step_run_id=step_run, step=step.id, agency=agency, service=service.id, **told)
    return None


def waive(work: Work, case_id: UUID, fee_id: UUID, *, law: str, words: str) -> Row | None:
    """Waives a fee of a case in hand, by law and with reasons; above the agency's limit the proposal of it, for a second person."""
    fee = _mine(work, case_id, fee_id)
    if fee["status"] != "due":
        raise IllegalMove(f"Only a fee that is due can be waived; this one is {fee['status']}. What was paid can be paid back.")
    return _decide(work, fee, "waiver", fee["amount"], law=law, words=words)


def refund(work: Work, case_id: UUID, fee_id: UUID, *, amount: int | None, currency: str | None, law: str, words: str) -> Row | None:
    """Pays back all that is left of a fee, or so much of it; above the agency's limit the proposal of it, for a second person."""
    fee = _mine(work, case_id, fee_id)
    left = ledger.refundable(fee)
    if left == 0:
        raise IllegalMove(f"There is nothing to pay back: this fee is {fee['status']}.")
    wanted = left if amount is None else ledger.amount_of(amount, currency, fee)
    if wanted > left:
        raise Invalid(errors=[{"pointer": "/amount", "detail": f"At most {left} minor units can be paid back of this fee."}])
    return _decide(work, fee, "refund", wanted, law=law, words=words)


def _decide(work: Work, fee: Row, kind: Literal["waiver", "refund"], amount: int, *, law: str, words: str) -> Row | None:
    official = str(work.principal.subject)
    item, _ = items.put(work, fee["case_id"], "reasons", _short(words))
    limit = work.catalogue.agencies[fee["agency"]].second_person_above
    if limit is not None and amount > limit:
        return proposals.propose(work, fee, kind=kind, amount=amount, law=law, words=item, official=official)
    proposals.moot(work, fee)
    if kind == "waiver":
        ledger.waive(work, fee, law=law, words=item, official=official)
    else:
        ledger.refund(work, fee, amount=amount, why=law, words=item, official=official)
    return None


def confirm(work: Work, case_id: UUID, id: UUID) -> Row:
    """The second person agrees with a proposal."""
    row = proposals.proposal_of(work, case_id, id)
    demand_agency(work, row["agency"])
    proposals.confirm(work, row, official=str(work.principal.subject))
    return row


def refuse(work: Work, case_id: UUID, id: UUID) -> Row:
    """Somebody of the agency does not agree with a proposal, or takes it back."""
    row = proposals.proposal_of(work, case_id, id)
    demand_agency(work, row["agency"])
    proposals.refuse(work, row, official=str(work.principal.subject))
    return row


def give_back(work: Work, fee: Row, *, why: str) -> None:
    """What was paid goes back by the rule of the definition: all that is left of it."""
    if ledger.refundable(fee) > 0 and fee["status"] == "paid":
        proposals.moot(work, fee)
        ledger.refund(work, fee, amount=ledger.refundable(fee), why=why, official=None)


def _mine(work: Work, case_id: UUID, fee_id: UUID) -> Row:
    fee = ledger.fee_of(work, case_id, fee_id)
    demand_agency(work, fee["agency"])
    registry.case_of(work, case_id)
    return fee


def _short(words: str) -> str:
    if not words.strip() or len(words) > WORDS_LIMIT:
        raise Invalid(errors=[{"pointer": "/words", "detail": f"Write why, in at most {WORDS_LIMIT} characters."}])
    return words
