"""Pages of those who keep the portal: definitions, handovers that wait, offices, people, versions of journeys, health, a look into a case."""

from __future__ import annotations

from portal.pages.admin import agencies, definitions, glass, handovers, health, hours, journeys, people, proposals

GROUPS = (
    health.pages,
    definitions.pages,
    handovers.pages,
    agencies.pages,
    hours.pages,
    people.pages,
    proposals.pages,
    journeys.pages,
    glass.pages,
)
