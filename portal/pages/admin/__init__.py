"""Pages of those who keep the portal: definitions, handovers that wait, people, versions of journeys, health, a look into a case."""

from __future__ import annotations

from portal.pages.admin import definitions, glass, handovers, health, journeys, people

GROUPS = (health.pages, definitions.pages, handovers.pages, people.pages, journeys.pages, glass.pages)
