"""Documents on their way to the scanner, and its word on them."""

from __future__ import annotations

from dataclasses import dataclass

from portal.documents import ledger
from portal.documents.stores import store_of
from portal.errors import NotFound
from portal.outbox.claims import Claim
from portal.plugins.agency import Refusal
from portal.settings import Settings
from portal.unit_of_work import Work
from portal.wire import clamd


@dataclass(frozen=True, slots=True)
class File:
    """One file that is to be looked at."""

    kept_as: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The scanner's verdict."""

    verdict: ledger.Verdict
    #: As of a receipt: a scanner gives no names.
    remote_id: str | None = None


def prepared(work: Work, claim: Claim) -> File | Refusal:
    """The file of a row whose case is in hand."""
    try:
        return File(ledger.document_of(work, claim.case_id, claim.subject)["kept_as"])
    except NotFound:
        return Refusal("the document is not there any more", retry=False, code="no-document")


def call(ready: File, settings: Settings) -> Looked | Refusal:
    """Reads the file and asks the scanner; no transaction is open meanwhile."""
    if not settings.scanner:
        return Refusal("no scanner is set: SCANNER names clamd", retry=True, code="no-scanner")
    try:
        return Looked(clamd.scan(settings.scanner, store_of(settings).read(ready.kept_as)))
    except FileNotFoundError:
        return Looked("unreadable")
    except OSError as away:
        return Refusal(f"the store of files does not answer ({type(away).__name__})", retry=True, code="store-away")
    except clamd.ScannerAway as away:
        return Refusal(f"the scanner: {away}", retry=True, code="scanner-away")


def told(work: Work, claim: Claim, outcome: Looked) -> None:
    """The verdict, written down."""
    ledger.scanned(work, claim.case_id, claim.subject, outcome.verdict)


def given_up(work: Work, claim: Claim) -> None:
    """Nobody could look at it in all that time: it stays closed, and its sender is told."""
    ledger.scanned(work, claim.case_id, claim.subject, "unreadable")
