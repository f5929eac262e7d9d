"""A file comes in: looked at, kept in the store before anything is written down, then a row and an event of its case."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from portal.cases import asks, registry
from portal.cases.moves import ENDED
from portal.documents import ledger
from portal.documents.kinds import Kind, NotTaken, kind_of
from portal.documents.names import plain_name
from portal.documents.stores import store_of
from portal.errors import IllegalMove, Invalid, Unavailable
from portal.unit_of_work import RELAY, Portal, Row, Work
from portal.vault import items
from portal.wire.store import StoreAway

#: Kind of the vault item with a document's name and SHA-256.
ITEM = "document"
#: Seconds after which a file that no row names is one whose request never came to its end.
FORGOTTEN = 24 * 3600.0
_SENDERS = {"party": "party", "staff": "staff", "agency": "agency"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that lies in the store, and that no row names yet."""

    name: str
    kind: Kind
    size: int
    digest: str
    kept_as: str


def keep(portal: Portal, content: bytes, name: str | None) -> Upload:
    """Looks at a file and keeps it, with no transaction open. Invalid says why it is not taken; Unavailable where the store is away or full."""
    try:
        kind = kind_of(content)
    except NotTaken as why:
        raise Invalid(str(why), errors=[{"pointer": "/file", "detail": str(why)}]) from why
    try:
        kept_as = store_of(portal.settings).keep(content)
    except StoreAway as away:
        raise Unavailable("Files cannot be kept just now. Nothing was taken: send it again in a moment.", retry_after=30) from away
    return Upload(plain_name(name, kind.ending), kind, len(content), sha256(content).hexdigest(), kept_as)


def drop(portal: Portal, upload: Upload) -> None:
    """What was kept is needed no more: its request was refused, or had come before."""
    try:
        store_of(portal.settings).forget(upload.kept_as)
    except StoreAway:
        return  # `tidy` finds it


def take(
    work: Work, case_id: UUID, upload: Upload, *, original: bool = False, replaces: UUID | None = None, channel: str = "web", sender: str | None = None
) -> Row:
    """Writes it down on a case in hand; who was asked for something has answered with it. `DocumentReceived`. IllegalMove where the case has ended."""
    case = registry.case_of(work, case_id)
    if case["status"] in ENDED:
        raise IllegalMove("The case is %(status)s: no more files can be added. Write a message instead.", values={"status": case["status"]})
    item, commitment = items.put(work, case_id, ITEM, {"name": upload.name, "sha256": upload.digest})
    sender = sender or _SENDERS.get(work.principal.scope, "party")
    given = ledger.Received(
        item=item,
        commitment=commitment,
        media_type=upload.kind.media_type,
        size=upload.size,
        kept_as=upload.kept_as,
        original=original,
        sender=sender,
        channel=channel,
        replaces=replaces,
    )
    row = ledger.receive(work, case_id, given)
    if sender == "party":
        asks.replied(work, case, frozenset())
    return row


def tidy(portal: Portal, *, older_than: float = FORGOTTEN) -> int:
    """Removes files that lie in the store and that no row names: their requests were refused, or died on the way. How many."""
    store, gone = store_of(portal.settings), 0
    try:
        some = list(store.names(older_than=older_than))
        with portal.work(RELAY) as work:
            known = {name for (name,) in work.sql("SELECT kept_as FROM documents WHERE kept_as = ANY(%s)", (some,))} if some else set()
        for name in some:
            if name not in known:
                store.forget(name)
                gone += 1
    except StoreAway:
        return gone
    return gone
