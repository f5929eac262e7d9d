"""One transaction, one moment, many cases: their events, then their reactions."""

from portal.events.log import Event
from portal.unit_of_work.idempotency import Answer, Repeatable
from portal.unit_of_work.portal import Portal, keep_for_good
from portal.unit_of_work.principal import ANONYMOUS, ENGINE, EVERY, FIGURES, LEARNER, READER, RELAY, Mandate, Principal
from portal.unit_of_work.rows import Row
from portal.unit_of_work.work import Reaction, Work

__all__ = [
    "ANONYMOUS",
    "ENGINE",
    "EVERY",
    "FIGURES",
    "LEARNER",
    "READER",
    "RELAY",
    "Answer",
    "Event",
    "Mandate",
    "Portal",
    "Principal",
    "Reaction",
    "Repeatable",
    "Row",
    "Work",
    "keep_for_good",
]
