"""Words as people write them, made comparable: case, accents, apostrophes and plurals of any alphabet put aside."""

from __future__ import annotations

import re
import unicodedata

#: Words of a text that are looked at.
MOST = 300
_TOKEN = re.compile(r"[^\W_]+")
#: Letters that Unicode does not take apart, though people write them either way.
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l"})
#: Words that say nothing about what is wanted; a fixed, short list, folded as tokens are.
_ENGLISH = (
    "your a an and any are as at be been but by can could do does for from get give had has have he hello help her his how i if in into is it its like me my "
    "hi just must now should need no not of on "
    "or our please she so some that the their them there these they this to us want was we what when where which who will with would you "
)
_FRENCH = (
    "viens vient dois doit devons peux peut pouvez "
    "aide aider ai ait au aux avec avez avoir bonjour ce ces cette comment dans de des du elle en est et etre faire fait il ils j je l la le les "
    "leur ma mais merci mes moi mon n ne nos notre nous on ou par pas pour puis qu que qui quoi sa se ses si son sont sur ta te tu un une veux "
    "voudrais vos votre vous y d c s t m "
)


def tokens(text: str) -> list[str]:
    """The words of a text in order, folded: small letters, without accents and with plurals as singulars."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES)) if not unicodedata.combining(letter))
    return [singular(word) for word in _TOKEN.findall(plain)[:MOST]]


def telling(words: list[str]) -> list[str]:
    """Those of the words that say something."""
    return [word for word in words if word not in IDLE]


def singular(word: str) -> str:
    """A light stem for English and French plurals; other words stay as they are."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("eaux", "eux", "oux")):
        return word[:-1]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


IDLE = frozenset(singular(word) for word in (_ENGLISH + _FRENCH).split())


def says_nothing(text: str) -> bool:
    """True where a reader sees nothing: blanks, and signs without a shape such as a zero-width space."""
    return all(letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf") for letter in text)
