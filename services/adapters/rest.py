"""JSON over HTTP: one POST a handover. The agency answers `{"id": its own name for it, "status": "accepted" | "done"}` and may report back later."""

from __future__ import annotations

import json
import re
from typing import Any

from portal.plugins.agency import Answer, Delivery, HttpCall, Promise, Receipt, Refusal, not_understood, usual

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
        refused = usual(answer)
        if refused:
            return refused
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
        if status not in ("accepted", "done"):
            return not_understood("its `status` is neither `accepted` nor `done`")
        return Receipt(id, done=status == "done")


ADAPTER = Rest()
