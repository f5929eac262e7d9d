"""What a file is called: never a path, never something that hides its ending or turns the words around it. Pure."""

from __future__ import annotations

import re
import unicodedata

#: Characters kept of a name, its ending not counted.
LONGEST = 120
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
_NEVER = re.compile(r'[<>:"|?*\\/]')


def plain_name(given: str | None, ending: str) -> str:
    """The name as it is kept and offered: its last part, cleaned, with the ending its content has."""
    last = re.split(r"[\\/]", given or "")[-1]
    stem = unicodedata.normalize("NFC", _NEVER.sub("", _UNSEEN.sub("", last))).strip()
    for known in (f".{ending}", ".jpeg", ".tiff", ".heif"):
        stem = stem[: -len(known)] if stem.lower().endswith(known) else stem
    stem = stem[:LONGEST].strip(" .")
    return f"{stem or 'document'}.{ending}"
