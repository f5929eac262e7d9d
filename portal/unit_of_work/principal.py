"""On whose behalf a unit of work reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

#: Among a champion's services: all of them, and what has found no service yet.
EVERY = "*"

#: What a representative may do: see; write too; take back and object too. None on a principal: it stands there for itself.
Mandate = Literal["read", "act", "all"]

Scope = Literal["anonymous", "party", "staff", "champion", "admin", "agency", "engine", "relay", "figures", "reader", "learner", "across"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `subject` is a pseudonym (`issuer|sub`), never an e-mail address."""

    scope: Scope
    subject: str | None = None
    agencies: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    #: Services a champion answers for, or EVERY; none: sees no case.
    services: tuple[str, ...] = ()
    #: Cases a party proved by secret or by standing on them.
    cases: tuple[UUID, ...] = ()
    #: Of a party that stands on the case for somebody else: what it may do.
    mandate: Mandate | None = None
    #: As people call a member of staff; it signs letters and stands in no event.
    name: str | None = None
    #: Of a party that is there: the member of staff who acts for it; events name both.
    through: str | None = None
    #: What a sign-in rests on: digest of the session (or empty), version of the person's row (or empty). Held against the database when a unit opens.
    proof: tuple[str, str] | None = None
    #: Action of the permission table it asks for; says what a look at a case was for.
    action: str | None = None

    @property
    def actor(self) -> str:
        """How events name it."""
        if self.scope in ("anonymous", "party"):
            return f"party through staff:{self.through}" if self.through else "party"
        if self.scope in ("engine", "relay", "figures", "learner", "reader"):
            return "portal"
        if self.scope == "agency":
            return f"agency:{self.agencies[0]}"
        return f"staff:{self.subject}"

    @property
    def key_space(self) -> str:
        """Name under which its Idempotency-Keys are kept."""
        return self.subject or (",".join(map(str, self.cases)) if self.cases else self.scope)


ANONYMOUS = Principal("anonymous")
ENGINE = Principal("engine")
RELAY = Principal("relay")
FIGURES = Principal("figures")
#: Reads what parties said in their own words, and nothing else.
LEARNER = Principal("learner")
#: The portal itself, where it looks over all cases and writes none.
READER = Principal("reader")
