"""Card payments on their way out: a page opened for the citizen, a question what became of a payment, money that goes back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.cases.registry import case_of
from portal.catalogue.definitions import Agency
from portal.dispatch.handover import carried
from portal.dispatch.reach import filled
from portal.dispatch.words import said
from portal.errors import Conflict, IllegalMove
from portal.fees import card, ledger
from portal.outbox.claims import Claim
from portal.plugins import discovery
from portal.plugins.agency import HttpCall, Receipt, Refusal
from portal.plugins.payment import Page, Payment, Provider, Report, Return
from portal.settings import Settings
from portal.unit_of_work import Portal, Principal, Row, Work
from portal.wire.http import Guard


class CardAway(Conflict):
    """The provider of card payments does not answer just now. Nothing was lost: try again in a moment, or pay at the counter."""

    slug = "card-away"


class CardRefused(Conflict):
    """This cannot be paid by card just now. Pay it at the counter, or write to us."""

    slug = "card-refused"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a provider, ready to leave."""

    provider: Provider
    what: HttpCall
    account: str
    key: str
    do: str


def guard_of(portal: Portal) -> Guard:
    """Where calls to providers may go."""
    addresses = [found for agency in portal.catalogue.agencies.values() if (found := endpoint(agency, portal.settings))]
    return Guard.of(addresses, local=portal.settings.mode in ("local", "test"))


def endpoint(agency: Agency, settings: Settings) -> str | None:
    """The address of the agency's provider with `${SETTING}` filled in; None where it has none, or a setting it names is empty."""
    return filled(agency.card.endpoint, settings) if agency.card else None


def prepared(work: Work, claim: Claim) -> Call | Refusal:
    """What is to leave for a row whose case is in hand."""
    row = ledger.entry_of(work, claim.case_id, claim.subject)
    agency = work.catalogue.agencies.get(row["agency"]) if row else None
    at = endpoint(agency, work.portal.settings) if agency else None
    if row is None or agency is None or agency.card is None or at is None:
        return Refusal("the agency takes no card payments any more", retry=False, code="no-provider")
    provider = discovery.provider(agency.card.provider)
    if claim.body["do"] == "ask":
        return Call(provider, provider.ask(str(row["id"]), at), agency.card.account, str(row["id"]), "ask")
    came = ledger.entry_of(work, claim.case_id, UUID(claim.body["of"]))
    if came is None or came["remote_id"] is None:
        return Refusal("the provider never named the payment this was part of", retry=False, code="no-payment")
    back = Return(key=str(row["id"]), remote_id=came["remote_id"], amount=row["amount"], currency=row["currency"], endpoint=at)
    return Call(provider, provider.pay_back(back), agency.card.account, str(row["id"]), "pay-back")


def call(ready: Call, guard: Guard, settings: Settings) -> Report | Receipt | Refusal:
    """Sends it and reads the answer; no transaction is open meanwhile."""
    answer = carried(ready.what, guard, settings, ready.account, ready.key)
    if isinstance(answer, Refusal):
        return answer
    return ready.provider.told(answer) if ready.do == "ask" else ready.provider.paid_back(answer)


def told(work: Work, claim: Claim, outcome: Report | Receipt) -> None:
    """What the provider answered, written down."""
    row = ledger.entry_of(work, claim.case_id, claim.subject)
    if row is None:
        return
    fee = ledger.fee_of(work, claim.case_id, row["fee_id"])
    if isinstance(outcome, Report):
        what = {"amount": outcome.amount, "currency": outcome.currency, "remote_id": outcome.remote_id}
        if outcome.key == str(row["id"]):
            card.heard(work, fee, row, status=outcome.status, **what)  # type: ignore[arg-type]
    elif row["status"] == "open":
        ledger.paid_back(work, fee, row, remote_id=outcome.remote_id)


def given_up(work: Work, claim: Claim, code: str) -> None:
    """It could not leave. A question is asked again by its timer; money that cannot go back is put before people."""
    row = ledger.entry_of(work, claim.case_id, claim.subject)
    if row is not None and row["kind"] == "refund" and row["status"] == "open":
        ledger.not_paid_back(work, ledger.fee_of(work, claim.case_id, row["fee_id"]), row, why=code)


def open_page(portal: Portal, who: Principal, case_id: UUID, fee_id: UUID | None) -> Row:
    """The party pays a fee by card: the payment, with the page it is paid on. One is open at a time; asking again gives the same one."""
    with portal.work(who) as work:
        work.narrow([case_id])
        fee = _fee(work, case_id, fee_id)
        agency = work.catalogue.agencies[fee["agency"]]
        at = endpoint(agency, portal.settings)
        if agency.card is None or at is None:
            raise CardRefused("This agency takes no card payments. Pay at its counter.")
        row = card.begin(work, fee, provider=agency.card.account)
        order = _order(work, row, fee, agency, at)
    if row["pay_at"]:
        return row
    provider = discovery.provider(agency.card.provider)
    answer = carried(provider.prepare(order), guard_of(portal), portal.settings, agency.card.account, order.key)
    found = answer if isinstance(answer, Refusal) else provider.read(answer)
    return _opened(portal, who, case_id, row["id"], found)


def _opened(portal: Portal, who: Principal, case_id: UUID, id: UUID, found: Page | Refusal) -> Row:
    with portal.work(who) as work:
        work.narrow([case_id])
        row = ledger.entry_of(work, case_id, id)
        assert row is not None
        if isinstance(found, Page):
            card.placed(work, row, pay_at=found.pay_at)
        elif not found.retry and row["status"] == "open":
            card.failed(work, ledger.fee_of(work, case_id, row["fee_id"]), row, why=found.code)
    if isinstance(found, Refusal):
        raise CardAway(retry_after=5) if found.retry else CardRefused
    return row


def _fee(work: Work, case_id: UUID, fee_id: UUID | None) -> Row:
    if fee_id is not None:
        return ledger.fee_of(work, case_id, fee_id)
    due = [fee for fee in ledger.of_case(work, case_id) if fee["status"] == "due"]
    if not due:
        raise IllegalMove("Nothing is due on this request.")
    return due[0]


def _order(work: Work, row: Row, fee: Row, agency: Agency, at: str) -> Payment:
    case, settings = case_of(work, fee["case_id"]), work.portal.settings
    service = work.catalogue.services.get(fee["service"] or "")
    title = (service.fee.title if service and service.fee and service.fee.title else None) or (service.title if service else agency.title)
    return Payment(
        key=str(row["id"]),
        amount=row["amount"],
        currency=row["currency"],
        title=said(title, case["language"], settings.default_language),
        language=case["language"],
        endpoint=at,
        return_url=f"{settings.public_url}/cases/{case['reference']}",
        callback_url=f"{settings.public_url}/api/v1/payments/{row['provider']}/callbacks",
    )
