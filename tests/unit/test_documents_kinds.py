"""What a file is by its content, and what it is called: nothing that acts, hides or swells comes in."""

from __future__ import annotations

import io
import zipfile
from struct import pack
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.documents.kinds import LARGEST, Kind, NotTaken, kind_of
from portal.documents.names import LONGEST, plain_name


def packed(*names: str, **files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"x")
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    head = b"IHDR" + pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + pack(">I", 13) + head + pack(">I", crc32(head))


def jpeg(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xe0" + pack(">H", 16) + b"JFIF\0" + bytes(9) + b"\xff\xc0" + pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)


WORD = packed("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("content", "media_type", "ending"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf", "pdf"),
        (png(40, 30), "image/png", "png"),
        (jpeg(4000, 3000), "image/jpeg", "jpg"),
        (b"GIF89a" + pack("<HH", 10, 10), "image/gif", "gif"),
        (b"II*\x00rest", "image/tiff", "tif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp", "webp"),
        (b"\0\0\0\x18ftypheic", "image/heic", "heic"),
        (WORD, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        (packed("[Content_Types].xml", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        (packed("content.xml", mimetype=b"application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text", "odt"),
        ("Ein Brief, ملف, 手紙\r\n\tund so weiter".encode(), "text/plain", "txt"),
    ],
)
def test_a_kind_is_told_by_its_content(content: bytes, media_type: str, ending: str) -> None:
    assert kind_of(content) == Kind(media_type, ending)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"x" * (LARGEST + 1), "larger than 10 MB"),
        (b"MZ\x90\x00\x03", "not taken"),
        (b"\x7fELF\x02\x01", "not taken"),
        (b"#!/bin/sh\nrm -rf /\n", "not taken"),
        (b"  <!DOCTYPE html><title>x</title>", "not taken"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not taken"),
        (b'<?xml version="1.0"?><a/>', "not taken"),
        (b"hello <ScRiPt >alert(1)</script>", "not taken"),
        (b"text with \x00 in it", "not taken"),
        (b"\xff\xfe\x00\x01", "not taken"),
        (packed("a.txt", "b.txt"), "Packed files"),
        (packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "macros"),
        (packed("[Content_Types].xml", "word/document.xml", *(f"word/{n}.xml" for n in range(2001))), "unpacks"),
        (packed("[Content_Types].xml", **{"word/document.xml": bytes(201 * 1024 * 1024)}), "unpacks"),
        (WORD[:-30], "damaged"),
        (b"PK\x03\x04" + bytes(100), "damaged"),
        (png(100_000, 100_000), "million pixels"),
        (jpeg(65_000, 65_000), "million pixels"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)
def test_what_is_not_taken_says_why(content: bytes, why: str) -> None:
    with pytest.raises(NotTaken, match=why):
        kind_of(content)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"PK\x03\x04", WORD[:60], WORD]))
def test_no_content_is_more_than_a_kind_or_a_reason(rest: bytes, first: bytes) -> None:
    try:
        found = kind_of(first + rest).media_type
    except NotTaken as why:
        found = str(why)
    assert found


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("passport.pdf", "passport.pdf"),
        (r"C:\Users\ann\passport.PDF", "passport.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("photo.pdf.exe", "photo.pdf.exe.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie x=1.pdf"),
        ("جواز السفر.pdf", "جواز السفر.pdf"),
        ("..", "document.pdf"),
        ("", "document.pdf"),
        (None, "document.pdf"),
        (".pdf", "document.pdf"),
        ("x" * 500, "x" * LONGEST + ".pdf"),
    ],
)
def test_a_name_is_a_name_and_ends_as_its_content_does(given_name: str | None, kept: str) -> None:
    assert plain_name(given_name, "pdf") == kept
