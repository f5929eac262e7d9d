"""Pictures as everybody sees them: drawn the same, and nothing else in them."""

from __future__ import annotations

import io
from random import Random  # noqa: TID251  # seeded
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from portal.documents.pictures import bare

MARK = b"50.8465N 4.3525E"
PICTURE = Image.radial_gradient("L").convert("RGB")


def written(form: str, *, mode: str = "RGB", **more: Any) -> bytes:
    """A picture with a place in its EXIF data, in a comment, in its colours, and behind its end."""
    exif, place = Image.Exif(), io.BytesIO()
    exif[0x010E] = MARK.decode()
    PICTURE.convert(mode).save(place, form, exif=exif, **more)
    return place.getvalue() + MARK


def drawn(content: bytes) -> tuple[str, bytes]:
    with Image.open(io.BytesIO(content)) as picture:
        return picture.mode, picture.tobytes()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_photograph(mode: str, progressive: bool) -> None:
    raw = written("JPEG", mode=mode, progressive=progressive, comment=MARK, icc_profile=MARK * 9, restart_marker_blocks=2)
    shown = bare(raw, "image/jpeg")
    assert raw.count(MARK) > 3 and MARK not in shown and b"Exif" not in shown
    assert drawn(shown) == drawn(raw)


def test_a_drawing() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", MARK.decode())
    raw = written("PNG", pnginfo=words)
    shown = bare(raw, "image/png")
    assert raw.count(MARK) > 2 and MARK not in shown
    assert drawn(shown) == drawn(raw)


@pytest.mark.parametrize(("form", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
def test_what_is_damaged_is_shown_to_nobody_or_ends(form: str, media_type: str) -> None:
    raw, chance, refused = written(form)[: -len(MARK)], Random(20261201), 0
    for number in range(500):
        broken = bytearray(raw[: chance.randrange(1, len(raw))] if number % 2 else raw)
        broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            assert len(bare(bytes(broken), media_type)) <= len(broken)
        except ValueError:
            refused += 1
    assert refused >= 200
    with pytest.raises(ValueError, match="damaged"):
        bare(raw, "image/heic")
