"""Any GeoReport v2 server (Open311): a request is posted as a form, its status is asked for; one that answers with a token is asked for the number first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from portal.plugins.agency import Answer, Asked, Delivery, HttpCall, News, Promise, Question, Reach, Receipt, Refusal, not_understood, usual
from portal.plugins.xml import BadXml, parsed

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
#: A remote id of ours that still is a token of theirs.
TOKEN = "token:"
#: GeoReport v2 knows `open` and `closed`; the rest are those of the mySociety extension (servicerequestupdates), in small letters.
STATUSES = {
    **dict.fromkeys(("open", "investigating", "in_progress", "action_scheduled", "internal_referral", "for_triage", "reopen"), "accepted"),
    **dict.fromkeys(("closed", "fixed"), "done"),
    **dict.fromkeys(("duplicate", "not_councils_responsibility", "no_further_action", "cancelled"), "refused"),
}
#: Characters of a description that every server takes (GeoReport v2: at most 4,000).
LONGEST = 4_000


class Open311:
    """The protocol has no key a repeat could be known by: a blind far side. It can be asked by its own numbers once it gave one."""

    promise: Promise = "blind"

    def prepare(self, delivery: Delivery) -> HttpCall:
        """POST requests: answers under the names of the mapping, what the citizen wrote as the description."""
        reach, options = delivery.reach, delivery.reach.options
        code = options["codes"].get(f"{delivery.service}/{delivery.step}") or options["codes"].get(delivery.service)
        if not code or not reach.endpoint:
            raise ValueError("no service_code for this service, or no endpoint: see `open311:` in agency.yaml")
        fields = {"api_key": reach.secret, "jurisdiction_id": options.get("jurisdiction_id"), "service_code": code}
        for name, there in sorted(options["attributes"].items()):
            value = delivery.answers.get(name)
            fields[there] = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        text = delivery.text or "; ".join(f"{name}: {value}" for name, value in sorted(delivery.answers.items()))
        fields.setdefault("description", (text or delivery.action)[:LONGEST])
        body = urlencode({name: value for name, value in fields.items() if value not in (None, "")})
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Accept": _type(options)}
        return HttpCall("POST", f"{reach.endpoint}/requests.{options['format']}", headers, body.encode())

    def read(self, answer: Answer) -> Receipt | Refusal:
        """A number or a token; whatever else says yes is not understood."""
        refused = usual(answer)
        if refused:
            return refused
        found = _requests(answer)
        if isinstance(found, Refusal):
            return found
        if len(found) != 1:
            return not_understood("it is not one request")
        id, token = found[0].get("service_request_id"), found[0].get("token")
        if id and _ID.fullmatch(id):
            return Receipt(id)
        if token and _ID.fullmatch(token):
            return Receipt(TOKEN + token)
        return not_understood("it has neither service_request_id nor token")

    def ask(self, reach: Reach, asked: Sequence[Asked]) -> list[Question]:
        """Tokens one by one; all numbers in one list, or in one list of updates where the server has them."""
        options = reach.options
        jurisdiction = {"jurisdiction_id": options["jurisdiction_id"]} if options.get("jurisdiction_id") else {}
        tail = f".{options['format']}"
        headers = {"Accept": _type(options)}
        questions = []
        for one in asked:
            if (one.remote_id or "").startswith(TOKEN):
                path = f"/tokens/{quote((one.remote_id or '').removeprefix(TOKEN), safe='')}{tail}"
                questions.append(Question(HttpCall("GET", _url(reach, path, jurisdiction), headers), (one.key,)))
        numbered = [one for one in asked if one.remote_id and not one.remote_id.startswith(TOKEN)]
        if numbered and options.get("updates"):
            since = min(one.since for one in numbered) - timedelta(minutes=5)
            query = {**jurisdiction, "start_date": _instant(since)}
            questions.append(Question(HttpCall("GET", _url(reach, f"/servicerequestupdates{tail}", query), headers), tuple(one.key for one in numbered)))
        elif numbered:
            query = {**jurisdiction, "service_request_id": ",".join(one.remote_id or "" for one in numbered)}
            questions.append(Question(HttpCall("GET", _url(reach, f"/requests{tail}", query), headers), tuple(one.key for one in numbered)))
        return questions

    def told(self, reach: Reach, asked: Sequence[Asked], answer: Answer) -> Mapping[str, News] | Refusal:
        """The last status of each number that is named; of a token its number."""
        refused = usual(answer)
        if refused:
            return refused
        found = _requests(answer)
        if isinstance(found, Refusal):
            return found
        meanings = STATUSES | reach.options.get("statuses", {})
        by_id = {one.remote_id: one.key for one in asked}
        news: dict[str, News] = {}
        for row in sorted(found, key=lambda row: row.get("updated_datetime") or ""):
            id, token, status = row.get("service_request_id") or "", row.get("token"), (row.get("status") or "").strip().lower().replace(" ", "_")
            if token and TOKEN + token in by_id and _ID.fullmatch(id):
                news[by_id[TOKEN + token]] = News(None, id)
            elif id in by_id:
                meant: Any = meanings.get(status)
                news[by_id[id]] = News(meant, id)
        return news


def _url(reach: Reach, path: str, query: Mapping[str, str]) -> str:
    return f"{reach.endpoint}{path}" + (f"?{urlencode(query, safe=',')}" if query else "")


def _type(options: Mapping[str, Any]) -> str:
    return "text/xml" if options["format"] == "xml" else "application/json"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _requests(answer: Answer) -> list[dict[str, str]] | Refusal:
    """The requests (or updates) an answer lists, as text by name, in either format."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("text/xml", "application/xml"):
        try:
            root = parsed(answer.body)
        except BadXml as bad:
            return not_understood(str(bad))
        if root.name not in ("service_requests", "service_request_updates"):
            return not_understood("its root is not of GeoReport v2")
        return [{field.name: field.text.strip() for field in row.inside} for row in root.inside]
    if kind != "application/json":
        return not_understood("it is neither XML nor JSON")
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return not_understood("its JSON is broken")
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        return not_understood("it is not a list of objects")
    return [{name: str(value) for name, value in row.items() if isinstance(value, str | int) and not isinstance(value, bool)} for row in found]


ADAPTER = Open311()
