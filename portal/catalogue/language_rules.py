"""Which texts of definitions lack a language that is asked for: a check of its own, since content need not speak every language the portal does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal

from portal.catalogue.definitions import Catalogue
from portal.catalogue.documents import Path, Positions
from portal.catalogue.faults import Fault
from portal.catalogue.languages import REQUIRED, is_language

Check = Callable[[Catalogue, Positions], tuple[Fault, ...]]
Kind = Literal["agency", "service", "journey", "table", "letter"]


def spoken(languages: Collection[str]) -> Check:
    """A check for `load`: every text of every definition has each of these languages. ValueError for what is no language code."""
    if odd := sorted(one for one in languages if not is_language(one)):
        raise ValueError(f"`{odd[0]}` is no language code: write two or three small letters, such as `es`")

    def check(catalogue: Catalogue, positions: Positions) -> tuple[Fault, ...]:
        return tuple(fault for kind, id, value in _all(catalogue) for fault in _lacking(kind, id, value, positions, languages))

    return check


def _all(catalogue: Catalogue) -> Iterator[tuple[Kind, str, Any]]:
    kinds: tuple[tuple[Kind, Mapping[str, Any]], ...] = (
        ("agency", catalogue.agencies),
        ("service", catalogue.services),
        ("journey", catalogue.journeys),
        ("table", catalogue.tables),
        ("letter", catalogue.letters),
    )
    return ((kind, id, value) for kind, some in kinds for id, value in some.items())


def _lacking(kind: Kind, id: str, value: Any, positions: Positions, languages: Collection[str]) -> Iterator[Fault]:
    for path, text in texts(value):
        for language in languages:
            if language not in text:
                yield positions.fault(kind, id, path, f"no text in `{language}`: write `{language}: ...` here")


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every text below a definition, and lists of words by language, with its path."""
    if is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, Mapping):
        if REQUIRED[0] in value and all(is_language(str(key)) for key in value):
            yield path, value
        else:
            for key, one in value.items():
                yield from texts(one, (*path, key))
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from texts(one, (*path, index))
