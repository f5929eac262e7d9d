"""References a person can read out on the phone: no look-alikes, and a check character that catches every slip of one character and nearly every swap."""

from __future__ import annotations

from secrets import randbelow

from portal.errors import Invalid

#: 26 characters; 0/O, 1/I/L, 5/S, 2/Z, 8/B and U/V do not stand beside each other.
ALPHABET = "2345679ACDEFGHJKMNPQRTVWXY"
#: Look-alikes that are read as the character meant.
HEARD_AS = str.maketrans({"S": "5", "Z": "2", "U": "V"})
LENGTH = 12
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
#: Blanks, full stops, and every dash somebody may type: hyphen-minus, hyphen, no-break hyphen, en and em dash.
_IGNORED = str.maketrans("", "", " -.\t\u2010\u2011\u2013\u2014")


class WrongReference(Invalid):
    """This is not a reference of ours. It has twelve characters in three groups, as in 4K7P-9TXC-MD3H; please check it."""

    status, slug = 404, "wrong-reference"


def new() -> str:
    """A random reference, eleven characters and their check character: `XXXX-XXXX-XXXX`."""
    # One number drawn at once: eleven draws ask the kernel eleven times.
    number, body = randbelow(len(ALPHABET) ** (LENGTH - 1)), ""
    for _ in range(LENGTH - 1):
        number, digit = divmod(number, len(ALPHABET))
        body += ALPHABET[digit]
    return _grouped(body + check_character(body))


def read(text: str) -> str:
    """The reference somebody typed or read out, in its standard form; case, spaces and hyphens do not matter.

    Raises WrongReference where it has another length, a character that references never hold, or a wrong check character.
    """
    plain = text.strip().translate(_IGNORED).upper().translate(HEARD_AS)
    if len(plain) != LENGTH:
        raise WrongReference
    for character in plain:
        if character not in _VALUE:
            raise WrongReference("A reference never holds the character %(character)s. Please check it.", values={"character": repr(character)})
    if check_character(plain[:-1]) != plain[-1]:
        raise WrongReference("One of the characters of this reference is wrong, or two are swapped. Please check it.")
    return _grouped(plain)


def check_character(body: str) -> str:
    """ISO 7064 hybrid system MOD 27,26 over the 26 characters of the alphabet."""
    size = len(ALPHABET)
    product = size
    for character in body:
        total = (product + _VALUE[character]) % size or size
        product = total * 2 % (size + 1)
    return ALPHABET[(size + 1 - product) % size]


def _grouped(plain: str) -> str:
    return "-".join(plain[start : start + 4] for start in range(0, LENGTH, 4))
