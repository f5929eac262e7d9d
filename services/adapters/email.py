"""Structured mail: words for people, the same as JSON for machines, and an answer by mail that begins with one of four words."""

from __future__ import annotations

import json
import re
from typing import Any

from portal.plugins.agency import Answer, Delivery, File, Mail, Promise, Receipt, Refusal, Said, not_understood

#: What an answer begins with, by what it means.
WORDS = {
    "done": ("done", "fait", "terminé", "termine"),
    "accepted": ("accepted", "accepté", "accepte", "reçu", "recu"),
    "refused": ("refused", "refusé", "refuse"),
    "question": ("question",),
}
_BY_WORD = {word: status for status, words in WORDS.items() for word in words}
#: The word, and what follows it on its line.
_FIRST = re.compile(r"(" + "|".join(sorted(_BY_WORD, key=len, reverse=True)) + r")(?![\w'-])\s*[.!:,;-]*\s*(.*)", re.IGNORECASE)
_REPLY = re.compile(r"^((re|aw|tr|fw|fwd|réf|ref)\s*:\s*)+", re.IGNORECASE)
#: Where what is quoted begins.
_QUOTED = re.compile(r"^\s*(>|-{2,}\s*(original message|message d'origine)|on .{0,200} wrote:|le .{0,200} a écrit\s*:|_{10,}|--\s*$)", re.IGNORECASE)
TEXTS = {
    "en": {
        "subject": "Request to {agency}: {action}",
        "opens": "The portal hands you a request. What is to be done: {action} (service {service}).",
        "answers": "Answers:",
        "text": "In the citizen's words:",
        "reply": "Answer this mail, with one of these words first:\n  DONE - it is done\n  ACCEPTED - you have it and work on it\n  REFUSED and why\n"
        "  QUESTION and what you need to know\nThe same is attached as JSON.",
    },
    "fr": {
        "subject": "Demande pour {agency} : {action}",
        "opens": "Le portail vous transmet une demande. À faire : {action} (service {service}).",
        "answers": "Réponses :",
        "text": "Selon les mots du citoyen :",
        "reply": "Répondez à ce message en commençant par l'un de ces mots :\n  FAIT - c'est fait\n  REÇU - vous l'avez et y travaillez\n  REFUSÉ et pourquoi\n"
        "  QUESTION et ce qu'il vous faut savoir\nLa même chose est jointe en JSON.",
    },
}


class Email:
    """SMTP tells only that a server took the mail: a blind far side. A repeat has the same Message-ID."""

    promise: Promise = "blind"

    def prepare(self, delivery: Delivery) -> Mail:
        """One mail, the same at every attempt; the engine adds the address an answer goes to."""
        reach = delivery.reach
        if not reach.endpoint or not reach.endpoint.startswith("mailto:"):
            raise ValueError("the agency's definition names no `endpoint: mailto:name@domain`")
        words = TEXTS.get(reach.options.get("language", "en"), TEXTS["en"])
        filled = {"agency": delivery.agency, "action": delivery.action, "service": delivery.service or "-"}
        parts = [words["opens"].format(**filled)]
        if delivery.answers:
            parts.append("\n".join([words["answers"], *(f"  {name}: {value}" for name, value in sorted(delivery.answers.items()))]))
        if delivery.text:
            parts.append("\n".join([words["text"], *(f"  {line}" for line in delivery.text.splitlines())]))
        parts.append(words["reply"])
        return Mail(reach.endpoint.removeprefix("mailto:"), words["subject"].format(**filled), "\n\n".join(parts) + "\n", File("request.json", _json(delivery)))

    def read(self, answer: Answer) -> Receipt | Refusal:
        """Nothing was called, so no answer can be understood."""
        return not_understood("mail is answered by mail")

    def understand(self, subject: str, text: str) -> Said | None:
        """The word the answer begins with, or its subject where it says nothing else; None for whatever else, which a person reads.

        `done` and `accepted` stand alone on their line: "done tomorrow" is no word that it is done.
        """
        own = _own(text)
        line, rest = (own[0], own[1:]) if own else (_REPLY.sub("", subject.strip()), [])
        found = _FIRST.fullmatch(line.strip())
        if found is None:
            return None
        status: Any = _BY_WORD[found[1].lower()]
        if status in ("done", "accepted"):
            return None if found[2] else Said(status)
        words = "\n".join(one for one in (found[2], *rest) if one.strip()).strip()
        return Said(status, words or None)


def _own(text: str) -> list[str]:
    """Lines the writer wrote, without what is quoted; the first is not empty."""
    lines: list[str] = []
    for line in text.splitlines():
        if _QUOTED.match(line):
            break
        if line.strip() or lines:
            lines.append(line)
    return lines


def _json(delivery: Delivery) -> bytes:
    body = {
        "key": delivery.key,
        "action": delivery.action,
        "service": delivery.service,
        "step": delivery.step,
        **({} if delivery.item is None else {"item": delivery.item}),
        "answers": dict(delivery.answers),
        "text": delivery.text,
        "language": delivery.language,
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1).encode()


ADAPTER = Email()
