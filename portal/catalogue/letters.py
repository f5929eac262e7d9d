"""Letters: texts with `{{ PLACE }}`, filled in one pass. Nothing is computed, and what is filled in is never looked at again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import escape

from portal.catalogue.definitions import Letter, Text

#: What a letter may name, and what stands there then.
PLACES = {
    "reference": "the reference of the case",
    "service": "the title of the service",
    "outcome": "what was decided, in words",
    "reasons": "why, in the official's words",
    "conditions": "the conditions of a grant, one a line",
    "law": "the law it rests on",
    "official": "the name of who decided",
    "function": "where who decided works",
    "authority": "who decides in law",
    "mandate": "by which the official signs",
    "agency": "the agency",
    "contact": "how the agency is reached",
    "received_on": "the day of the receipt",
    "decided_on": "the day of the decision",
    "remedy": "what can be done against it, and until when",
    "name": "the name of the party",
    "address": "its address",
}
#: Before the id of a question of the service: its answer.
ANSWERS = "answers."

_PLACE = re.compile(r"\{\{ *([a-z][a-z0-9_.-]*) *\}\}")
#: Looks like a place, or like the logic of another language, and is neither.
_STRAY = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
#: Never shown: control characters, line ends of other systems, and what turns the direction of the words around it.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
#: Primary subtags of languages written from right to left.
RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
#: Said below a letter that is not in the language its reader asked for.
_INSTEAD = {
    "en": "We have no letter in the language you chose ({asked}); this one is in English. Call us and we will explain it.",
    "fr": "Nous n'avons pas de lettre dans la langue que vous avez choisie ({asked}) ; celle-ci est en français. Appelez-nous et nous vous l'expliquerons.",
    "es": "No tenemos una carta en el idioma que eligió ({asked}); esta está en español. Llámenos y se la explicaremos.",
    "ar": "ليست لدينا رسالة باللغة التي اخترتموها ({asked})؛ وهذه بالعربية. اتصلوا بنا ونشرحها لكم.",
}


@dataclass(frozen=True)
class Filled:
    """A letter as it goes: plain text, no markup."""

    language: str
    subject: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """Subject and paragraphs with a blank line between them."""
        return "\n\n".join((self.subject, *self.paragraphs)) + "\n"

    @property
    def html(self) -> str:
        """The same as an accessible page: it says its language and its direction, and every word of it is escaped."""
        side = "rtl" if self.language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
        body = "\n".join(f'<p dir="auto">{escape(one)}</p>'.replace("\n", "<br>") for one in self.paragraphs)
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(self.subject)}</title>'
        top = f'<!doctype html>\n<html lang="{escape(self.language)}" dir="{side}">\n<head>{head}</head>\n'
        return f'{top}<body><main><h1 dir="auto">{escape(self.subject)}</h1>\n{body}\n</main></body>\n</html>\n'


def places(text: str) -> Iterator[tuple[int, str]]:
    """Where (from 0) and which places a text names; what looks like one and is none comes with the characters that stand there."""
    at = 0
    for found in _PLACE.finditer(text):
        yield from _strays(text, at, found.start())
        yield found.start(), found[1]
        at = found.end()
    yield from _strays(text, at, len(text))


def known(place: str) -> bool:
    """True for a place of the list, and for the answer to any question."""
    return place in PLACES or (place.startswith(ANSWERS) and len(place) > len(ANSWERS))


def texts(letter: Letter) -> tuple[Text, ...]:
    """All texts of a letter, the subject first."""
    return (letter.subject, *letter.paragraphs)


def spoken(letter: Letter, language: str, default: str) -> str:
    """The language it can be written in as a whole: the one asked for, its primary subtag, the default, English."""
    whole = set.intersection(*(set(text) for text in texts(letter)))
    return next((one for one in (language, language.partition("-")[0], default) if one in whole), "en")


def fill(letter: Letter, language: str, values: Mapping[str, str], *, asked: str) -> Filled:
    """The letter in a language it has, each place filled with its value or nothing. `asked`: the language the reader wanted."""
    clean = {name: cleaned(value) for name, value in values.items()}
    paragraphs = tuple(filled for text in letter.paragraphs if (filled := _paragraph(text[language], clean)))
    if asked.partition("-")[0] != language.partition("-")[0]:
        paragraphs += (_INSTEAD.get(language, _INSTEAD["en"]).format(asked=cleaned(asked)),)
    return Filled(language, " ".join(_put(letter.subject[language], clean).split()), paragraphs)


def cleaned(value: str) -> str:
    """Words as they are shown: line ends unified, nothing unseen."""
    return _UNSEEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def _put(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: values.get(found[1], ""), text)


def _paragraph(text: str, values: Mapping[str, str]) -> str:
    """Its lines, without those all of whose places are empty; nothing where there is no other place in it: what leads over to them says nothing then."""
    if _empty(text, values):
        return ""
    return "\n".join(_put(line, values) for line in text.split("\n") if not _empty(line, values)).strip()


def _empty(line: str, values: Mapping[str, str]) -> bool:
    named = _PLACE.findall(line)
    return bool(named) and not any(values.get(name, "").strip() for name in named)


def _strays(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for found in _STRAY.finditer(text, start, end):
        yield found.start(), found[0]
