"""JSON over HTTP: one POST a handover. The agency answers `{"id": its own name for it, "status": "accepted" | "done"}` and may report back later."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from portal.plugins.agency import Answer, Asked, Delivery, HttpCall, News, Promise, Question, Reach, Receipt, Refusal, not_understood, usual

Status = Literal["accepted", "refused", "done"]
#: What an agency may call a handover.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")


class Rest:
    """The far side de-duplicates on `key` (also sent as Idempotency-Key)."""

    promise: Promise = "idempotent"

    def prepare(self, delivery: Delivery) -> HttpCall:
        """The handover as one JSON object; the same bytes at every attempt."""
        if not delivery.endpoint:
            raise ValueError("the agency's definition names no `endpoint`")
        body = {
            "key": delivery.key,
            "action": delivery.action,
            "service": delivery.service,
            "step": delivery.step,
            **({} if delivery.item is None else {"item": delivery.item}),
            "answers": dict(delivery.answers),
            "text": delivery.text,
            "language": delivery.language,
            "callback_url": delivery.callback_url,
        }
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": f'"{delivery.key}"'}
        return HttpCall("POST", delivery.endpoint, headers, json.dumps(body, ensure_ascii=False, sort_keys=True).encode())

    def read(self, answer: Answer) -> Receipt | Refusal:
        """A receipt only for an answer that is exactly what was agreed."""
        found = usual(answer) or _receipt(answer, ("accepted", "done"))
        return found if isinstance(found, Refusal) else Receipt(found[0], done=found[1] == "done")

    def ask(self, reach: Reach, asked: Sequence[Asked]) -> list[Question]:
        """GET ENDPOINT/KEY, one by one."""
        return [Question(HttpCall("GET", f"{reach.endpoint}/{one.key}", {"Accept": "application/json"}), (one.key,)) for one in asked if reach.endpoint]

    def told(self, reach: Reach, asked: Sequence[Asked], answer: Answer) -> Mapping[str, News] | Refusal:
        """As the receipt, `refused` besides; 404 is a clear word: it does not have it."""
        if answer.status == 404:
            return {one.key: News("unknown") for one in asked}
        found = usual(answer) or _receipt(answer, ("accepted", "refused", "done"))
        return found if isinstance(found, Refusal) else {one.key: News(found[1], found[0]) for one in asked}


def _receipt(answer: Answer, statuses: tuple[Status, ...]) -> tuple[str, Status] | Refusal:
    """Name and status as the agency gives them."""
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return not_understood("it is not JSON")
    try:
        found: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return not_understood("its JSON is broken")
    if not isinstance(found, dict):
        return not_understood("it is not a JSON object")
    id, status = found.get("id"), found.get("status")
    if not isinstance(id, str) or not _ID.fullmatch(id):
        return not_understood("it has no `id` of up to 100 plain characters")
    known = next((one for one in statuses if one == status), None)
    return (id, known) if known else not_understood(f"its `status` is none of {', '.join(statuses)}")


ADAPTER = Rest()
