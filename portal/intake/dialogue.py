"""A conversation by messages, one question at a time, from the fields of a service: what was said so far and what comes in make what is said next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from portal.catalogue import find
from portal.catalogue.advice import advice, needed
from portal.catalogue.conditions import applies, typed
from portal.catalogue.definitions import Catalogue, Field, Service
from portal.catalogue.languages import SPOKEN, day_in_words, labelled, say
from portal.catalogue.phrases import translations
from portal.errors import Invalid
from portal.intake import answers as rules
from portal.intake import spoken
from portal.intake.dialogue_words import language_named, language_of, steered, told

#: What follows beside the answer: the case is opened from form or words, messages stop or start, everything is begun anew.
Effect = Literal["form", "words", "stop", "start", "restart"] | None
#: Services offered by number; tries to say what it is about before people look.
OFFERED, TRIES = 6, 2
#: Score from which the only service that shares a word with a message is taken for meant: its name is said back, and RESTART is one word.
ALONE = 0.4
#: What leaves an optional question out.
SKIPPED = frozenset({"-", "\u2013", "\u2014", "skip", "passer", "omitir"})


@dataclass(frozen=True)
class Talk:
    """Where a conversation stands. `stage`: "" nothing begun, `choose` a service, `ask` a question, `check` all of it."""

    language: str
    stage: str = ""
    service: str | None = None
    text: str = ""
    answers: Mapping[str, Any] | None = None
    seen: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    tries: int = 0

    @property
    def given(self) -> dict[str, Any]:
        """Answers so far."""
        return dict(self.answers or {})


@dataclass(frozen=True)
class Heard:
    """What follows from one message."""

    talk: Talk
    says: tuple[str, ...]
    effect: Effect = None


@dataclass(frozen=True)
class Desk:
    """What the conversation knows: services that take the channel, and what HELP says."""

    catalogue: Catalogue
    channel: str
    contact: Mapping[str, str]
    emergency: str
    link: str

    def services(self) -> dict[str, Service]:
        """Services somebody may ask for here."""
        return {id: one for id, one in self.catalogue.services.items() if self.channel in one.channels and not one.triage}

    def facts(self, talk: Talk) -> dict[str, Any]:
        """What conditions may name beside the answers."""
        return {"channel": self.channel, "area": None, "language": talk.language}


def hear(desk: Desk, talk: Talk, words: str) -> Heard:
    """The next message of somebody."""
    words = words.strip()
    steering = steered(words)
    if steering in ("stop", "start"):
        return Heard(Talk(talk.language), (told(_ANSWERED[steering], talk.language),), "stop" if steering == "stop" else "start")
    if code := language_named(words, alone=not talk.stage):
        talk = replace(talk, language=code)
        return Heard(talk, (_now(desk, talk),))
    if steering == "help":
        return Heard(talk, (_help(desk, talk.language), *((_now(desk, talk),) if talk.stage else ())))
    if steering == "restart":
        return Heard(Talk(talk.language), (f"{told('again', talk.language)} {told('welcome', talk.language)}",), "restart" if talk.stage else None)
    if steering == "back" and talk.stage:
        return _back(desk, talk)
    if find.danger(desk.catalogue, words):
        return Heard(replace(talk, text=_joined(talk, words)), (), "words")
    return {"": _first, "choose": _choose, "ask": _answer, "check": _confirm}[talk.stage](desk, talk, words)


def refused(desk: Desk, talk: Talk, wrong: Invalid) -> Heard:
    """What was sent could not be taken after all: the first answer that is at fault is asked again."""
    fields = {field.id: field for field in desk.services()[talk.service or ""].fields}
    bad = next((name for one in wrong.errors if (name := one["pointer"].rpartition("/")[2]) in fields), None)
    if bad is None:
        return Heard(Talk(talk.language, text=talk.text), (), "words")
    left = {name: value for name, value in talk.given.items() if name != bad}
    talk = replace(talk, stage="ask", answers=left, seen=tuple(name for name in talk.seen if name != bad))
    return Heard(talk, (f"{_advice(fields[bad], talk.language)}\n{_now(desk, talk)}",))


def asked(desk: Desk, talk: Talk) -> list[Field]:
    """Questions of the service after the answers so far, in order."""
    service = desk.services()[talk.service or ""]
    kinds = typed(service.fields)
    return [field for field in service.fields if applies(field.when, kinds, {**desk.facts(talk), "answers": talk.given})]


def _first(desk: Desk, talk: Talk, words: str) -> Heard:
    """What it is about, in a sentence; its language is taken from it."""
    if not words:
        return Heard(talk, (told("welcome", talk.language),))
    language = language_of(words, talk.language, desk.catalogue)
    talk = replace(talk, language=language if language in SPOKEN else talk.language, text=_joined(talk, words))
    try:
        rules.plain(words, limit=10_000)
    except rules.Wrong as wrong:
        return Heard(replace(talk, text=""), (str(wrong),))
    ranked = find.rank(desk.catalogue, talk.text, talk.language)
    match, offered = find.confident(ranked), desk.services()
    if match is None and len(ranked) == 1 and ranked[0].score >= ALONE:
        match = ranked[0]
    if match is not None:
        return _about(desk, talk, match.service_id) if match.service_id in offered else Heard(talk, (), "words")
    likely = [one.service_id for one in ranked if one.service_id in offered][:OFFERED]
    likely += [id for id in offered if id not in likely][: OFFERED - len(likely)]
    talk = replace(talk, stage="choose", offered=tuple(likely), tries=talk.tries + 1)
    return Heard(talk, (), "words") if talk.tries > TRIES or not likely else Heard(talk, (_now(desk, talk),))


def _choose(desk: Desk, talk: Talk, words: str) -> Heard:
    said = spoken.figures(words).rstrip(".)")
    if said == "0":
        return Heard(talk, (), "words")
    if said.isascii() and said.isdigit():
        number = int(said[:4])
        return _about(desk, talk, talk.offered[number - 1]) if 1 <= number <= len(talk.offered) else Heard(talk, (_now(desk, talk),))
    return _first(desk, replace(talk, stage=""), words)


def _about(desk: Desk, talk: Talk, service: str) -> Heard:
    if desk.services()[service].danger:
        return Heard(talk, (), "words")
    talk = replace(talk, stage="ask", service=service, offered=(), answers={}, seen=())
    title = told("about", talk.language, service=say(desk.services()[service].title, talk.language))
    return Heard(_moved(desk, talk), (f"{title}\n{_now(desk, _moved(desk, talk))}\n{told('steer', talk.language)}",))


def _answer(desk: Desk, talk: Talk, words: str) -> Heard:
    field = _present(desk, talk)
    if field is None:
        return _confirm(desk, replace(talk, stage="check"), words)
    value, fault = _value(desk, talk, field, words)
    if fault is not None:
        return Heard(talk, (f"{fault}\n{_now(desk, talk)}",))
    answers = {name: one for name, one in talk.given.items() if name != field.id} | ({} if value is None else {field.id: value})
    talk = _moved(desk, replace(talk, answers=answers, seen=(*talk.seen, field.id)))
    return Heard(talk, (_now(desk, talk),))


def _value(desk: Desk, talk: Talk, field: Field, words: str) -> tuple[Any, str | None]:
    """The answer, or what to do instead: as on every channel."""
    if words.casefold() in SKIPPED and (not field.required or not words):
        return None, None
    if not words or words in SKIPPED:
        return None, needed(field, translations(talk.language).gettext) if field.required else None
    service = desk.services()[talk.service or ""]
    said = spoken.read(field, words, talk.language)
    try:
        return rules.checked(service, {**talk.given, field.id: said}, facts=desk.facts(talk), complete=False)[field.id], None
    except Invalid:
        return None, _advice(field, talk.language)


def _confirm(desk: Desk, talk: Talk, words: str) -> Heard:
    said = spoken.read(_YES, words, talk.language)
    if said is True:
        return Heard(talk, (), "form")
    return _back(desk, talk) if said is False else Heard(talk, (_now(desk, talk),))


def _back(desk: Desk, talk: Talk) -> Heard:
    if talk.stage == "choose" or not talk.seen:
        return Heard(talk, (f"{told('nothing-back', talk.language)}\n{_now(desk, talk)}",))
    last = talk.seen[-1]
    talk = replace(talk, stage="ask", seen=talk.seen[:-1], answers={name: one for name, one in talk.given.items() if name != last})
    return Heard(talk, (_now(desk, talk),))


def _moved(desk: Desk, talk: Talk) -> Talk:
    """Answers to questions that are no longer asked go; after the last question everything is read over."""
    names = {field.id for field in asked(desk, talk)}
    talk = replace(talk, answers={name: one for name, one in talk.given.items() if name in names}, seen=tuple(name for name in talk.seen if name in names))
    return talk if _present(desk, talk) else replace(talk, stage="check")


def _present(desk: Desk, talk: Talk) -> Field | None:
    return next((field for field in asked(desk, talk) if field.id not in talk.seen), None)


def _now(desk: Desk, talk: Talk) -> str:
    """What is asked at this moment."""
    language = talk.language
    if talk.stage == "choose":
        titles = (say(desk.catalogue.services[id].title, language) for id in talk.offered)
        return told("choose", language, list="\n".join(f"{number} {title}" for number, title in enumerate(titles, start=1)))
    if talk.stage == "ask" and (field := _present(desk, talk)):
        return question(field, language)
    if talk.stage == "check":
        given = [field for field in asked(desk, talk) if field.id in talk.given]
        lines = [f"{labelled(say(field.title, language), language)} {_shown(field, talk.given[field.id], language)}" for field in given]
        return told("check", language, list="\n".join(lines))
    return told("welcome", language)


def question(field: Field, language: str) -> str:
    """A question as it is put in a message, with all that may be answered."""
    lines = [say(field.title, language)]
    if field.hint:
        lines.append(say(field.hint, language))
    if field.options:
        lines.append(told("numbers" if field.type == "choices" else "number", language))
        lines += [f"{number} {say(option.title, language)}" for number, option in enumerate(field.options, start=1)]
    elif field.type in ("boolean", "date"):
        lines.append(told("yes-no" if field.type == "boolean" else "date", language))
    if not field.required:
        lines.append(told("optional", language))
    return "\n".join(lines)


def _shown(field: Field, value: Any, language: str) -> str:
    if field.type == "boolean":
        return spoken.yes_no(language)["true" if value else "false"]
    if field.type == "date":
        return day_in_words(date.fromisoformat(value), language)
    titles = {option.id: say(option.title, language) for option in field.options}
    return ", ".join(str(titles.get(one, one)) for one in value) if isinstance(value, list) else titles.get(str(value), str(value))


def _advice(field: Field, language: str) -> str:
    return advice(field, translations(language).gettext)


def _help(desk: Desk, language: str) -> str:
    return told("help", language, contact=say(dict(desk.contact), language), emergency=desk.emergency, link=desk.link)


def _joined(talk: Talk, words: str) -> str:
    return "\n".join(part for part in (talk.text, words) if part)


_ANSWERED = {"stop": "stopped", "start": "started"}
_YES = Field(id="yes", type="boolean", title={"en": ""})
