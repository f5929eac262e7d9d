"""Which languages every text of a definition must have, and what a language code looks like."""

from __future__ import annotations

import re

#: A text that lacks one of these is refused; further languages are welcome.
REQUIRED = ("en", "fr")

#: BCP 47 (RFC 5646) primary subtag, lower case.
_CODE = re.compile(r"[a-z]{2,3}")


def is_language(code: str) -> bool:
    """Whether it looks like a primary language subtag; the registry itself is not asked."""
    return _CODE.fullmatch(code) is not None
