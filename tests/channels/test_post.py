"""Letters out: a notice becomes a page, waits for the post room, is taken once, posted, comes back, is printed again."""

from __future__ import annotations

import io
from typing import Any

import psycopg
import pypdfium2
import pytest

from portal.dispatch.deliver import drain
from tests.channels.conftest import House

HOME = "Anna Dupont\nRue Haute 12\n1000 Brussels"


def open_by_post(house: House, *, address: str = HOME, language: str = "en", name: str = "Anna Dupont", **more: Any) -> str:
    """A request somebody sent by letter, entered by its agency, and the letter that answers it waits."""
    body = {"service": "pothole", "answers": {"place": "Rue Haute 1", "surface": "pavement"}, "channel": "post", "language": language}
    body |= {"contact": {"name": name, "address": address}, **more}
    found = house.client.post("/api/v1/cases", json=body, headers=house.staff("roads"))
    assert found.status_code == 201, found.data
    drain(house.portal, kinds=["notice"])
    return str(found.json["reference"])


def api(house: House, method: str, path: str, body: Any = None, *, agency: str = "roads", status: int = 200, **headers: str) -> Any:
    """An answer of the API to the post room of an agency."""
    found = house.client.open(f"/api/v1{path}", method=method, json=body, headers={**house.staff(agency), **headers})
    assert found.status_code == status, found.data
    return found.json if found.content_type.endswith("json") else found.data


def types_of(house: House, reference: str) -> list[str]:
    """What happened on a case."""
    return [one["type"] for one in api(house, "GET", f"/cases/{reference}/events?limit=200")["items"]]


def letter_of(house: House, reference: str) -> dict[str, Any]:
    """The one letter of a case."""
    rows = [one for status in ("waiting", "taken", "posted", "returned") for one in api(house, "GET", f"/prints?status={status}&limit=200")["items"]]
    (row,) = [one for one in rows if one["reference"] == reference]
    return dict(row)


def words_on(pdf: bytes) -> list[str]:
    """What each page says."""
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(io.BytesIO(pdf))]


def test_a_letter_is_taken_once_printed_and_posted(house: House) -> None:
    reference = open_by_post(house)
    waiting = letter_of(house, reference)
    assert (waiting["status"], waiting["copy"]) == ("waiting", 1)
    assert "PartyNotified" not in types_of(house, reference), "a letter that waits has told nobody"
    assert HOME not in str(waiting) and "Anna" not in str(api(house, "GET", "/prints"))
    batch = api(house, "POST", "/prints/batches", {}, status=201)
    assert reference in {one["reference"] for one in batch["items"]}
    assert reference not in {one["reference"] for one in api(house, "POST", "/prints/batches", {}, status=201)["items"]}
    pages = words_on(api(house, "GET", f"/prints/{waiting['id']}/letter"))
    assert len(pages) == 1
    for words in ("Rue Haute 12", "1000 Brussels", reference, "Page 1 of 1", "Anna Dupont"):
        assert words in pages[0], pages[0]
    api(house, "POST", f"/prints/batches/{batch['batch']}/posted", {"ids": [waiting["id"]]})
    assert letter_of(house, reference)["status"] == "posted"
    assert types_of(house, reference)[-2:] == ["LetterPosted", "PartyNotified"]
    api(house, "POST", f"/prints/batches/{batch['batch']}/posted", {"ids": [waiting["id"]]}, status=409)


def test_another_agency_neither_sees_nor_takes_it(house: House) -> None:
    reference = open_by_post(house)
    id = letter_of(house, reference)["id"]
    assert reference not in str(api(house, "GET", "/prints?limit=200", agency="treasury"))
    assert reference not in str(api(house, "POST", "/prints/batches", {}, agency="treasury", status=201))
    batch = api(house, "POST", "/prints/batches", {}, status=201)["batch"]
    for method, path, body in (
        ("GET", f"/prints/{id}", None), ("GET", f"/prints/{id}/letter", None), ("GET", f"/prints/batches/{batch}/letters", None),
        ("POST", f"/prints/{id}/returned", {"reason": "moved"}), ("POST", f"/prints/{id}/again", {"reason": "lost"}),
        ("POST", f"/prints/batches/{batch}/posted", {}),
    ):  # fmt: skip
        api(house, method, path, body, agency="treasury", status=404)


