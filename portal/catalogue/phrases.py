"""Words the portal says to people, in their language: read from the text files of translations, so that nothing compiled has to be kept."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parents[1] / "pages" / "translations"
#: English is what stands in the source; every file of translations is a language more.
LANGUAGES = ("en", *sorted(file.stem for file in FOLDER.glob("*.po")))


@cache
def translations(language: str) -> NullTranslations:
    """Words of a language; English, or one there is no file of, says what stands in the source."""
    if language == "en" or language not in LANGUAGES:
        return NullTranslations()
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    packed = BytesIO()
    write_mo(packed, catalog)
    packed.seek(0)
    return GNUTranslations(packed)
