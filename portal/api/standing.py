"""What an asker can prove of the case an address names: by its secret, or by standing on it."""

from __future__ import annotations

from portal.unit_of_work import Portal, Principal
from portal.views import entry


def standing(portal: Portal, who: Principal, reference: str, secret: str | None, *, sender: str = "") -> Principal:
    """`who`, with the case in `cases` and the scope `party` where the secret or the party's standing proves it; else `who` unchanged.

    Called once a request, for addresses with `<reference>` and askers that are anonymous or citizens. Wrong secrets count against the
    `sender` of the request (its address or network), and in a wider measure against the reference.
    """
    return entry.prove(portal, who, reference, secret, sender=sender)
