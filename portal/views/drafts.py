"""The way to a saved draft: reference and secret, or who keeps it. What has expired, is somebody else's, or never was, is one answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.access.scoping import visible
from portal.cases import reference as references
from portal.cases import registry
from portal.errors import NotFound
from portal.unit_of_work import ANONYMOUS, Portal, Work
from portal.vault import saved
from portal.views import entry

#: Drafts of one person that are listed.
LISTED = 50


def proved(portal: Portal, reference: str, given: str, *, sender: str) -> UUID:
    """Its id, for whoever has the secret: wrong ones are counted and locked as those of cases are. WrongReference, NotFound, TooMany."""
    return entry.prove(portal, ANONYMOUS, reference, given, sender=sender).cases[0]


def named(work: Work, reference: str) -> UUID:
    """The id behind a reference, whatever it is of; who may open it is asked next."""
    return registry.find(work, references.read(reference))[0]


def is_draft(portal: Portal, id: UUID) -> bool:
    """Whether what a secret has opened is a draft that is there."""
    with portal.work(ANONYMOUS) as work:
        work.narrow([id])
        try:
            return bool(saved.row_of(work, id)["status"] == "open")
        except NotFound:
            return False


def kept_by(work: Work) -> list[dict[str, Any]]:
    """Drafts of somebody who signed in, the newest change first."""
    return work.run(visible(work, saved.of_subject(str(work.principal.subject), work.now, limit=LISTED)))
