"""What a change would come to: it is done, with all that follows from it, in a unit that is then left without writing anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from portal.unit_of_work import Portal, Principal, Work

Told = TypeVar("Told")


class _Seen(Exception):
    """Ends a unit without writing."""


def tried(portal: Portal, who: Principal, act: Callable[[Work], None], tell: Callable[[Work], Told]) -> Told:
    """What `tell` reads after `act` and its reactions, before anything of it is written. What `act` refuses is refused here too."""
    found: list[Told] = []
    try:
        with portal.work(who) as work:
            act(work)
            work.settle()
            found.append(tell(work))
            raise _Seen
    except _Seen:
        pass
    return found[0]
