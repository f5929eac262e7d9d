"""Why people turn to us: each reason is value (what the service is there for) or avoidable (NI14: what would not be needed had we done it right). Data."""

from __future__ import annotations

from dataclasses import dataclass

from portal.catalogue.definitions import Text


@dataclass(frozen=True, slots=True)
class Why:
    """One reason, as people choose it."""

    id: str
    #: `value` or `avoidable`.
    demand: str
    title: Text


#: The avoidable ones are those of the English national indicator NI14 (2008): clarification, signposting, repeats, chasing, premature closure.
_SAID: dict[str, tuple[str, Text]] = {
    "new-request": (
        "value",
        {
            "en": "Asks for something new",
            "fr": "Demande quelque chose de nouveau",
            "es": "Pide algo nuevo",
            "ar": "يطلب شيئًا جديدًا",
        },
    ),
    "further-information": (
        "value",
        {
            "en": "Tells or sends what is needed",
            "fr": "Dit ou envoie ce qu'il faut",
            "es": "Dice o envía lo necesario",
            "ar": "يقدّم ما يلزم",
        },
    ),
    "change-of-circumstances": (
        "value",
        {
            "en": "Something has changed",
            "fr": "Quelque chose a changé",
            "es": "Algo ha cambiado",
            "ar": "تغيّر شيء",
        },
    ),
    "complaint": (
        "value",
        {
            "en": "Is not content",
            "fr": "N'est pas satisfait",
            "es": "No está conforme",
            "ar": "غير راضٍ",
        },
    ),
    "clarification": (
        "avoidable",
        {
            "en": "Did not understand what we wrote",
            "fr": "N'a pas compris ce que nous avons écrit",
            "es": "No entendió lo que escribimos",
            "ar": "لم يفهم ما كتبناه",
        },
    ),
    "signposting": (
        "avoidable",
        {
            "en": "Was sent to the wrong place",
            "fr": "A été envoyé au mauvais endroit",
            "es": "Fue enviado al lugar equivocado",
            "ar": "أُرسل إلى المكان الخطأ",
        },
    ),
    "repeat-information": (
        "avoidable",
        {
            "en": "Had to say again what we knew",
            "fr": "A dû redire ce que nous savions",
            "es": "Tuvo que repetir lo que ya sabíamos",
            "ar": "كرّر ما نعرفه",
        },
    ),
    "progress-chasing": (
        "avoidable",
        {
            "en": "Asks where it stands",
            "fr": "Demande où cela en est",
            "es": "Pregunta cómo va",
            "ar": "يسأل أين وصل طلبه",
        },
    ),
    "premature-closure": (
        "avoidable",
        {
            "en": "It was closed, and was not done",
            "fr": "C'était clos, mais pas fait",
            "es": "Se cerró sin estar hecho",
            "ar": "أُغلق ولم يُنجز",
        },
    ),
}
#: Id -> the reason.
REASONS: dict[str, Why] = {id: Why(id, demand, title) for id, (demand, title) in _SAID.items()}
