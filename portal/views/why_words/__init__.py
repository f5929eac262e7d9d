"""The words of why a date is what it is, one file a language. Where a number is said, by its plural form (CLDR); `date` is a pattern of CLDR."""

from __future__ import annotations

from typing import Final

from portal.views.why_words import ar, en, es, fr

WORDS: Final = {"en": en.WORDS, "fr": fr.WORDS, "es": es.WORDS, "ar": ar.WORDS}