def test_what_came_back_stops_that_address_and_people_find_another(house: House) -> None:
    address = "Nowhere 1, 1000 Brussels"
    reference = open_by_post(house, address=address)
    id = letter_of(house, reference)["id"]
    api(house, "POST", f"/prints/{id}/returned", {"reason": "moved"}, status=409)
    batch = api(house, "POST", "/prints/batches", {}, status=201)["batch"]
    api(house, "POST", f"/prints/batches/{batch}/posted", {"ids": [id]})
    api(house, "POST", f"/prints/{id}/returned", {"reason": "sheep"}, status=422)
    api(house, "POST", f"/prints/{id}/returned", {"reason": "moved"})
    assert sorted(types_of(house, reference)[-4:]) == ["LetterReturned", "NoticeParked", "ReachLost", "TaskQueued"]
    other = open_by_post(house, address=address)
    refused = [one for one in api(house, "GET", f"/cases/{other}/events?limit=200")["items"] if one["type"] == "NoticeParked"]
    assert [one["data"]["refusal"] for one in refused] == ["came-back"]
    api(house, "POST", f"/prints/{id}/again", {"reason": "other-address"}, status=422)
    again = api(house, "POST", f"/prints/{id}/again", {"reason": "other-address", "address": "Here 2, 1000 Brussels"})
    assert (again["status"], again["copy"], again["reason"]) == ("waiting", 2, None)
    assert "Here 2" in words_on(api(house, "GET", f"/prints/{id}/letter"))[0]
    batch = api(house, "POST", "/prints/batches", {}, status=201)["batch"]
    api(house, "POST", f"/prints/batches/{batch}/posted", {"ids": [id]})
    assert types_of(house, reference).count("PartyNotified") == 2
    assert [one["status"] for one in api(house, "GET", f"/cases/{reference}/notices")["items"]] == ["sent"], "it did not arrive, and then it left"


def test_a_letter_printed_again_to_the_same_address_opens_the_way_again(house: House) -> None:
    reference = open_by_post(house, address="Hidden 9, 1000 Brussels")
    id = letter_of(house, reference)["id"]
    batch = api(house, "POST", "/prints/batches", {}, status=201)["batch"]
    api(house, "POST", f"/prints/batches/{batch}/posted", {"ids": [id]})
    api(house, "POST", f"/prints/{id}/returned", {"reason": "moved"})
    assert api(house, "GET", f"/cases/{reference}/reach")["lost"] != []
    api(house, "POST", f"/prints/{id}/again", {"reason": "lost"})
    assert api(house, "GET", f"/cases/{reference}/reach")["lost"] == []


def test_a_lease_that_ran_out_is_anothers_and_the_first_posts_nothing(house: House) -> None:
    reference = open_by_post(house)
    first = api(house, "POST", "/prints/batches", {}, status=201)["batch"]
    with psycopg.connect(house.database.superuser_url, autocommit=True) as connection:
        connection.execute("UPDATE prints SET lease_until = now() - interval '1 second' WHERE reference = %s", (reference,))
    second = api(house, "POST", "/prints/batches", {}, status=201)
    assert reference in {one["reference"] for one in second["items"]}
    id = letter_of(house, reference)["id"]
    api(house, "POST", f"/prints/batches/{first}/posted", {"ids": [id]}, status=404)
    api(house, "POST", f"/prints/batches/{second['batch']}/posted", {"ids": [id]})


def test_arabic(house: House) -> None:
    reference = open_by_post(house, language="ar", name="ليلى حداد", address="شارع النخيل 7\nBrussels")
    id = letter_of(house, reference)["id"]
    page = words_on(api(house, "GET", f"/prints/{id}/letter"))[0]
    assert "7" in page and "Brussels" in page and reference in page


@pytest.mark.parametrize("name", ["王小明", "שרה כהן"])
def test_a_name_no_font_draws_goes_to_people(house: House, name: str) -> None:
    reference = open_by_post(house, name=name)
    refused = [one for one in api(house, "GET", f"/cases/{reference}/events?limit=200")["items"] if one["type"] == "NoticeParked"]
    assert [one["data"]["refusal"] for one in refused] == ["no-font"]
