"""What people type where there are no boxes (a text message, a mail, a form of another city's app), read as an answer to a question.

Only the form is read here; what may be an answer, and what is said of one that may not, is for the rules all channels share.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from portal.catalogue.definitions import Field, Service
from portal.catalogue.words import tokens

_YES = frozenset({"yes", "y", "oui", "o", "si", "s", "ja", "true", "1", "نعم", "ايوه"})
_NO = frozenset({"no", "n", "non", "nee", "nein", "false", "0", "2", "لا"})
_SAYS = {"en": ("Yes", "No"), "fr": ("Oui", "Non"), "ar": ("نعم", "لا"), "es": ("Sí", "No")}
_DATE = re.compile(r"(\d{1,2})\s*[./\- ]\s*(\d{1,2})\s*[./\- ]\s*(\d{4})")
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ][\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?")
#: Between several choices.
_APART = re.compile(r"\s*[,;/\n،؛]\s*|\s+(?:and|et|y|و)\s+")


def yes_no(language: str) -> dict[str, str]:
    """Value -> word of a question that is answered by yes or no."""
    yes, no = _SAYS.get(language.partition("-")[0], _SAYS["en"])
    return {"true": yes, "false": no}


def read(field: Field, said: Any, language: str) -> Any:
    """The value as intake takes it. What cannot be one is passed on as it was said, and refused there."""
    if isinstance(said, list):
        return _several(field, said, language) if field.type == "choices" else said[0] if len(said) == 1 else said
    if not isinstance(said, str):
        return said
    if field.type in ("text", "long-text", "address"):
        return said
    plain = figures(said).strip()
    if field.type == "choices":
        return _several(field, [said] if _choice(field, said, language) in _ids(field) else [one for one in _APART.split(said) if one], language)
    if field.type == "choice":
        return _choice(field, said, language)
    if field.type == "boolean":
        return _boolean(plain)
    if field.type == "date":
        return _date(plain)
    if field.type == "integer":
        return re.sub(r"(?<=\d)[\s\u00a0\u202f](?=\d{3}\b)", "", plain)
    return plain.replace("\u066b", ".").replace(",", ".") if field.type == "decimal" else plain


def read_all(service: Service, said: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The same for all answers; one to a question there is not is passed on."""
    fields = {field.id: field for field in service.fields}
    return {id: read(fields[id], value, language) if id in fields else value for id, value in said.items()}


def figures(text: str) -> str:
    """Figures of any script as 0 to 9: people write theirs."""
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() and not letter.isascii() else letter for letter in text)


def _ids(field: Field) -> set[str]:
    return {option.id for option in field.options}


def _several(field: Field, said: list[Any], language: str) -> list[Any]:
    return [_choice(field, one, language) if isinstance(one, str) else one for one in said]


def _choice(field: Field, said: str, language: str) -> str:
    """An id, its number in the list, or its words in any language; the reader's own go first."""
    wanted = said.strip()
    if wanted in _ids(field):
        return wanted
    number = figures(wanted).rstrip(".)")
    if number.isascii() and number.isdigit() and len(number) < 4 and 1 <= int(number) <= len(field.options):
        return field.options[int(number) - 1].id
    folded = tokens(wanted)
    for first in (True, False):
        for option in field.options:
            if folded and any(tokens(text) == folded for code, text in option.title.items() if (code == language) is first):
                return option.id
    return wanted


def _boolean(said: str) -> Any:
    word = "".join(tokens(said)) or said.casefold()
    return True if word in _YES else False if word in _NO else said


def _date(said: str) -> str:
    if found := _ISO.fullmatch(said):
        return found[1]
    if found := _DATE.fullmatch(said):
        return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    return said
