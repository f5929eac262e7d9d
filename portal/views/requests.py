"""Requests everybody may see, with the words around them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from portal.cases import publication
from portal.cases.publication import Change, Shown
from portal.catalogue.definitions import Catalogue
from portal.catalogue.languages import say
from portal.plugins.channel import Listed, Update, Wanted
from portal.unit_of_work import Work
from portal.vault import items
from portal.views.words import promise_says

#: Extended status -> what it means.
_SAYS = {
    "OPEN": {"en": "Received", "fr": "Reçu", "ar": "تم الاستلام", "es": "Recibido"},
    "IN_PROGRESS": {"en": "Being worked on", "fr": "En cours de traitement", "ar": "قيد المعالجة", "es": "En curso"},
    "INVESTIGATING": {
        "en": "Waiting for more information",
        "fr": "En attente d'informations",
        "ar": "بانتظار مزيد من المعلومات",
        "es": "A la espera de información",
    },
    "ACTION_SCHEDULED": {
        "en": "Decided; the work is planned",
        "fr": "Décidé ; les travaux sont prévus",
        "ar": "تم القرار والعمل مخطط",
        "es": "Decidido; trabajos previstos",
    },
    "FIXED": {"en": "Done", "fr": "Terminé", "ar": "تم الإنجاز", "es": "Resuelto"},
    "DUPLICATE": {"en": "Known already", "fr": "Déjà signalé", "ar": "سبق الإبلاغ عنه", "es": "Ya comunicado"},
    "NO_FURTHER_ACTION": {"en": "Closed without further action", "fr": "Clos sans suite", "ar": "أُغلق دون إجراء آخر", "es": "Cerrado sin más actuación"},
    "NOT_COUNCILS_RESPONSIBILITY": {
        "en": "Not ours to do",
        "fr": "Ne relève pas de notre compétence",
        "ar": "ليس من اختصاصنا",
        "es": "No es competencia nuestra",
    },
    "INTERNAL_REFERRAL": {
        "en": "Passed on to another service",
        "fr": "Transmis à un autre service",
        "ar": "أُحيل إلى خدمة أخرى",
        "es": "Remitido a otro servicio",
    },
    "CLOSED": {"en": "Closed", "fr": "Clos", "ar": "مغلق", "es": "Cerrado"},
    "CANCELLED": {"en": "Taken back", "fr": "Retiré", "ar": "تم سحبه", "es": "Retirado"},
}
#: Changes told at once.
MOST = 1000
#: Requests without a bound: GeoReport's own window.
WINDOW = timedelta(days=90)


def find(work: Work, wanted: Wanted, *, services: Collection[str], language: str) -> list[Listed]:
    """Those wanted, the newest first, of these services only (a unit as anonymous)."""
    catalogue = work.catalogue
    known = [one for one in services if one in catalogue.services]
    where = sorted({catalogue.agencies[catalogue.services[one].agency].jurisdiction for one in known})
    if wanted.references:
        rows = publication.these(work, wanted.references, services=known, jurisdictions=where)
    else:
        until = wanted.until or work.now
        asked: dict[str, Any] = {"since": wanted.since or until - WINDOW, "until": until, "open": wanted.open, "limit": wanted.limit, "offset": wanted.offset}
        rows = publication.listed(work, services=[one for one in known if not wanted.services or one in wanted.services], jurisdictions=where, **asked)
    approved = items.published(work, {row.case_id: row.item for row in rows if row.item})
    words = _Words(catalogue, language)
    return [_listed(words, row, approved.get(row.case_id) or {}) for row in rows]


def picture(work: Work, reference: str, *, services: Collection[str]) -> tuple[str, str] | None:
    """Name in the store and media type of the picture somebody approved of a request everybody may see (a unit as anonymous)."""
    catalogue = work.catalogue
    where = sorted({catalogue.agencies[catalogue.services[one].agency].jurisdiction for one in services})
    rows = publication.these(work, [reference], services=list(services), jurisdictions=where)
    approved = items.published(work, {row.case_id: row.item for row in rows if row.item})
    shown: dict[str, Any] = next(iter(approved.values()), {})
    found = shown.get("picture")
    return (found["kept_as"], found["media_type"]) if found else None


def updates(work: Work, since: Any, until: Any, *, services: Sequence[str], language: str) -> list[Update]:
    """Changes of status in that time, oldest first."""
    where = sorted({one.jurisdiction for one in work.catalogue.agencies.values()})
    rows = publication.changes(work, services=services, jurisdictions=where, since=since, until=until, limit=MOST)
    return [Update(str(row.id), row.reference, row.status, row.at, said(row, language)) for row in rows]


def said(row: Shown | Change, language: str) -> str:
    """What a status means, in a few words."""
    return say(_SAYS.get(row.status, _SAYS["OPEN"]), language)


class _Words:
    """What services, agencies and statuses are called in one language, each asked once for a list of a thousand."""

    def __init__(self, catalogue: Catalogue, language: str) -> None:
        self._catalogue, self.language = catalogue, language
        self._known: dict[tuple[str, str], str] = {}

    def of(self, what: str, id: str) -> str:
        """The title of a `service` or an `agency`, its id where it has gone; what a `status` means."""
        known = self._known.get((what, id))
        if known is None:
            titles: dict[str, str] | None = _SAYS.get(id, _SAYS["OPEN"])
            if what != "status":
                named = self._catalogue.services.get(id) if what == "service" else self._catalogue.agencies.get(id)
                titles = named.title if named else None
            known = self._known[what, id] = say(titles, self.language) if titles else id
        return known


def _listed(words: _Words, row: Shown, approved: dict[str, Any]) -> Listed:
    exact = approved.get("lat") is not None
    return Listed(
        reference=row.reference,
        service=row.service,
        service_title=words.of("service", row.service),
        agency=words.of("agency", row.agency),
        open=row.closed_at is None,
        status=row.status,
        says=words.of("status", row.status),
        promise=promise_says(row.expected_at, row.zone, words.language) if row.expected_at and row.closed_at is None else None,
        requested_at=row.requested_at,
        updated_at=row.updated_at,
        expected_at=row.expected_at,
        closed_at=row.closed_at,
        description=approved.get("description"),
        address=approved.get("address"),
        lat=approved["lat"] if exact else row.lat,
        long=approved["long"] if exact else row.long,
        media_url=approved.get("media_url"),
        picture="picture" in approved,
    )
