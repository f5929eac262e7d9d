"""Files on the page of a case: sent once, told of in plain words, saved and never shown."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask

from portal.dispatch.deliver import drain
from portal.documents.kinds import LARGEST
from portal.unit_of_work import Portal
from tests.ledger.test_documents import PDF, scanner
from tests.pages.conftest import Browser
from tests.pages.test_cases import sent

__all__ = ["scanner"]


@pytest.fixture(autouse=True)
def files(city: Portal, tmp_path: Path, scanner: str) -> None:
    city.settings = city.settings.model_copy(update={"documents": str(tmp_path / "files"), "scanner": scanner})


def send(browser: Browser, reference: str, content: bytes, name: str, once: str = "1") -> str:
    return browser.post(f"/cases/{reference}/documents", file=(io.BytesIO(content), name), once=once)


def test_a_file_is_sent_once_looked_through_and_saved(browser: Browser, city: Portal, app: Flask) -> None:
    reference, _ = sent(browser)
    for _ in range(2):
        send(browser, reference, PDF, "my lease.pdf", once="the-same")
    assert browser.status == 200
    assert "We have your file." in browser.get(f"/cases/{reference}?done=document")
    assert browser.html.count("my lease.pdf") == 1
    assert "being looked through" in browser.html
    drain(city, kinds=["scan"])
    browser.get(f"/cases/{reference}")
    address = browser.html.split(f'href="/cases/{reference}/documents/')[1].split('"')[0]
    got = browser.client.get(f"/cases/{reference}/documents/{address}")
    assert (got.status_code, got.data) == (200, PDF)
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert got.headers["Content-Security-Policy"].startswith("sandbox")
    stranger = Browser(app)
    assert stranger.client.get(f"/cases/{reference}/documents/{address}").status_code in (303, 401, 404)


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_what_cannot_be_taken_is_said_beside_the_box(app: Flask, language: str) -> None:
    browser = Browser(app)
    reference, _ = sent(browser)
    browser.headers = {"Accept-Language": language}
    for content, name in ((b"MZ\x90", "setup.exe"), (b"", "")):
        send(browser, reference, content, name)
        assert browser.status == 422
        assert 'id="file-error"' in browser.html


def test_a_file_beyond_the_limit_is_refused_as_a_page(browser: Browser) -> None:
    reference, _ = sent(browser)
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-' + bytes(LARGEST + 100_000) + b"\r\n--b--\r\n"
    found = browser.client.post(f"/cases/{reference}/documents", data=body, content_type="multipart/form-data; boundary=b")
    assert found.status_code == 413
    assert b"<h1" in found.data
