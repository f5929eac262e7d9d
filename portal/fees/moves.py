"""What a fee can become: each move, where it may start, where it leads. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from portal.errors import IllegalMove


@dataclass(frozen=True)
class Move:
    """A verb: from which statuses to which; `says` of a fee to which it cannot be done."""

    start: frozenset[str]
    end: str
    says: str


#: `due` is owed; `paid` in full; `waived` by an official; `cancelled` owed no more; `refunded` in full.
STATUSES = ("due", "paid", "waived", "cancelled", "refunded")
SETTLED = frozenset(STATUSES) - {"due"}
MOVES = {
    "pay": Move(frozenset({"due"}), "paid", "Nothing is due any more: this fee is %(status)s."),
    "waive": Move(frozenset({"due"}), "waived", "Only a fee that is due can be waived; this one is %(status)s. What was paid can be paid back."),
    "cancel": Move(frozenset({"due"}), "cancelled", "Only a fee that is due can be cancelled; this one is %(status)s."),
    "refund": Move(frozenset({"paid"}), "paid", "Only what was paid can be paid back; this fee is %(status)s."),
    "refund-all": Move(frozenset({"paid"}), "refunded", "Only what was paid can be paid back; this fee is %(status)s."),
    #: A refund that could not be made is owed again.
    "return": Move(frozenset({"paid", "refunded"}), "paid", "Nothing of this fee goes back; it is %(status)s."),
}


def moved(verb: str, status: str) -> str:
    """The status after the move; IllegalMove where it cannot start from `status`."""
    move = MOVES[verb]
    if status not in move.start:
        raise IllegalMove(move.says, values={"status": status})
    return move.end
