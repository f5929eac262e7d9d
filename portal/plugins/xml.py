"""XML of a far side, read with expat: document types and entities are refused, so nothing expands and nothing is fetched; depth and size have limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

#: Elements inside one another, and altogether.
DEEPEST, MOST = 32, 100_000


#: What XML 1.0 cannot hold, even escaped.
_NEVER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKS = re.compile("[&<>\r]")
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def escaped(text: str) -> str:
    """Text as it stands between tags; what XML cannot hold at all becomes U+FFFD."""
    plain = text if text.isprintable() else _NEVER.sub("\ufffd", text)
    return plain.translate(_ESCAPED) if _MARKS.search(plain) else plain


class BadXml(ValueError):
    """It is not well formed, has a document type, or is beyond the limits."""


@dataclass(slots=True)
class Element:
    """One element; prefixes stay part of the name, attributes are not read."""

    name: str
    text: str = ""
    inside: list[Element] = field(default_factory=list)

    def child(self, name: str) -> str:
        """Text of the first child of that name, without blanks around it; empty where there is none."""
        return next((one.text.strip() for one in self.inside if one.name == name), "")

    def all(self, name: str) -> Iterator[Element]:
        """Children of that name."""
        return (one for one in self.inside if one.name == name)


def parsed(raw: bytes, *, most: int = MOST) -> Element:
    """The root element; BadXml where there is none, or it cannot be trusted."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    root = Element("")
    path, count = [root], 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(path) > DEEPEST or count > most:
            raise BadXml("too many elements, or too deep inside one another")
        one = Element(name)
        path[-1].inside.append(one)
        path.append(one)

    def end(_: str) -> None:
        path.pop()

    def words(text: str) -> None:
        path[-1].text += text

    def doctype(*_: object) -> None:
        raise BadXml("it has a document type")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = words, doctype
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as wrong:
        raise BadXml(f"line {wrong.lineno}: {expat.ErrorString(wrong.code)}") from None
    except (ValueError, LookupError) as wrong:
        raise BadXml("it cannot be read") if not isinstance(wrong, BadXml) else wrong from None
    return root.inside[0]
