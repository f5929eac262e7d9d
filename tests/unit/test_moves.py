"""The lifecycle: every illegal step is refused, every case can end."""

from __future__ import annotations

import pytest

from portal.cases.moves import ENDED, MOVES, STATUSES, moved
from portal.errors import IllegalMove


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("verb", sorted(MOVES))
def test_a_move_goes_where_the_table_says_or_is_refused(verb: str, status: str) -> None:
    if status in MOVES[verb].start:
        assert moved(verb, status) == MOVES[verb].end
    else:
        with pytest.raises(IllegalMove, match=status):
            moved(verb, status)


def test_nothing_leaves_an_end_and_every_status_can_reach_one() -> None:
    assert not any(ENDED & move.start for move in MOVES.values())
    reach = set(ENDED)
    while more := {status for move in MOVES.values() if move.end in reach for status in move.start} - reach:
        reach |= more
    assert reach == set(STATUSES)
