"""Door: JSON under `/api/v1`, and its documents under `/docs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from portal.api import (
    administration,
    allowed,
    breaches,
    bulk,
    cases,
    casework,
    consents,
    contacts,
    decisions,
    deliveries,
    docs,
    documents,
    drafts,
    eligibility,
    fees,
    following,
    health,
    indicators,
    letters,
    mails,
    mandates,
    matters,
    mine,
    moves,
    party,
    payments,
    presence,
    prints,
    problems,
    publication,
    reach,
    reads,
    referrals,
    revocations,
    seals,
    secrets,
    services,
    sessions,
    signals,
    spec,
    strays,
    tasks,
    worklists,
)
from portal.unit_of_work import Portal


def install(
    app: Flask,
    portal: Portal,
    *,
    beside: Mapping[str, Any] | None = None,
    page: problems.Page = docs.error_page,
    elsewhere: Mapping[str, problems.Teller] | None = None,
) -> None:
    """Opens the door: errors, the guard, resources, the specification, documents. One line here for each resource.

    `page`: how a refusal is shown to a person. `beside`: path -> POST operation (OpenAPI 3.1) of what other doors answer under the same address.
    `elsewhere`: root -> how a refusal is told below it.
    """
    app.extensions["onedoor"] = portal
    problems.install(app, page, elsewhere)
    allowed.install(app, portal)
    described = spec.build(
        app,
        [
            services.resource,
            eligibility.resource,
            cases.resource,
            mails.resource,
            mine.resource,
            drafts.resource,
            party.resource,
            publication.resource,
            mandates.resource,
            consents.resource,
            reach.resource,
            matters.resource,
            administration.resource,
            reads.resource,
            seals.resource,
            presence.resource,
            secrets.resource,
            signals.resource,
            fees.resource,
            payments.resource,
            documents.resource,
            letters.resource,
            contacts.resource,
            prints.resource,
            tasks.resource,
            strays.resource,
            casework.resource,
            following.resource,
            bulk.resource,
            worklists.resource,
            referrals.resource,
            deliveries.resource,
            moves.resource,
            decisions.resource,
            revocations.resource,
            indicators.resource,
            breaches.resource,
            sessions.resource,
            health.resource,
        ],
    )
    docs.serve_specification(app, described, beside or {})
    health.outside(app)
    app.register_blueprint(docs.pages)
