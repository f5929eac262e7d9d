"""Words people of the staff write: neither empty nor without end."""

from __future__ import annotations

from portal.catalogue.words import says_nothing
from portal.errors import Invalid

#: Characters of reasons and notes.
WORDS_LIMIT = 10_000


def short(words: str, pointer: str = "/words") -> str:
    """The words; Invalid where there are none, or too many."""
    if says_nothing(words):
        raise Invalid(errors=[{"pointer": pointer, "detail": "Say it in words; blanks are none."}])
    if len(words) > WORDS_LIMIT:
        raise Invalid(errors=[{"pointer": pointer, "detail": f"This is longer than {WORDS_LIMIT} characters; please shorten it."}])
    return words
