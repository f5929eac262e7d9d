"""What stands around the words of a letter on paper, in each language the portal speaks."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "reference": "Your reference",
        "date": "Date",
        "page": "Page {page} of {pages}",
        "reply": "If you write to us about this, give the reference {reference}. You need no e-mail and no telephone: a letter is enough.",
        "by": "How to reach us",
    },
    "fr": {
        "reference": "Votre référence",
        "date": "Date",
        "page": "Page {page} sur {pages}",
        "reply": "Si vous nous écrivez à ce sujet, indiquez la référence {reference}. Ni e-mail ni téléphone ne sont nécessaires : une lettre suffit.",
        "by": "Comment nous joindre",
    },
    "es": {
        "reference": "Su referencia",
        "date": "Fecha",
        "page": "Página {page} de {pages}",
        "reply": "Si nos escribe sobre este asunto, indique la referencia {reference}. No necesita correo electrónico ni teléfono: basta una carta.",
        "by": "Cómo contactarnos",
    },
    "ar": {
        "reference": "رقمكم المرجعي",
        "date": "التاريخ",
        "page": "صفحة {page} من {pages}",
        "reply": "إذا كتبتم إلينا بهذا الشأن فاذكروا الرقم المرجعي {reference}. لا حاجة إلى بريد إلكتروني ولا إلى هاتف: تكفي رسالة.",
        "by": "كيف تتصلون بنا",
    },
}


def words(language: str, name: str, **values: object) -> str:
    """A label or sentence in that language, its primary subtag, or English."""
    found = WORDS.get(language) or WORDS.get(language.partition("-")[0]) or WORDS["en"]
    return found[name].format(**values)
