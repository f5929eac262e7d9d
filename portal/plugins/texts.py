"""Text messages as networks count them: the GSM 7-bit alphabet or UCS-2 (3GPP TS 23.038), and how many parts that makes (TS 23.040)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
#: Reached by an escape: two units each.
_EXTENDED = frozenset("\f^{}\\[~]|€")
#: Signs of typography -> what says the same in seven bits.
_PLAIN = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "“": '"', "”": '"', "«": '"', "»": '"', "\u2013": "-", "\u2014": "-", "…": "...", "\u00a0": " ", "\u202f": " ", "•": "-"}
)
#: Units of one message alone, and of each part of several (a header of six bytes joins them).
ALONE, JOINED = {"GSM-7": 160, "UCS-2": 70}, {"GSM-7": 153, "UCS-2": 67}
#: Characters a carrier takes at once, whatever the parts.
LONGEST = 1600


@dataclass(frozen=True, slots=True)
class Counted:
    """How a text leaves: `units` are septets or UTF-16 code units."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int


def counted(text: str) -> Counted:
    """What a text takes. A character is never torn apart between two parts, so the last units of a part may stay empty."""
    sizes = _sizes(text)
    encoding: Literal["GSM-7", "UCS-2"] = "UCS-2" if sizes is None else "GSM-7"
    sizes = sizes if sizes is not None else [len(letter.encode("utf-16-le", "replace")) // 2 for letter in text]
    units = sum(sizes)
    if units <= ALONE[encoding]:
        return Counted(encoding, units, 1)
    parts, room = 1, JOINED[encoding]
    for size in sizes:
        if size > room:
            parts, room = parts + 1, JOINED[encoding]
        room -= size
    return Counted(encoding, units, parts)


def thrifty(text: str) -> str:
    """The text in seven bits, where nothing but its typography stands in the way; else as it is."""
    plain = text.translate(_PLAIN)
    return plain if _sizes(plain) is not None else text


def pieces(text: str, longest: int = LONGEST) -> list[str]:
    """The text in messages no carrier refuses, cut at lines, then words."""
    found: list[str] = []
    left = text.strip()
    while len(left) > longest:
        cut = max(left.rfind("\n", 0, longest), left.rfind(" ", 0, longest))
        cut = cut if cut > longest // 2 else longest
        found.append(left[:cut].strip())
        left = left[cut:].strip()
    return [*found, left] if left else found


def _sizes(text: str) -> list[int] | None:
    """Septets of each character; None where one is not of the alphabet."""
    sizes = [1 if letter in _BASIC else 2 if letter in _EXTENDED else 0 for letter in text]
    return None if 0 in sizes else sizes
