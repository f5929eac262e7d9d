"""`/services`: the catalogue as citizens and programs read it."""

from __future__ import annotations

from flask.testing import FlaskClient

from portal.catalogue.definitions import Catalogue
from tests.contracts.conftest import is_problem


def test_pages_hold_every_service_once(client: FlaskClient, catalogue: Catalogue) -> None:
    address, seen = "/api/v1/services?limit=4", []
    while address:
        part = client.get(address).get_json()
        assert len(part["items"]) <= 4
        seen += [one["id"] for one in part["items"]]
        address = part["next"]
    assert seen == sorted(catalogue.services)


def test_a_cursor_belongs_to_its_list(client: FlaskClient) -> None:
    address = client.get("/api/v1/services?limit=4").get_json()["next"]
    assert client.get(address.replace("limit=4", "limit=7")).status_code == 200
    problem = is_problem(client.get(address + "&language=fr"), 422, "invalid")
    assert problem["errors"][0]["parameter"] == "after"
    is_problem(client.get(address[:-1] + ("A" if address[-1] != "A" else "B")), 422, "invalid")


def test_a_text_finds_its_service(client: FlaskClient) -> None:
    for text, language in (("a huge pothole in our street", "en"), ("un nid-de-poule énorme", "fr")):
        found = client.get("/api/v1/services", query_string={"text": text, "language": language}).get_json()["items"]
        assert (found[0]["id"], found[0]["language"]) == ("pothole", language)
        assert 0 < found[0]["score"] <= 1
        assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert client.get("/api/v1/services", query_string={"text": "qqqq"}).get_json() == {"items": [], "next": None, "advice": "people"}


def test_one_service_says_all(client: FlaskClient, catalogue: Catalogue) -> None:
    for id, service in catalogue.services.items():
        for language in ("en", "fr", "fr-CA", "xx"):
            found = client.get(f"/api/v1/services/{id}", query_string={"language": language}).get_json()
            assert found["title"] == service.title[{"fr-CA": "fr", "xx": "en"}.get(language, language)]
            assert [one["id"] for one in found["fields"]] == [one.id for one in service.fields]
            assert [one["within"] for one in found["standards"]] == [one.within for one in service.standards]
            assert found["agency"]["id"] == service.agency
            assert found["lately"] is None
            assert found["law"]["title"]
    is_problem(client.get("/api/v1/services/nothing"), 404, "not-found")
