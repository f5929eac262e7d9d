"""All definitions of one run by id: what a reference may name."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.catalogue.areas import Area
from portal.catalogue.definitions import Agency, Journey, Letter, Service, Table
from portal.catalogue.documents import AnyDocument, Document, T

CHANNELS = ("web", "counter", "phone", "post", "email", "sms", "open311")
#: Adapters the content ships; `adapter.py` is an agency's own file beside its `agency.yaml`.
ADAPTERS = ("staff", "rest", "open311", "email", "batch", "adapter.py")

#: Providers of card payments the content ships (services/payments/).
PROVIDERS = ("hosted_page",)


@dataclass
class Known:
    """The first definition of each id; `names` also holds the ids of files too broken to read, so that one fault does not make others."""

    agencies: dict[str, Document[Agency]] = field(default_factory=dict)
    services: dict[str, Document[Service]] = field(default_factory=dict)
    journeys: dict[str, Document[Journey]] = field(default_factory=dict)
    tables: dict[str, Document[Table]] = field(default_factory=dict)
    letters: dict[str, Document[Letter]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in ("agency", "service", "journey", "table", "letter")})
    channels: tuple[str, ...] = CHANNELS
    #: Areas that could be read, by (`agency` or `service`, id).
    areas: dict[tuple[str, str], Area] = field(default_factory=dict)
    #: Every file read, also those that repeat an id.
    documents: list[AnyDocument] = field(default_factory=list)

    def agency(self, id: str | None) -> Agency | None:
        """The agency of that id, where it could be read."""
        document = self.agencies.get(id or "")
        return document.value if document else None

    def journey(self, id: str | None) -> Journey | None:
        """The journey of that id, where it could be read."""
        document = self.journeys.get(id or "")
        return document.value if document else None

    def values(self) -> tuple[dict[str, Journey], dict[str, Service]]:
        """All journeys and services that could be read, by id."""
        journeys = {id: document.value for id, document in self.journeys.items() if document.value}
        return journeys, {id: document.value for id, document in self.services.items() if document.value}

    def letter(self, id: str | None) -> Letter | None:
        """The letter of that id, where it could be read."""
        document = self.letters.get(id or "")
        return document.value if document else None

    def register(self, document: Document[T], into: dict[str, Document[T]]) -> Document[T]:
        """Take a document by its id; a given one that repeats an id is a fault, a completing one gives way."""
        self.documents.append(document)
        id, source = document.value.id if document.value else "", document.source
        self.names[source.kind].add(id or source.stem)
        if id and id not in into:
            into[id] = document
        elif id and document.given:
            first = into[id].fault(("id",), "")
            document.note(("id",), f"there is already a {source.kind} `{id}` ({first.file}:{first.line}): choose another id")
        return document
