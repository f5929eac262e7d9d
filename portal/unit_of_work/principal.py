"""On whose behalf a unit of work reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Scope = Literal["anonymous", "party", "staff", "champion", "admin", "agency", "engine", "relay", "figures"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `subject` is a pseudonym (`issuer|sub`), never an e-mail address."""

    scope: Scope
    subject: str | None = None
    agencies: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    #: Cases a party proved by secret or by standing on them.
    cases: tuple[UUID, ...] = ()
    #: As people call a member of staff; it signs letters and stands in no event.
    name: str | None = None
    #: What a sign-in rests on: digest of the session (or empty), version of the person's row (or empty). Held against the database when a unit opens.
    proof: tuple[str, str] | None = None

    @property
    def actor(self) -> str:
        """How events name it."""
        if self.scope in ("anonymous", "party"):
            return "party"
        if self.scope in ("engine", "relay", "figures"):
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
