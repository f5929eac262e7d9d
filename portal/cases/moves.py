"""The lifecycle of a case: each move, where it may start, where it leads."""

from __future__ import annotations

from dataclasses import dataclass

from portal.errors import IllegalMove


@dataclass(frozen=True)
class Move:
    """A verb: from which statuses to which."""

    verb: str
    start: frozenset[str]
    end: str


#: `received` nobody has begun; `in-progress` a journey runs; `waiting` for the party; `decided` there is a decision; the last two are ends.
STATUSES = ("received", "in-progress", "waiting", "decided", "closed", "withdrawn")
ENDED = frozenset({"closed", "withdrawn"})
OPEN = frozenset(STATUSES) - ENDED

MOVES = {
    move.verb: move
    for move in (
        Move("begin", frozenset({"received", "waiting"}), "in-progress"),
        Move("route", OPEN - {"decided"}, "in-progress"),
        Move("refer", OPEN - {"decided"}, "received"),
        Move("ask", frozenset({"received", "in-progress"}), "waiting"),
        Move("decide", frozenset({"received", "in-progress", "waiting"}), "decided"),
        Move("close", OPEN, "closed"),
        Move("withdraw", OPEN - {"decided"}, "withdrawn"),
    )
}


#: What is said of a status from which a move cannot start.
_CANNOT = {
    "begin": "A case that is %(status)s cannot be begun.",
    "route": "A case that is %(status)s cannot be given a service.",
    "refer": "A case that is %(status)s cannot be passed on.",
    "ask": "A case that is %(status)s cannot be put back to its party.",
    "decide": "A case that is %(status)s cannot be decided.",
    "close": "A case that is %(status)s cannot be closed.",
    "withdraw": "A case that is %(status)s cannot be withdrawn.",
}


def moved(verb: str, status: str) -> str:
    """The status after the move; IllegalMove where it cannot start from `status`."""
    move = MOVES[verb]
    if status not in move.start:
        raise IllegalMove(_CANNOT[verb], values={"status": status})
    return move.end
