"""What a file is, by its content alone: the kinds that are taken, and why another is not. Pure; nothing is unpacked or drawn."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from struct import error as StructError
from struct import unpack

#: Bytes of a file.
LARGEST = 10 * 1024 * 1024
#: Pixels of a picture; more would fill the memory of whoever opens it.
PIXELS = 100_000_000
#: Files inside a document of an office program, and bytes they come to.
INSIDE, UNPACKED = 2_000, 200 * 1024 * 1024

_OFFICE = {
    "word/": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    "xl/": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}
_OPEN = {
    b"application/vnd.oasis.opendocument.text": ("application/vnd.oasis.opendocument.text", "odt"),
    b"application/vnd.oasis.opendocument.spreadsheet": ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
}
#: First bytes of pictures and papers -> media type and ending (RFC 8118, ISO 15948, ITU T.81, TIFF 6).
_FIRST = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"GIF87a", "image/gif", "gif"),
    (b"GIF89a", "image/gif", "gif"),
    (b"II*\x00", "image/tiff", "tif"),
    (b"MM\x00*", "image/tiff", "tif"),
)
#: What a browser or a reader might take for something that acts, whatever stands around it.
_ACTS = re.compile(rb"<\s*(?:!doctype\s+html|html|script|svg|\?xml|\?php)|^#!", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
TAKEN = "PDF, JPEG, PNG, GIF, WebP, HEIC or TIFF pictures, plain text, and documents of office programs without macros (docx, xlsx, odt, ods)"


class NotTaken(ValueError):
    """A file that is not taken; the words say why and what to send instead."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file."""

    media_type: str
    ending: str


def kind_of(content: bytes) -> Kind:
    """The kind of a file; NotTaken for one that is empty, too large, of another kind, or not what it seems."""
    if not content:
        raise NotTaken("The file is empty: choose it again.")
    if len(content) > LARGEST:
        raise NotTaken(f"The file is larger than {LARGEST // 1024 // 1024} MB: send a smaller one, or several.")
    for first, media_type, ending in _FIRST:
        if content.startswith(first):
            _demand_few_pixels(content, media_type)
            return Kind(media_type, ending)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Kind("image/webp", "webp")
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"heif"):
        return Kind("image/heic", "heic")
    if content[:4] == b"PK\x03\x04":
        return _packed(content)
    return _text(content)


def _text(content: bytes) -> Kind:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotTaken(f"This kind of file is not taken. Send {TAKEN}.") from None
    if _CONTROL.search(text) or _ACTS.search(content):
        raise NotTaken(f"This kind of file is not taken. Send {TAKEN}.")
    return Kind("text/plain", "txt")


def _packed(content: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            inside = packed.infolist()
            if len(inside) > INSIDE or sum(one.file_size for one in inside) > UNPACKED:
                raise NotTaken("The document unpacks to far more than it should: save it again, or send it as a PDF.")
            names = {one.filename for one in inside}
            if any(one.flag_bits & 1 for one in inside):
                raise NotTaken("The document is locked with a password: save it without one.")
            if any(name.lower().endswith("vbaproject.bin") or name.startswith(("Basic/", "Scripts/")) for name in names):
                raise NotTaken("The document has macros inside: save it without them, or as a PDF.")
            return _office(packed, names)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, StructError) as broken:
        if isinstance(broken, NotTaken):
            raise
        raise NotTaken("The document is damaged: save it again, or send it as a PDF.") from None


def _office(packed: zipfile.ZipFile, names: set[str]) -> Kind:
    if "mimetype" in names and packed.getinfo("mimetype").file_size < 100:
        found = _OPEN.get(packed.read("mimetype").strip())
        if found:
            return Kind(*found)
    if "[Content_Types].xml" in names:
        for folder, told in _OFFICE.items():
            if any(name.startswith(folder) for name in names):
                return Kind(*told)
    raise NotTaken(f"Packed files are not taken: send what is inside one by one. Taken are {TAKEN}.")


def _demand_few_pixels(content: bytes, media_type: str) -> None:
    width, height = _size(content, media_type)
    if width * height > PIXELS:
        raise NotTaken(f"The picture has more than {PIXELS // 1_000_000} million pixels: send a smaller one.")


def _size(content: bytes, media_type: str) -> tuple[int, int]:
    """Width and height as the head of the picture says; (0, 0) where that is not told at its start."""
    try:
        if media_type == "image/png":
            width, height = unpack(">II", content[16:24])
            return width, height
        if media_type == "image/gif":
            width, height = unpack("<HH", content[6:10])
            return width, height
        return _jpeg(content) if media_type == "image/jpeg" else (0, 0)
    except StructError:
        raise NotTaken("The picture is damaged: send it again.") from None


def _jpeg(content: bytes) -> tuple[int, int]:
    """From the first frame header (ITU T.81, B.2.2): markers are gone through, each says how long it is."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF):
            height, width = unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 1 if marker == 0xFF else 2 + unpack(">H", content[at + 2 : at + 4])[0]
    return 0, 0
