"""What to do about an answer that cannot be taken: the same words on every channel. Texts stand in `portal/pages/translations`."""

from __future__ import annotations

from collections.abc import Callable

from portal.catalogue.definitions import Field

#: English -> the reader's language.
Words = Callable[[str], str]


def needed(field: Field, words: Words) -> str:
    """What to do about an answer that is not there."""
    if field.type in ("choice", "choices", "boolean"):
        return words("Choose an answer.")
    return words("Fill this in: we cannot go on without it.")


def advice(field: Field, words: Words) -> str:
    """What to do about an answer that cannot be taken."""
    if field.type in ("integer", "decimal"):
        return _number(field, words)
    says = {
        "date": words("Enter a date that exists, with day, month and year, such as 27 3 2026."),
        "email": words("Enter an e-mail address such as name@example.org."),
        "phone": words("Enter a telephone number with its country, such as +32 2 123 45 67."),
    }
    if field.type in ("text", "long-text", "address"):
        return words("Shorten this to %(n)s characters, without signs that cannot be printed.") % {"n": field.max_length}
    return says.get(field.type) or words("Choose one of the answers below.")


def _number(field: Field, words: Words) -> str:
    if field.minimum is not None and field.maximum is not None:
        return words("Enter a number from %(least)s to %(most)s.") % {"least": field.minimum, "most": field.maximum}
    if field.minimum is not None:
        return words("Enter a number of %(least)s or more.") % {"least": field.minimum}
    if field.maximum is not None:
        return words("Enter a number of %(most)s or less.") % {"most": field.maximum}
    return words("Enter a number, in figures.")
