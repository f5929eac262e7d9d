"""A picture as everybody may see it: what draws it and nothing else, so that no place, time, name or second picture leaves with it. Pure; nothing is drawn."""

from __future__ import annotations

from struct import error as StructError
from struct import unpack

#: Kinds that can be shown; of others nobody knows here what lies in them.
SHOWN = ("image/jpeg", "image/png")
#: Markers of JPEG that are kept (ITU T.81, table B.1): frames, tables, restart interval; and the twelve bytes by which Adobe tells its colours (APP14).
_JPEG = frozenset({*range(0xC0, 0xD0), 0xDB, 0xDD})
_COLOURS, _LONG = b"\xff\xee\x00\x0eAdobe", 16
#: Chunks of PNG that are kept (ISO 15948, 5.6): the picture, its palette, transparency and colours.
_PNG = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"})
_START_OF_SCAN, _END = 0xDA, 0xD9


def bare(content: bytes, media_type: str) -> bytes:
    """The picture without what is written beside it: EXIF, XMP, comments, thumbnails, whatever stands behind its end. ValueError where it is damaged."""
    try:
        return {"image/jpeg": _jpeg, "image/png": _png}[media_type](content)
    except (StructError, IndexError, KeyError) as broken:
        raise ValueError("the picture is damaged, or of a kind that is not shown") from broken


def _jpeg(content: bytes) -> bytes:
    at, kept = 2, [b"\xff\xd8"]
    while True:
        if content[at] != 0xFF:
            raise ValueError("the picture is damaged")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            return b"".join((*kept, b"\xff\xd9"))
        (length,) = unpack(">H", content[at + 2 : at + 4])
        end = at + 2 + length
        if marker == _START_OF_SCAN:
            end = _scanned(content, end)
        if end > len(content) or length < 2:
            raise ValueError("the picture is damaged")
        if marker in _JPEG or marker == _START_OF_SCAN or (content[at:end].startswith(_COLOURS) and end - at == _LONG):
            kept.append(content[at:end])
        at = end


def _scanned(content: bytes, at: int) -> int:
    """Where a scan's own bytes end: at the first marker that is neither a stuffed FF nor a restart."""
    while True:
        at = content.index(b"\xff", at)
        following = content[at + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2


def _png(content: bytes) -> bytes:
    at, kept = 8, [content[:8]]
    while True:
        (length,) = unpack(">I", content[at : at + 4])
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content):
            raise ValueError("the picture is damaged")
        if kind in _PNG:
            kept.append(content[at:end])
        if kind == b"IEND":
            return b"".join(kept)
        at = end
