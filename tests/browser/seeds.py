"""What has happened in a town before somebody sits down at a screen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.db import new_id
from portal.intake.receive import Submission, receive
from portal.reactions import sweep
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal

NOISE = {"source_place": "Mill Lane 4", "noise": "business", "times": "Every night after eleven"}
ANN = {"email": "ann@example.org", "name": "Ann Lee"}
TREE = {"site": "Mill Lane 4", "trees": 1, "girth_cm": 120, "reasons": ["sick"]}


def request(city: Portal, *, days_ago: int = 0, **given: Any) -> str:
    """The reference of a request that was sent so long ago."""
    id = new_id()
    with city.work(ENGINE) as work:
        then = work.now - timedelta(days=days_ago)
    with city.work(ANONYMOUS, new_cases=[id], at=then if days_ago else None) as work:
        return str(receive(work, Submission(**given), case_id=id).case["reference"])


def town(city: Portal) -> None:
    """Something late, something to decide, something that may be asked about, something that is due soon, and danger."""
    request(city, days_ago=90, service="noise-complaint", answers=NOISE, contact=ANN)
    request(city, service="noise-complaint", answers=NOISE, contact=ANN)
    request(city, service="tree-felling-permit", answers=TREE, contact=ANN)
    request(city, days_ago=12, service="pothole", answers={"place": "Mill Lane 4"})
    request(city, text="I smell gas in the kitchen")
    for _ in range(3):
        sweep(city)
