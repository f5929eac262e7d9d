"""Text messages: the carrier's signature, conversations from the first word to a case, silence, parts, and what leaves."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from channels.sms import signature
from portal.catalogue.languages import SPOKEN
from portal.dispatch.deliver import drain
from portal.intake import conversation, dialogue_words
from portal.intake.dialogue_words import told
from portal.local.addresses import free_port
from portal.local.text_carrier import Carrier, serve, texts
from portal.plugins.texts import counted, pieces, thrifty
from portal.plugins.xml import parsed
from portal.reactions import sweep
from tests.channels.conftest import House, opened
from tests.servers import Servers

SECRET, BASE = "carrier's own secret", "https://city.example"


@pytest.fixture(scope="module")
def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database = servers.database()
    port = free_port()
    more: dict[str, Any] = {"sms_secret": SECRET, "sms_account": "AC1", "sms_sender": "+3225550199", "sms_endpoint": f"http://127.0.0.1:{port}"}
    place = tmp_path_factory.mktemp("texts")
    with opened(database, place, public_url=BASE, **more) as one:
        carrier = Carrier(place / "texts", "AC1", SECRET, "+3225550199", f"{BASE}/channels/sms")
        server = serve(carrier, "127.0.0.1", port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        one.carrier = carrier  # type: ignore[attr-defined]
        yield one
        server.shutdown()
        thread.join()
        server.server_close()
    servers.drop(database.name)


class Phone:
    """Somebody with a telephone."""

    def __init__(self, house: House, number: str | None = None) -> None:
        self.house = house
        self.number = number or f"+3247{uuid4().int % 10_000_000:07d}"

    def send(self, words: str, *, sid: str | None = None, **more: str) -> list[str]:
        """What is answered."""
        form = {"MessageSid": sid or f"SM{uuid4().hex}", "From": self.number, "To": "+3225550199", "Body": words, "NumMedia": "0", **more}
        answer = self.house.client.post(
            "/channels/sms", data=form, headers={"X-Twilio-Signature": signature(SECRET, f"{BASE}/channels/sms", list(form.items()))}
        )
        assert answer.status_code == 200, answer.data
        assert answer.content_type == "text/xml; charset=utf-8"
        root = parsed(answer.data)
        assert root.name == "Response" and {one.name for one in root.inside} <= {"Message"}
        return [one.text for one in root.inside]

    def says(self, words: str, **more: str) -> str:
        """All of it."""
        return "\n".join(self.send(words, **more))


@pytest.fixture
def phone(house: House) -> Phone:
    return Phone(house)


def case_of(house: House, said: str) -> dict[str, Any]:
    """The case a reference and a secret in an answer open."""
    found = re.search(r"([A-Z0-9]{4}(?:-[A-Z0-9]{4}){2})\D.*?([A-Z0-9]{5}-[A-Z0-9]{5})", said, re.S)
    assert found, said
    answer = house.client.get(f"/api/v1/cases/{found[1]}", headers={"Case-Secret": found[2]})
    assert answer.status_code == 200, answer.data
    told: dict[str, Any] = answer.json
    return told


def count(house: House, sql: str, *parameters: Any) -> Any:
    with psycopg.connect(house.database.superuser_url) as connection:
        return connection.execute(sql, parameters).fetchone()[0]  # type: ignore[arg-type,index]


# ---------------------------------------------------------------------- the carrier's side


def test_signatures_of_the_real_sdk(shared_data: Path) -> None:
    known = json.loads((shared_data / "signatures" / "webhook-signatures.json").read_text("utf-8"))["twilio"]
    assert len(known) == 10
    for one in known:
        assert signature(one["auth_token"], one["url"], list(one["params"].items())) == one["signature"], one["url"]


@pytest.mark.parametrize("given", ["", "AAAA", "é", None])
def test_who_does_not_sign_is_not_heard(given: str | None, house: House) -> None:
    before = count(house, "SELECT count(*) FROM dialogue_turns")
    headers = {} if given is None else {"X-Twilio-Signature": given}
    form = {"MessageSid": "SM1", "From": "+32470000001", "Body": "pothole"}
    answer = house.client.post("/channels/sms", data=form, headers=headers)
    assert answer.status_code == 403 and answer.content_type == "text/plain; charset=utf-8"
    good = signature(SECRET, f"{BASE}/channels/sms", list(form.items()))
    assert house.client.post("/channels/sms", data={**form, "Body": "other"}, headers={"X-Twilio-Signature": good}).status_code == 403
    assert house.client.post("/channels/sms?x=1", data=form, headers={"X-Twilio-Signature": good}).status_code == 403
    assert house.client.get("/channels/sms").status_code == 405 and house.client.get("/channels/nothing").status_code == 404
    assert count(house, "SELECT count(*) FROM dialogue_turns") == before


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("€" * 80, "GSM-7", 160, 1),
        ("a" * 152 + "€" + "b" * 10, "GSM-7", 164, 2),
        ("é" * 160, "GSM-7", 160, 1),
        ("ê", "UCS-2", 1, 1),
        ("م" * 70, "UCS-2", 70, 1),
        ("م" * 71, "UCS-2", 71, 2),
        ("🕳" * 35, "UCS-2", 70, 1),
        ("a" * 66 + "🕳" + "a" * 66, "UCS-2", 134, 3),
    ],
)
def test_what_a_text_takes(text: str, encoding: str, units: int, parts: int) -> None:
    found = counted(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


def test_typography_costs_nothing_where_nothing_else_does() -> None:
    assert thrifty("l\u2019été … « ici »") == 'l\'été ... " ici "'
    assert thrifty("l\u2019ê") == "l\u2019ê", "it would be UCS-2 all the same: nothing is changed"
    assert all(len(one) <= 1600 for one in pieces("word " * 2000)) and " ".join(pieces("word " * 2000)) == ("word " * 2000).strip()


# ---------------------------------------------------------------------- conversations


def test_from_a_sentence_to_a_case(phone: Phone, house: House) -> None:
    said = phone.says("There is a pothole in the road")
    assert "Pothole or damaged pavement" in said and "Where is the damage?" in said
    assert "1 On the carriageway" in phone.says("Rue Haute 1")
    assert "Choose one of the answers below." in phone.says("7"), "the words of the web form"
    assert "How deep" in phone.says("2")
    assert "Enter a number from 0 to 300." in phone.says("very")
    said = phone.says("12")
    assert "Rue Haute 1" in said and "On the pavement" in said and "YES" in said
    said = phone.says("yes")
    assert "secret code" in said and f"{BASE}/cases/" in said and "2026" in said
    case = case_of(house, said)
    assert case["service"] == "pothole" and case["channel"] == "sms"
    assert case["given"]["answers"] == {"place": "Rue Haute 1", "surface": "pavement", "depth_cm": 12}
    assert case["given"]["contact"] == {"phone": phone.number} and case["given"]["text"] == "There is a pothole in the road"


@pytest.mark.parametrize(
    ("language", "words", "yes"),
    [("fr", "Il y a un nid de poule dans la rue", "oui"), ("es", "Hay un bache en la calle, pavimento roto", "Sí"), ("ar", "حفرة في الطريق", "نعم")],
)
def test_in_the_language_of_the_sentence(language: str, words: str, yes: str, phone: Phone, house: House) -> None:
    said = phone.says(words)
    if "0 " in said.splitlines()[-2:][0] or re.search(r"^1 ", said, re.M):
        number = next(line.split()[0] for line in said.splitlines() if house.portal.catalogue.services["pothole"].title[language] in line)
        said = phone.says(number)
    assert house.portal.catalogue.services["pothole"].title[language] in said
    phone.says("Rue Haute 1")
    phone.says("\u0661" if language == "ar" else "1")
    said = phone.says("-")
    assert told("check", language, list="").splitlines()[0] in said
    case = case_of(house, phone.says(yes))
    assert case["given"]["answers"] == {"place": "Rue Haute 1", "surface": "carriageway"}
    assert count(house, "SELECT language FROM cases JOIN case_references USING (case_id) WHERE case_references.reference = %s", case["reference"]) == language


def test_back_restart_help_and_another_language(phone: Phone) -> None:
    assert phone.says("help").startswith("One door")
    phone.says("pothole")
    assert "nothing before" in phone.says("back")
    phone.says("Mill Lane 3")
    assert "Where is the damage?" in phone.says("BACK")
    assert "Où est le dégât" in phone.says("language fr")
    assert "112" in phone.says("aide")
    phone.says("Rue du Moulin 3")
    said = phone.says("recommencer")
    assert "Nous recommençons" in said
    assert "Nid-de-poule" in phone.says("nid de poule") and "Mill" not in phone.says("rue x")


@pytest.mark.parametrize(("name", "language"), [("English", "en"), ("Français", "fr"), ("espanol", "es"), ("العربية", "ar"), ("ES", "es")])
def test_a_language_by_its_name(name: str, language: str, phone: Phone) -> None:
    assert phone.says(name) == told("welcome", language)
    assert phone.says("HELP") == phone.says(told("steer", language).split("، " if language == "ar" else ", ")[2])


def test_what_nobody_understands_goes_to_people(phone: Phone, house: House) -> None:
    said = phone.says("My neighbour painted the fence purple, whom do I ask")
    assert re.search(r"^1 ", said, re.M) and re.search(r"^0 ", said, re.M)
    case = case_of(house, phone.says("0"))
    assert case["service"] is None and case["agency"] == "front-office" and "purple" in case["given"]["text"]


def test_a_service_that_takes_no_texts_is_still_asked_for_by_words(phone: Phone, house: House) -> None:
    case = case_of(house, phone.says("I need a resident parking permit"))
    assert case["service"] == "resident-parking-permit"


def test_danger_is_answered_at_once_even_in_the_middle(house: House) -> None:
    for before in ((), ("pothole",), ("pothole", "Rue Haute 1")):
        phone = Phone(house)
        for words in before:
            phone.send(words)
        said = phone.send("I smell gas in the cellar")
        assert "112" in said[0] and "reference" in said[1].lower()
        assert case_of(house, "\n".join(said))["danger"] is True


def test_the_same_message_is_taken_once_and_answered_alike(phone: Phone, house: House) -> None:
    first = phone.send("pothole", sid="SMsame")
    assert phone.send("pothole", sid="SMsame") == first
    phone.send("Rue Haute 1"), phone.send("1"), phone.send("4")
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda _: phone.house.app.test_client() and phone.send("yes", sid="SMyes"), range(6)))
    assert len({tuple(one) for one in said}) == 1
    case = case_of(house, "\n".join(said[0]))
    assert count(house, "SELECT count(*) FROM cases WHERE source = 'sms' AND channel = 'sms' AND reference = %s", case["reference"]) == 1
    stream = conversation.stream_of(house.portal, "sms", phone.number)
    assert count(house, "SELECT turns FROM dialogues WHERE case_id = %s", stream) == 5


def test_two_first_messages_at_once_begin_one_stream(house: House) -> None:
    phone = Phone(house)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda number: Phone(house, phone.number).send(f"pothole {number}"), range(4)))
    assert all(said)
    assert count(house, "SELECT turns FROM dialogues WHERE case_id = %s", conversation.stream_of(house.portal, "sms", phone.number)) == 4


def test_parts_in_any_order(phone: Phone) -> None:
    join = {"concat-ref": "7", "concat-total": "3"}
    assert phone.send("oad", **join, **{"concat-part": "3"}) == []
    assert phone.send("there is a pot", **join, **{"concat-part": "1"}) == []
    assert "Pothole" in phone.says("hole in the r", **join, **{"concat-part": "2"})


def test_stop_and_start(phone: Phone, house: House) -> None:
    phone.says("pothole")
    assert "no more messages" in phone.says("STOP")
    assert "again" in phone.says("start")
    assert "few words" in phone.says("START"), "there was nothing to take back"


def test_silence_is_kept_and_a_notice_says_why_it_did_not_leave(phone: Phone, house: House) -> None:
    for words in ("pothole", "Rue Haute 1", "1", "3"):
        phone.send(words)
    case = case_of(house, phone.says("yes"))
    phone.send("STOP")
    while drain(house.portal, kinds=["notice"]):
        pass
    assert not [one for one in texts(house.carrier.folder) if one["number"] == phone.number]  # type: ignore[attr-defined]
    refusal = "SELECT data->>'refusal' FROM events JOIN case_references USING (case_id) WHERE reference = %s AND type = 'NoticeParked'"
    assert count(house, refusal, case["reference"]) == "stopped"


def test_a_notice_leaves_and_the_carrier_says_what_became_of_it(phone: Phone, house: House) -> None:
    for words in ("pothole", "Rue Haute 1", "1", "3"):
        phone.send(words)
    case = case_of(house, phone.says("yes"))
    while drain(house.portal, kinds=["notice"]):
        pass
    (text,) = [one for one in texts(house.carrier.folder) if one["number"] == phone.number]  # type: ignore[attr-defined]
    assert case["reference"] in text["text"] and f"{BASE}/cases/" in text["text"] and text["parts"] <= 2
    row = count(
        house,
        "SELECT o.case_id || '|' || o.id FROM outbox o JOIN case_references r USING (case_id) WHERE reference = %s AND kind = 'notice'",
        case["reference"],
    )
    name = "".join(part.replace("-", "") for part in row.split("|"))
    for status in ("sent", "delivered", "delivered", "sent"):
        _report(house, name, status)
    told_of = "SELECT array_agg(data->>'status' ORDER BY seq) FROM events JOIN case_references USING (case_id) WHERE reference = %s AND type = 'TextReported'"
    assert count(house, told_of, case["reference"]) == ["sent", "delivered"]
    assert _report(house, "0" * 64, "delivered").status_code == 204
    assert _report(house, "nothing", "delivered").status_code == 404


def _report(house: House, row: str, status: str) -> Any:
    form = {"MessageSid": "SMx", "MessageStatus": status, "To": "+32470000000"}
    path = f"/channels/sms/receipts/{row}"
    return house.client.post(path, data=form, headers={"X-Twilio-Signature": signature(SECRET, f"{BASE}{path}", list(form.items()))})


def test_nobody_answers(phone: Phone, house: House) -> None:
    phone.says("pothole")
    stream = conversation.stream_of(house.portal, "sms", phone.number)
    due = count(house, "SELECT due_at FROM timers WHERE case_id = %s AND armed", stream)
    sweep(house.portal, at=due + timedelta(seconds=1))
    while drain(house.portal, kinds=["text"], at=due + timedelta(minutes=1)):
        pass
    (text,) = [one for one in texts(house.carrier.folder) if one["number"] == phone.number]  # type: ignore[attr-defined]
    assert text["text"].startswith("Are you still there?")
    assert "On the carriageway" in phone.says("Rue Haute 1"), "what was begun goes on"
    due = count(house, "SELECT due_at FROM timers WHERE case_id = %s AND armed", stream)
    sweep(house.portal, at=due + timedelta(seconds=1))
    due = count(house, "SELECT due_at FROM timers WHERE case_id = %s AND armed", stream)
    sweep(house.portal, at=due + timedelta(seconds=1))
    assert count(house, "SELECT open FROM dialogues WHERE case_id = %s", stream) is False
    assert "0 " in phone.says("Mill Lane 2"), "it begins anew"


def test_two_machines_fall_silent(house: House) -> None:
    phone = Phone(house, "MACHINE")
    answers = sum(len(phone.send(f"auto reply {number}")) for number in range(90))
    assert answers <= 60


def test_nothing_typed_stands_in_the_open(phone: Phone, house: House) -> None:
    phone.send("pothole")
    phone.send("Zyxwvut Street 4")
    with psycopg.connect(house.database.superuser_url) as connection:
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()]
        found = [name for name in tables if any("Zyxwvut" in str(row) for row in connection.execute(f"SELECT t::text FROM {name} t").fetchall())]  # type: ignore[arg-type]
    assert found == []


def test_pictures_are_answered_in_words(phone: Phone) -> None:
    assert "Pictures cannot be taken" in phone.says("pothole", NumMedia="1")


def test_every_word_of_a_conversation_is_in_every_language() -> None:
    for name, says in dialogue_words._SAYS.items():
        assert set(says) == set(SPOKEN), name
        places = {tuple(sorted(re.findall(r"\{(\w+)\}", text))) for text in says.values()}
        assert len(places) == 1, name
