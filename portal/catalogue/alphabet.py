"""Where a name stands in a list: as people look for it, not as its bytes are. PostgreSQL does not do it: there are builds of it without ICU."""

from __future__ import annotations

from unicodedata import combining, normalize

#: Letters that are another with something to it, and have no decomposition of their own.
_AS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"})


def place(name: str, language: str = "") -> tuple[str, str]:
    """Letters first; what is above, below or pointed to them, and capitals, only where letters are the same. Latin goes before other scripts."""
    letters = normalize("NFC", name).casefold().translate(_AS)
    # In Spanish it is a letter of its own.
    letters = letters.replace("ñ", "n\uffff") if language == "es" else letters
    return "".join(one for one in normalize("NFKD", letters) if not _marks(one)), name


def _marks(one: str) -> bool:
    """Accents, and points of Hebrew and Arabic; vowels and tones of scripts of India and Thailand are part of a word."""
    return 10 <= combining(one) <= 36 or combining(one) >= 200
