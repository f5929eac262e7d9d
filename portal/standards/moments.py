"""The moments a standard's conditions may name, and the events they are."""

from __future__ import annotations

#: Type of event -> moment (`portal.catalogue.definitions.Moment`).
MOMENTS = {
    "TaskClaimed": "claimed",
    "AnswersGiven": "answered",
    "DeliverySent": "handed-over",
    "AgencyReported": "reported",
    "CaseDecided": "decided",
    "FeePaid": "paid",
    "FeeWaived": "paid",
}
