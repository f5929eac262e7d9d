"""What must hold in one letter: its id, its version, and places there are."""

from __future__ import annotations

from dataclasses import replace

from portal.catalogue import letters, syntax
from portal.catalogue.definitions import Letter, Text
from portal.catalogue.documents import Document, Path, walk
from portal.catalogue.faults import instead
from portal.catalogue.tree import Scalar


def check_letter(document: Document[Letter]) -> None:
    """Note every fault of a letter."""
    letter, stem = document.value, document.source.stem
    if letter is None:
        return
    if letter.id and (message := syntax.bad_id(letter.id)):
        document.note(("id",), message)
    elif letter.id and letter.id != stem:
        document.note(("id",), f"the id is `{letter.id}`, but the file is `{stem}.yaml`: give both the same name")
    if letter.version < 1 and "version" in getattr(document.root, "values", {}) and not any("`version`" in fault.message for fault in document.faults):
        document.note(("version",), "a version is a whole number from 1")
    _text(document, ("subject",), letter.subject)
    for index, text in enumerate(letter.paragraphs):
        _text(document, ("paragraphs", index), text)


def _text(document: Document[Letter], path: Path, text: Text) -> None:
    for language, words in text.items():
        for at, place in letters.places(words):
            if not letters.known(place):
                _note(document, (*path, language), at, _says(place))


def _says(place: str) -> str:
    if place[:1].isalpha():
        return f"a letter has no place `{place}`: {instead(place, [*letters.PLACES, letters.ANSWERS + 'FIELD'])}"
    return f"`{place}` stands for nothing here: a place is written `{{{{ reference }}}}`, and a letter has no other signs"


def _note(document: Document[Letter], path: Path, at: int, message: str) -> None:
    """At the place itself where the text stands in one line as it is read, else at the text."""
    fault, node = document.fault(path, message), walk(document.root, path)
    if isinstance(node, Scalar) and node.inset is not None and "\n" not in str(node.value)[:at]:
        fault = replace(fault, column=fault.column + node.inset + at)
    document.faults.append(fault)
