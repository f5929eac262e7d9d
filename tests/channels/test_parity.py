"""Every service, on every channel it names, in every language, from the first word to a case with the same answers; and every odd text unchanged."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from portal.catalogue.conditions import applies, typed
from portal.catalogue.definitions import Field, Service
from portal.catalogue.languages import SPOKEN, say
from portal.intake import dialogue, spoken
from portal.intake.dialogue_words import told
from tests.channels.conftest import House, opened
from tests.channels.test_email import Post, written
from tests.channels.test_sms import BASE, SECRET, Phone
from tests.ledger.conftest import catalogue
from tests.pages.conftest import Browser
from tests.pages.test_counter import Clerk
from tests.servers import Servers

SAMPLES = {"integer": 2, "decimal": "1.5", "date": "2026-12-01", "boolean": True, "email": "a@example.org", "phone": "+3222796111"}
SERVICES = {id: service for id, service in catalogue().services.items() if not service.triage}


@pytest.fixture(scope="module")
def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    from portal.ports.mail import Spool
    from tests.stories.town import Mailbox

    database, place = servers.database(), tmp_path_factory.mktemp("parity")
    with opened(database, place, public_url=BASE, sms_secret=SECRET) as one:
        found = Post(one.portal, one.app, one.issuer, one.database, one.client)
        found.spool, found.mailbox = Spool(place / "mail"), Mailbox()
        yield found
    servers.drop(database.name)


def answers_of(service: Service, channel: str, language: str) -> dict[str, Any]:
    """An answer to every question that is asked."""
    given: dict[str, Any] = {}
    kinds = typed(service.fields)
    for field in service.fields:
        if field.required and applies(field.when, kinds, {"channel": channel, "area": None, "language": language, "answers": given}):
            options = [option.id for option in field.options]
            sample = options[0] if field.type == "choice" else options[:2] if field.type == "choices" else SAMPLES.get(field.type, "Rue Haute 1")
            given[field.id] = sample if field.minimum is None or field.type != "integer" else max(field.minimum, 2)
    return given


def in_words(field: Field, value: Any, language: str) -> str:
    """The answer as somebody of that language types it."""
    titles = {option.id: say(option.title, language) for option in field.options}
    if field.type == "boolean":
        return spoken.yes_no(language)["true" if value else "false"]
    if field.type == "date":
        return " ".join(str(int(part)) for part in reversed(value.split("-")))
    if field.type == "choices":
        return ", ".join(str(list(titles).index(one) + 1) for one in value)
    return titles.get(value, str(value))


def newest(house: House, channel: str) -> tuple[str | None, str, dict[str, Any]]:
    """Service, language and answers of the case that came last by a channel."""
    with psycopg.connect(house.database.superuser_url) as connection:
        row = connection.execute(
            """SELECT c.service, c.language, v.value FROM cases c JOIN vault_items v ON v.case_id = c.case_id AND v.kind = 'answers'
            WHERE c.channel = %s ORDER BY c.received_at DESC, v.recorded_at DESC LIMIT 1""",
            (channel,),
        ).fetchone()
    assert row is not None, f"no case came by {channel}"
    return row[0], row[1], row[2]


# ---------------------------------------------------------------------- one way a channel


def by_web(house: Post, service: Service, language: str, given: dict[str, Any]) -> None:
    browser = Browser(house.app, language)
    browser.post(f"/services/{service.id}/request")
    fields = {field.id: field for field in service.fields}
    for _ in range(len(fields) + 3):
        step = browser.place.rpartition("/")[2]
        if step == "check":
            break
        if step not in fields:
            browser.post(email="ann@example.org")
            continue
        value, field = given.get(step), fields[step]
        if field.type == "date":
            parts = dict(zip(("year", "month", "day"), value.split("-"), strict=True)) if value else {}
            browser.post(**{f"{step}-{name}": part for name, part in parts.items()})
        else:
            browser.post(**{step: "" if value is None else {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value})
    assert browser.place.endswith("/check"), browser.html
    browser.post()
    assert browser.place.endswith("/done"), browser.html


def by_desk(channel: str) -> Any:
    """As a caseworker does on the pages, in another language than whom it is for."""

    def entry(house: Post, service: Service, language: str, given: dict[str, Any]) -> None:
        clerk = Clerk(house.app, house.portal, language="fr" if language == "en" else "en")
        clerk.post("/desk/entry", text="said", service=service.id, consent="spoken", channel=channel, spoken=language)
        fields = {field.id: field for field in service.fields}
        for _ in range(len(fields) + 2):
            step = clerk.place.rpartition("/")[2]
            if step == "check":
                break
            value, field = given.get(step), fields.get(step)
            if field is None:
                clerk.answer(name="Ann")
            elif field.type == "date":
                parts = dict(zip(("year", "month", "day"), value.split("-"), strict=True)) if value else {}
                clerk.answer(**{f"{step}-{name}": part for name, part in parts.items()})
            else:
                clerk.answer(**{step: "" if value is None else {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value})
        assert clerk.place.endswith("/check"), clerk.html
        clerk.answer()
        assert clerk.place.endswith("/your:done"), clerk.html

    return entry


def by_mail(house: Post, service: Service, language: str, given: dict[str, Any]) -> None:
    fields = {field.id: field for field in service.fields}
    lines = "\n".join(f"{say(fields[name].title, language)} {in_words(fields[name], value, language)}" for name, value in given.items())
    assert house.deliver(written(f"{lines}\n", subject=say(service.title, language), sender=f"{uuid4().hex[:10]}@example.org")) == "taken"


def by_text(house: Post, service: Service, language: str, given: dict[str, Any]) -> None:
    phone = Phone(house)
    phone.says({"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}[language])
    said = phone.says(say(service.title, language))
    if line := re.search(rf"^(\d+) {re.escape(say(service.title, language))}$", said, re.M):
        said = phone.says(line[1])
    if service.danger:
        assert "112" in said
        return
    desk_of_check = told("check", language, list="").splitlines()[0]
    fields = list(service.fields)
    for _ in range(len(fields) + 1):
        if desk_of_check in said:
            break
        (present,) = [one for one in fields if dialogue.question(one, language) in said][:1]
        value = given.get(present.id)
        said = phone.says("-" if value is None else in_words(present, value, language))
    assert desk_of_check in said, said
    assert re.search(r"[A-Z0-9]{5}-[A-Z0-9]{5}", phone.says(spoken.yes_no(language)["true"]))


def by_open311(house: Post, service: Service, language: str, given: dict[str, Any]) -> None:
    form: dict[str, Any] = {"api_key": "development", "service_code": service.id, "address_string": "Rue Haute 1", "language": language}
    for name, value in given.items():
        form[f"attribute[{name}]" + ("[]" if isinstance(value, list) else "")] = str(value).lower() if isinstance(value, bool) else value
    found = house.client.post("/open311/v2/requests.json", data=form)
    assert found.status_code == 200, found.data


def by_post(house: Post, service: Service, language: str, given: dict[str, Any]) -> None:
    """As the post room writes a letter down on the page, in another language than who wrote it."""
    clerk = Clerk(house.app, house.portal, language="fr" if language == "en" else "en")
    clerk.get(f"/desk/letters?service={service.id}")
    once = re.findall(r'name="once" value="([^"]+)"', clerk.html)[-1]
    today = datetime.now(UTC).astimezone(ZoneInfo("Europe/Brussels"))
    form: dict[str, Any] = {"once": once, "service": service.id, "kind": "new", "name": "Ann", "address": "Quay 1\n1000 Brussels", "language": language}
    form |= {"received-day": str(today.day), "received-month": str(today.month), "received-year": str(today.year)}
    for field in service.fields:
        value = given.get(field.id)
        if field.type == "date":
            form |= {f"{field.id}-{name}": part for name, part in zip(("year", "month", "day"), value.split("-"), strict=True)} if value else {}
        elif value is not None:
            form[field.id] = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    clerk.post("/desk/letters", **form)
    assert "/desk/cases/" in clerk.html and clerk.status == 200, clerk.html


WAYS = {"web": by_web, "counter": by_desk("counter"), "phone": by_desk("phone"), "email": by_mail, "sms": by_text, "open311": by_open311, "post": by_post}


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_service_by_every_channel_in_every_language(service: str, language: str, house: Post) -> None:
    one, seen = SERVICES[service], {}
    # A letter asks for anything: people write it down, whatever the service says of its channels.
    for channel in dict.fromkeys((*one.channels, "post")):
        if channel == "open311" and not one.public:
            continue
        given = answers_of(one, channel, language)
        WAYS[channel](house, one, language, given)
        found, spoke, answers = newest(house, channel)
        assert (found, spoke) == (service, language), channel
        if not (one.danger and channel in ("sms", "email")):
            seen[channel] = {name: value for name, value in answers.items() if name in given}
            assert set(seen[channel]) == set(given), channel
    assert len({json.dumps(answers, sort_keys=True) for answers in seen.values()}) <= 1, seen


def test_the_same_fault_is_told_with_the_same_words(house: Post) -> None:
    wanted = {"en": "Enter a number from 0 to 300.", "fr": "Indiquez un nombre de 0 à 300."}
    for language in ("en", "fr"):
        browser = Browser(house.app, language)
        browser.post("/services/pothole/request")
        browser.post(place="Mill Lane"), browser.post(surface=""), browser.post(depth_cm="deep")
        web = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", browser.html))
        phone = Phone(house)
        for words in ({"en": "English", "fr": "Français"}[language], say(SERVICES["pothole"].title, language), "Mill Lane", "1"):
            said = phone.says(words)
        said = phone.says("deep")
        form = {"api_key": "development", "service_code": "pothole", "address_string": "x", "attribute[depth_cm]": "deep", "language": language}
        error = house.client.post("/open311/v2/requests.json", data=form).json[0]["description"]
        words = said.splitlines()[0]
        assert words in web and words in error, (web[:300], words, error)
        if language == "en":
            assert words == wanted["en"]


# ---------------------------------------------------------------------- odd texts


def texts_of(shared_data: Path) -> list[str]:
    """Naughty strings and names of eighteen locales that can be printed: the others are refused, on every channel."""
    naughty = json.loads((shared_data / "hostile" / "blns.json").read_text("utf-8"))
    with (shared_data / "hostile" / "people-by-locale.csv").open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    names = [value for row in people[::6] for value in row.values() if value]
    return [text for text in dict.fromkeys([*naughty, *names]) if text.strip() and not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)]


def test_odd_texts_come_back_unchanged_from_every_channel(house: Post, shared_data: Path) -> None:
    found = texts_of(shared_data)
    assert len(found) > 500
    staff = house.staff("roads")
    for text in found[::3]:
        form = {"api_key": "development", "service_code": "pothole", "address_string": "x", "description": text[:4000]}
        made = house.client.post("/open311/v2/requests.json", data=form)
        assert made.status_code == 200, (text, made.data)
        id = made.json[0]["service_request_id"]
        assert house.client.get(f"/api/v1/cases/{id}", headers=staff).json["given"]["text"] == text[:4000].replace("\r\n", "\n").replace("\r", "\n")
        assert house.client.post(f"/api/v1/cases/{id}/publication", json={"description": True}, headers=staff).status_code == 200
        shown = house.client.get(f"/open311/v2/requests/{id}.json").json[0]["description"]
        assert shown == text[:4000].replace("\r\n", "\n").replace("\r", "\n")


def test_odd_texts_by_text_message(house: Post, shared_data: Path) -> None:
    """As an address in a conversation: said back in the summary, kept as it was typed but for blanks around it."""
    for text in texts_of(shared_data)[1::8]:
        if dialogue.steered(text) or dialogue.language_named(text, alone=False) or len(text) > 400 or text.strip() in dialogue.SKIPPED:
            continue
        phone = Phone(house)
        phone.send("there is a pothole in the road")
        said = phone.says(text)
        assert "1 " in said, (text, said)
        phone.send("1")
        said = phone.says("-")
        assert phone.says("yes")
        service, _, answers = newest(house, "sms")
        assert service == "pothole" and answers["place"] == text.strip().replace("\r\n", "\n").replace("\r", "\n"), text


def test_odd_texts_by_mail(house: Post, shared_data: Path) -> None:
    for text in texts_of(shared_data)[2::12]:
        mail = written("x", subject="There is a pothole", sender=f"{uuid4().hex[:10]}@example.org")
        mail.set_content(f"PLACE: {text}\n", charset="utf-8")
        if house.deliver(mail) != "taken" or "\n" in text or text.strip().startswith((">", "--")):
            continue
        with psycopg.connect(house.database.superuser_url) as connection:
            (words,) = connection.execute("SELECT value #>> '{}' FROM vault_items WHERE kind = 'words' ORDER BY recorded_at DESC LIMIT 1").fetchone()  # type: ignore[misc]
        assert text.strip() in words, text
