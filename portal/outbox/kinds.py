"""What notices there are: how much hangs on each, and whether it may wake somebody. Who adds a template adds its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

#: `statutory`: the law demands that it arrives, whatever somebody asked for. `needed`: something hangs on it for who gets it. `courtesy`: it may be ended.
Weight = Literal["statutory", "needed", "courtesy"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice."""

    weight: Weight
    #: It leaves at night too.
    urgent: bool = False
    #: It answers what its party did: who acted a moment ago is awake.
    answers: bool = False

    def wakes(self, placed_at: datetime, now: datetime) -> bool:
        """Whether it leaves in quiet hours too."""
        return self.urgent or (self.answers and now - placed_at < MOMENT)


#: How long a moment is.
MOMENT = timedelta(minutes=15)


#: Template -> what it is.
NOTICES: Mapping[str, Kind] = {
    "received": Kind("needed", answers=True),
    "routed": Kind("courtesy"),
    "asked": Kind("needed"),
    "reminder": Kind("needed"),
    "unclear": Kind("needed", answers=True),
    "message": Kind("needed"),
    "new-date": Kind("statutory"),
    "decided": Kind("statutory"),
    "objection-decided": Kind("statutory"),
    "replaced": Kind("statutory"),
    "remedy": Kind("statutory"),
    "right-of-appeal": Kind("statutory"),
    "redress": Kind("statutory"),
    "objection": Kind("needed", answers=True),
    "fee-due": Kind("statutory"),
    "fee-paid": Kind("courtesy"),
    "fee-waived": Kind("courtesy"),
    "fee-refunded": Kind("courtesy"),
    "document-unusable": Kind("needed"),
    "withdrawn": Kind("needed", answers=True),
    "closed": Kind("needed"),
    "followed": Kind("courtesy"),
    "daily": Kind("courtesy"),
    # To who proves an address, to duty persons, to people of an agency.
    "code": Kind("needed", urgent=True),
    "draft": Kind("needed"),
    "secret-renewed": Kind("needed", answers=True),
    "duty": Kind("statutory", urgent=True),
    "escalation": Kind("needed", urgent=True),
}


def kind(template: str) -> Kind:
    """What a template is; one nobody wrote a row for is needed, so that nothing is lost."""
    return NOTICES.get(template, Kind("needed"))
