"""What somebody wrote in answer to a mail: the words without what they answer, and answers to questions by their labels, in any language. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from portal.catalogue.definitions import Field
from portal.catalogue.words import tokens

#: Lines by which mail programs begin what is answered; everything after them is older.
_OLDER = re.compile(
    r"\s*(-{2,}\s*(original message|message d'origine|mensaje original|forwarded message|الرسالة الأصلية).*|_{10,}\s*"
    r"|(on|le|el|am|op)\b.{4,200}\b(wrote|écrit|a écrit|escribió|schrieb|schreef)\s*:\s*|.{0,200}\bكتب.{0,40}:\s*)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\s*(>\s?)+")
_APART = " \t:\uff1a=\u2013-"


def own_words(text: str) -> str:
    """Without quoted lines, without older mails below, without a signature."""
    kept = []
    for line in text.split("\n"):
        if line.rstrip() in ("--", "-- ") or _OLDER.fullmatch(line):
            break
        if not _QUOTED.match(line):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def answers(text: str, fields: Iterable[Field], asked: Iterable[str]) -> dict[str, str]:
    """Field -> what was said: on the line that begins with its question, below it, or below it quoted. One question alone is answered by all words."""
    known, wanted = list(fields), list(asked)
    found: dict[str, list[str]] = {}
    present: str | None = None
    for line in text.split("\n"):
        if line.rstrip() in ("--", "-- "):
            break
        quoted = _QUOTED.match(line)
        plain = (line[quoted.end() :] if quoted else line).strip(" \t*•·\u200f\u200e")
        label = _label(plain, known)
        if label is not None:
            present, rest = label
            found.setdefault(present, [])
            if rest and not quoted:
                found[present].append(rest)
        elif quoted or _OLDER.fullmatch(line):
            present = None
        elif present is not None and plain:
            found[present].append(plain)
        elif not plain and present is not None and found[present]:
            present = None
    said = {name: "\n".join(lines).strip() for name, lines in found.items() if lines}
    words = own_words(text)
    if not said and len(wanted) == 1 and words:
        return {wanted[0]: words.split("\n\n")[0]}
    return said


def _label(line: str, fields: list[Field]) -> tuple[str, str] | None:
    """The question a line begins with, and what follows it."""
    folded = _folded(line)
    names = ((field.id, name) for field in fields for name in (*field.title.values(), field.id))
    for id, name in sorted(names, key=lambda one: -len(one[1])):
        start = _folded(name)
        if folded.startswith(start) and (len(folded) == len(start) or not folded[len(start)].isalnum()):
            return id, line[len(name) :].strip(_APART)
        before, mark, after = line.partition(":")
        if mark and tokens(before) and tokens(before) == tokens(name):
            return id, after.strip(_APART)
    return None


def _folded(text: str) -> str:
    """Same length, letters made comparable: case and the many apostrophes."""
    return "".join(letter.casefold()[:1] or letter for letter in unicodedata.normalize("NFC", text)).replace("\u2019", "'").replace("\u00a0", " ")


def read(fields: Iterable[Field], said: Mapping[str, str], reader: Any, language: str) -> dict[str, Any]:
    """Values as intake takes them, of several lines only where the question takes several."""
    kinds = {field.id: field for field in fields}
    values = {}
    for name, words in said.items():
        field = kinds[name]
        one_line = words if field.type in ("long-text", "address", "text", "choices") else words.split("\n")[0]
        values[name] = reader(field, one_line, language)
    return values
