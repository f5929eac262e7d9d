"""The measures: a table of named numbers, each with unit, version of its formula, and what a period bounds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: `opening`: the instant of receipt lies in the period. `closing`: the instant of closing does. `closing-or-due`: that of closing,
#: or for a case still open that of its promise; so consecutive periods add up to the whole, each case counted once.
Bounds = Literal["opening", "closing", "closing-or-due"]
#: Cases a measure is about; what each is, in SQL, stands in portal/kpi/populations.py.
Population = Literal[
    "received", "open", "closed", "closed-promised", "closed-on-time", "due", "kept", "scored", "referred", "returned", "found", "by-letter", "backdated"
]
How = Literal["count", "share", "percentile", "mean", "score", "wanted", "avoidable"]
#: What a percentile or a mean is taken of: seconds from receipt to closing, seconds from receipt to the door that kept it, or times passed on.
Over = Literal["duration", "wrong-doors", "referrals"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One named number. `of`: the cases it is taken over, their number is `n`. `kept`: of a share, those that count. `rank`: of a percentile, 0..1."""

    id: str
    says: str
    unit: Literal["requests", "percent", "seconds", "referrals"]
    bounds: Bounds
    how: How
    of: Population
    kept: Population | None = None
    rank: float | None = None
    over: Over = "duration"
    version: int = 1

    @property
    def population(self) -> Population:
        """Cases one is shown who asks what is behind the figure."""
        return self.of


#: Durations are seconds from receipt to closing, as absolute instants; where a log closes a case before its receipt they are negative, and kept.
#: Percentiles are interpolated linearly (SQL `percentile_cont`). Without cases a share, a duration and a score have no value.
MEASURES: dict[str, Measure] = {
    measure.id: measure
    for measure in (
        Measure(id="requests", says="Requests received.", unit="requests", bounds="opening", how="count", of="received"),
        Measure(id="open", says="Requests received that are open at `as_of`.", unit="requests", bounds="opening", how="count", of="open"),
        Measure(id="closed", says="Requests closed.", unit="requests", bounds="closing", how="count", of="closed"),
        Measure(
            id="on-time-of-closed",
            says="Closed on or before the promised instant, of those closed that had one. It hides the open overdue ones: see `on-time-of-due`.",
            unit="percent",
            bounds="closing",
            how="share",
            of="closed-promised",
            kept="closed-on-time",
        ),
        Measure(
            id="on-time-of-due",
            says="Closed on or before the promised instant, of those closed that had one and those open whose promise lies before `as_of`.",
            unit="percent",
            bounds="closing-or-due",
            how="share",
            of="due",
            kept="kept",
        ),
        Measure(
            id="duration-median", says="Half of those closed took at most this.", unit="seconds", bounds="closing", how="percentile", of="closed", rank=0.5
        ),
        Measure(id="duration-p75", says="Of four closed, three took at most this.", unit="seconds", bounds="closing", how="percentile", of="closed", rank=0.75),
        Measure(id="duration-p90", says="Of ten closed, nine took at most this.", unit="seconds", bounds="closing", how="percentile", of="closed", rank=0.9),
        Measure(id="duration-mean", says="Mean time from receipt to closing.", unit="seconds", bounds="closing", how="mean", of="closed"),
        Measure(
            id="satisfaction",
            says="(mean score - 1) / 4 of the closed that were scored from 1 to 5 (UK government performance platform); scores are pooled before averaging.",
            unit="percent",
            bounds="closing",
            how="score",
            of="scored",
        ),
        Measure(
            id="referred",
            says="Passed on to another door, of requests received.",
            unit="percent",
            bounds="opening",
            how="share",
            of="received",
            kept="referred",
        ),
        Measure(
            id="referral-hops",
            says="Times a request was passed on, on average of those received.",
            unit="referrals",
            bounds="opening",
            how="mean",
            of="received",
            over="referrals",
        ),
        Measure(
            id="ping-pong",
            says="Came back to a door that had sent it away, of requests passed on.",
            unit="percent",
            bounds="opening",
            how="share",
            of="referred",
            kept="returned",
        ),
        Measure(
            id="interest",
            says="By how many the requests received are wanted: who made each, and who follows it. `requests` counts each once.",
            unit="requests",
            bounds="opening",
            how="wanted",
            of="received",
        ),
        Measure(
            id="avoidable-contact",
            says="Contacts that better work would have spared people (chasing, repeating, wrong places), of all contacts on requests received (NI14).",
            unit="percent",
            bounds="opening",
            how="avoidable",
            of="received",
        ),
        Measure(
            id="written-down-late",
            says="Written down more than a day after the letter was received, of requests that came by letter.",
            unit="percent",
            bounds="opening",
            how="share",
            of="by-letter",
            kept="backdated",
        ),
        Measure(
            id="wrong-doors-median",
            says="Of requests passed on, half had found the door that kept them within this time from receipt. By `door`: what each front door costs.",
            unit="seconds",
            bounds="opening",
            how="percentile",
            of="found",
            rank=0.5,
            over="wrong-doors",
        ),
        Measure(
            id="wrong-doors-mean",
            says="Mean time from receipt until the door that kept it had a request that was passed on.",
            unit="seconds",
            bounds="opening",
            how="mean",
            of="found",
            over="wrong-doors",
        ),
    )
}

#: By what a figure can be sliced.
SLICES = ("service", "agency", "channel", "segment", "month", "door")

#: Where cases come from: `mystery` requests test the service, `simulated` ones were never made.
ORIGINS = ("live", "demo", "replay", "mystery", "simulated")
