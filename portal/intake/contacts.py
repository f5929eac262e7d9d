"""How a party can be reached, as it was given: cleaned, or refused with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.errors import Invalid
from portal.intake import answers as rules


def contact_of(given: Mapping[str, Any]) -> dict[str, str]:
    """How a party can be reached, cleaned. Invalid with a pointer for each value that cannot be taken."""
    errors, taken = [], {}
    for name, value in given.items():
        if value in (None, ""):
            continue
        try:
            taken[name] = {"email": rules.email, "phone": rules.phone}[name](None, value) if name in ("email", "phone") else rules.plain(str(value), limit=500)
        except rules.Wrong as wrong:
            errors.append({"pointer": f"/contact/{name}", "detail": str(wrong)})
    if errors:
        raise Invalid(errors=errors)
    return taken
