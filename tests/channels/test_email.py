"""Mail: real messages from the wild, conversations by mail, who is believed, machines that are not answered, and portals that write to each other."""

from __future__ import annotations

import json
import random  # noqa: TID251  # seeded
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from aiosmtpd.controller import Controller

from portal.dispatch.deliver import drain
from portal.intake import replied
from portal.local.addresses import free_port
from portal.ports import letters
from portal.ports.mail import Spool, take
from tests.channels.conftest import House, opened
from tests.channels.test_open311_clients import PNG
from tests.servers import ROOT, Servers
from tests.stories.town import Mailbox

OURS = "portal@rivermouth.example"
#: Seed of the changed mails, and how many of the sample.
SEED, SOME = 20261130, 60


class Post(House):
    """A house with a mail server behind and a spool before it."""

    spool: Spool
    mailbox: Mailbox

    def deliver(self, mail: EmailMessage | bytes, *, sender: str = "dora@example.org", to: str = OURS) -> str:
        """What becomes of one mail."""
        self.spool.keep(sender, [to], mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP))
        (place,) = self.spool.waiting()
        return take(self.portal, self.spool, place)

    def sent(self) -> list[EmailMessage]:
        """Mails that have left since the last time."""
        while drain(self.portal, kinds=["notice", "text"]):
            pass
        found = [mail for _, _, mail in self.mailbox.mails]
        self.mailbox.mails.clear()
        return found

    def ask(self, sql: str, *parameters: Any) -> Any:
        with psycopg.connect(self.database.superuser_url) as connection:
            return connection.execute(sql, parameters).fetchone()[0]  # type: ignore[arg-type,index]


def post_of(servers: Servers, place: Path) -> Iterator[Post]:
    database, port = servers.database(), free_port()
    mailbox = Mailbox()
    listener = Controller(mailbox, hostname="127.0.0.1", port=port)
    listener.start()
    with opened(database, place, public_url="https://city.example", smtp_port=port) as one:
        found = Post(one.portal, one.app, one.issuer, one.database, one.client)
        found.spool, found.mailbox = Spool(place / "mail"), mailbox
        yield found
    listener.stop()
    servers.drop(database.name)


@pytest.fixture(scope="module")
def post(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    yield from post_of(servers, tmp_path_factory.mktemp("post"))


def written(text: str, *, sender: str = "dora@example.org", subject: str = "A hole in the road", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, OURS, subject, f"<{uuid4()}@example.org>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def somebody() -> str:
    """An address nobody wrote from today."""
    return f"{uuid4().hex[:10]}@example.org"


def mails(shared_data: Path) -> dict[str, bytes]:
    with tarfile.open(shared_data / "intake-email" / "mails-dev.tar.gz") as file:
        return {one.name.removeprefix("./"): file.extractfile(one).read() for one in file.getmembers() if one.isfile()}  # type: ignore[union-attr]


# ---------------------------------------------------------------------- mail from the wild


def test_mails_from_the_wild_are_all_kept_and_machines_never_answered(post: Post, shared_data: Path) -> None:
    oracle = json.loads((shared_data / "intake-email" / "mails-dev.oracle.json").read_text("utf-8"))["files"]
    found = mails(shared_data)
    assert len(found) == 96
    became: dict[str, str] = {}
    for number, (name, raw) in enumerate(sorted(found.items())):
        became[name] = post.deliver(raw, sender=f"sender{number}@example.org")
    assert post.spool.waiting() == []
    assert set(became.values()) <= {"taken", "repeated", "noted", "filed", "unread"}
    for name, one in became.items():
        if oracle[name].get("is_automatic") or oracle[name].get("is_report"):
            assert one in ("filed", "unread", "repeated"), name
    opened_by = {one for name, one in became.items() if oracle[name].get("is_automatic")}
    assert "taken" not in opened_by
    counted = Counter(became.values())
    cases = post.ask("SELECT count(*) FROM cases WHERE source = 'email'")
    strays = post.ask("SELECT count(*) FROM strays WHERE kind IN ('mail', 'automatic')")
    assert (cases, strays) == (counted["taken"], counted["filed"] + counted["unread"]), counted
    raws = post.ask("SELECT count(DISTINCT value->>'base64') FROM vault_items WHERE kind = 'mail'")
    assert raws == counted["taken"] + counted["filed"] + counted["unread"] + counted["noted"], "every one is kept as it came"
    automatic = {oracle[name]["from"] for name in found if oracle[name].get("is_automatic")}
    assert not [mail for mail in post.sent() if any(one and str(mail["To"]) in str(one) for one in automatic)]


def test_who_wrote_from_several_addresses_is_told_kindly(post: Post) -> None:
    post.sent()
    raw = b"From: a@example.org\r\nFrom: b@example.org\r\nTo: x@y.example\r\nSubject: Hole\r\n\r\nA pothole.\r\n"
    assert post.deliver(raw, sender="a@example.org") == "unread"
    (mail,) = post.sent()
    assert mail["To"] == "a@example.org" and "several senders" in mail.get_content() and mail["Auto-Submitted"] == "auto-replied"
    tasks = post.client.get("/api/v1/tasks", headers=post.staff("front-office", teams=["triage"], roles=["caseworker", "triage"])).json["items"]
    assert [one for one in tasks if one["kind"] == "stray" and one["step"] == "mail"]


def test_people_see_what_machines_wrote_and_what_could_not_be_read(post: Post) -> None:
    post.deliver(written("I am away.", subject="Automatic reply: x", Auto_Submitted="auto-replied"))
    staff = post.staff("front-office", teams=["triage"], roles=["caseworker", "triage"])
    listed = post.client.get("/api/v1/mails?kind=automatic", headers=staff).json["items"]
    assert listed and {one["kind"] for one in listed} == {"automatic"}
    raw = post.client.get(f"/api/v1/mails/{listed[0]['id']}", headers=staff)
    assert raw.content_type == "message/rfc822" and b"I am away." in raw.data and "attachment" in raw.headers["Content-Disposition"]
    assert post.client.get("/api/v1/mails", headers=post.staff("roads")).json["items"] == []
    assert post.client.get(f"/api/v1/mails/{listed[0]['id']}", headers=post.staff("roads")).status_code == 404
    assert post.client.get("/api/v1/mails").status_code == 401


# ---------------------------------------------------------------------- conversations


def test_what_is_missing_is_asked_and_a_reply_is_understood(post: Post) -> None:
    post.sent()
    assert post.deliver(written("There is a deep pothole.")) == "taken"
    (mail,) = post.sent()
    text = mail.get_content()
    assert "Where is the damage?" in text and mail["Auto-Submitted"] == "auto-replied" and mail["X-Auto-Response-Suppress"] == "All"
    secret = re.search(r"secret code is ([A-Z0-9]{5}-[A-Z0-9]{5})", text)
    reference = re.search(r"([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})", str(mail["Subject"]))
    assert secret and reference
    answer = written(
        "Where is the damage? Rue Haute 1\nHow deep, in centimetres?\n900\n\nThank you\n-- \nDora\n\nOn Mon, the portal wrote:\n> Where is the damage?\n> old",
        subject=f"Re: {mail['Subject']}",
    )
    assert post.deliver(answer, to=str(mail["Reply-To"])) == "taken"
    shown = post.client.get(f"/api/v1/cases/{reference[1]}", headers={"Case-Secret": secret[1]}).json
    assert shown["given"]["answers"] == {"place": "Rue Haute 1"} and shown["status"] != "waiting"
    assert "Thank you" in shown["given"]["messages"][0]["words"] and "old" not in shown["given"]["messages"][0]["words"]
    (again,) = post.sent()
    assert "Enter a number from 0 to 300." in again.get_content(), "the words of the web form"
    assert post.deliver(answer, to=str(mail["Reply-To"])) == "repeated"
    final = written("12", subject="Re: again")
    final.set_content("How deep, in centimetres? 12\n")
    post.deliver(final, to=str(again["Reply-To"]))
    shown = post.client.get(f"/api/v1/cases/{reference[1]}", headers={"Case-Secret": secret[1]}).json
    assert shown["given"]["answers"] == {"place": "Rue Haute 1", "depth_cm": 12}


@pytest.mark.parametrize(
    ("language", "words", "label"),
    [
        ("fr", "Il y a un nid de poule dans la rue.", "Où est le dégât ?"),
        ("es", "Bache en la calle, pavimento roto", None),
        ("ar", "حفرة في الطريق", None),
    ],
)
def test_in_the_language_of_the_mail(language: str, words: str, label: str | None, post: Post) -> None:
    post.sent()
    me = somebody()
    post.deliver(written(words, subject="?", sender=me))
    (mail,) = post.sent()
    title = post.portal.catalogue.services["pothole"].fields[0].title[language]
    assert mail["Content-Language"] == language and title in mail.get_content()
    post.deliver(written(f"{label or title} Rue Haute 9", subject="Re:", sender=me), to=str(mail["Reply-To"]))
    found = post.ask("SELECT value->>'place' FROM vault_items WHERE kind = 'answers' ORDER BY recorded_at DESC LIMIT 1")
    assert found == "Rue Haute 9"


def test_one_question_alone_is_answered_by_all_words() -> None:
    from tests.ledger.conftest import catalogue

    fields = catalogue().services["pothole"].fields
    text = "Rue Haute 1, before the bakery\n\nBest, Dora\n\nOn Monday, the portal wrote:\n> Where is the damage?:\n"
    assert replied.answers(text, fields, ["place"]) == {"place": "Rue Haute 1, before the bakery"}
    inline = "> Where is the damage?:\nRue Haute 2\n> How deep, in centimetres?: (-)\n\n7\n"
    assert replied.answers(inline, fields, ["place", "depth_cm"]) == {"place": "Rue Haute 2", "depth_cm": "7"}
    assert replied.answers("PLACE: Quay 1", fields, []) == {"place": "Quay 1"}


def test_attachments_become_documents_once(post: Post) -> None:
    post.sent()
    me = somebody()
    mail = written("There is a deep pothole.", sender=me)
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="trou é.png")
    mail.add_attachment(b"MZ\x90\x00 no document", maintype="application", subtype="octet-stream", filename="run.exe")
    assert [post.deliver(mail), post.deliver(mail)] == ["taken", "repeated"]
    (told,) = post.sent()
    reference = re.search(r"([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})", str(told["Subject"]))[1]  # type: ignore[index]
    listed = post.client.get(f"/api/v1/cases/{reference}/documents", headers=post.staff("roads")).json["items"]
    assert [one["name"] for one in listed] == ["trou é.png"]
    answer = written("Where is the damage? Rue Haute 1", sender=me)
    answer.add_attachment(PNG, maintype="image", subtype="png", filename="again.png")
    assert [post.deliver(answer, to=str(told["Reply-To"])), post.deliver(answer, to=str(told["Reply-To"]))] == ["taken", "repeated"]
    listed = post.client.get(f"/api/v1/cases/{reference}/documents", headers=post.staff("roads")).json["items"]
    assert sorted(one["name"] for one in listed) == ["again.png", "trou é.png"]


# ---------------------------------------------------------------------- who is believed


def test_a_reply_from_another_address_is_a_note_for_people(post: Post) -> None:
    post.sent()
    me = somebody()
    post.deliver(written("There is a deep pothole.", sender=me))
    (mail,) = post.sent()
    before = post.ask("SELECT count(*) FROM events WHERE type IN ('AnswersGiven', 'MessageReceived')")
    forged = written("Where is the damage? Elsewhere 1", sender="mallory@example.org")
    assert post.deliver(forged, sender="mallory@example.org", to=str(mail["Reply-To"])) == "noted"
    assert post.ask("SELECT count(*) FROM events WHERE type IN ('AnswersGiven', 'MessageReceived')") == before
    assert post.sent() == [], "nothing is said to a stranger"
    reference = re.search(r"([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})", str(mail["Subject"]))[1]  # type: ignore[index]
    shown = post.client.get(f"/api/v1/cases/{reference}", headers=post.staff("roads")).json
    assert any("mallory@example.org" in note["words"] for note in shown["given"]["notes"])
    assert "word" in {one["kind"] for one in post.client.get("/api/v1/tasks", headers=post.staff("roads")).json["items"] if one["reference"] == reference}
    assert shown["given"]["contact"] == {"email": me}


@pytest.mark.parametrize("change", ["address", "seal", "party"])
def test_a_made_up_address_leads_nowhere(change: str, post: Post) -> None:
    post.sent()
    me = somebody()
    post.deliver(written("There is a deep pothole.", sender=me))
    (mail,) = post.sent()
    name, _, domain = str(mail["Reply-To"]).partition("@")
    at = {"address": 5, "seal": 36, "party": 55}[change]
    name = name[:at] + ("0" if name[at] != "0" else "1") + name[at + 1 :]
    became = post.deliver(written("Where is the damage? X", subject="no reference", sender=me), to=f"{name}@{domain}")
    assert became == ("noted" if change == "party" else "taken"), "a case of its own, or a note; never the party's"


def test_a_mail_that_names_a_case_is_a_note_and_no_new_case(post: Post) -> None:
    post.sent()
    me = somebody()
    post.deliver(written("There is a deep pothole.", sender=me))
    (mail,) = post.sent()
    cases = post.ask("SELECT count(*) FROM cases")
    assert post.deliver(written("It got worse.", subject=f"Re: {mail['Subject']}")) == "noted"
    assert post.deliver(written("And worse.", subject="Hi", In_Reply_To=str(mail["Message-ID"]))) == "noted"
    assert post.ask("SELECT count(*) FROM cases") == cases


# ---------------------------------------------------------------------- machines


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"List_Id": "<x.example>"},
        {"List_Unsubscribe": "<mailto:x@y>"},
        {"X_Autoreply": "yes"},
        {"subject": "Automatic reply: Your request"},
        {"subject": "Out of Office"},
        {"subject": "Undelivered Mail Returned to Sender"},
        {"sender": "MAILER-DAEMON@example.org"},
        {"sender": "no-reply@example.org"},
    ],
)
def test_machines_are_filed(headers: dict[str, str], post: Post) -> None:
    post.sent()
    cases = post.ask("SELECT count(*) FROM cases")
    assert post.deliver(written("There is a pothole.", **headers)) == "filed"
    assert post.ask("SELECT count(*) FROM cases") == cases and post.sent() == []


def test_a_bounce_is_filed(post: Post) -> None:
    assert post.deliver(written("Your mail could not be delivered"), sender="") == "filed"


def test_nobody_is_answered_more_than_three_times_a_day(post: Post) -> None:
    post.sent()
    for number in range(8):
        assert post.deliver(written(f"There is a pothole, number {number}.", sender="often@example.org"), sender="often@example.org") == "taken"
    assert len(post.sent()) == 3
    assert post.ask("SELECT count(*) FROM case_parties p JOIN vault_items v ON v.id = p.contact WHERE v.value->>'email' = 'often@example.org'") == 8


def test_two_portals_and_a_naive_machine_fall_silent(servers: Servers, tmp_path: Path, post: Post) -> None:
    """A simulated day: each mail that leaves one side is carried to the other, a naive machine answers everything from one address, and a host bounces."""
    (tmp_path / "other").mkdir()
    made = post_of(servers, tmp_path / "other")
    second = next(made)
    post.sent(), second.sent()
    cases = [one.ask("SELECT count(*) FROM cases") for one in (post, second)]
    carried = Counter[str]()
    first = written("There is a pothole in the road.", sender="portal@other.example")
    post.deliver(first, sender="portal@other.example")
    for _ in range(24):
        for name, here, there, address in (("a", post, second, OURS), ("b", second, post, "portal@other.example")):
            for mail in here.sent():
                carried[name] += 1
                del mail["From"]
                mail["From"] = address
                there.deliver(mail.as_bytes(policy=policy.SMTP), sender="", to=str(mail["To"]))
    assert carried["a"] + carried["b"] <= 3
    assert [one.ask("SELECT count(*) FROM cases") for one in (post, second)] == [cases[0] + 1, cases[1]]
    naive = Counter[str]()
    post.deliver(written("There is a pothole in the road.", sender="naive@example.org"), sender="naive@example.org")
    for _ in range(48):
        for mail in post.sent():
            naive["out"] += 1
            answer = written("Thank you for your mail, I read it soon.", sender="naive@example.org", subject=f"Re: {mail['Subject']}")
            post.deliver(answer, sender="naive@example.org", to=str(mail["Reply-To"]))
            answer = written("Thank you for your mail, I read it soon.", sender="naive@example.org", subject=f"Re: {mail['Subject']}")
            post.deliver(answer, sender="naive@example.org")
    assert naive["out"] <= 3
    assert post.ask("SELECT count(*) FROM cases") == cases[0] + 2, "no case more"
    next(made, None)


# ---------------------------------------------------------------------- hostile mail


def changed(chance: random.Random, raw: bytes) -> bytes:
    """A mail with something broken, doubled, cut or nested."""
    how = chance.randrange(8)
    at, to = sorted((chance.randrange(len(raw) + 1), chance.randrange(len(raw) + 1)))
    if how == 0:
        return raw[:at]
    if how == 1:
        return raw[:at] + raw[to:]
    if how == 2:
        return raw[:to] + raw[at:to] * 3 + raw[to:]
    if how == 3:
        return raw[:at] + bytes(chance.randrange(256) for _ in range(20)) + raw[at:]
    if how == 4:
        return raw.replace(b"\n\n", b"\n", 1)
    if how == 5:
        return b"Content-Type: multipart/mixed; boundary=x\n" * chance.randrange(3) + raw
    if how == 6:
        return raw.replace(b"charset=", b"charset=x-", 1).replace(b"boundary=", b"boundary==", 1)
    return bytes(byte if chance.random() > 0.01 else chance.randrange(256) for byte in raw)


def read_safely(raw: bytes) -> str:
    """What the reader makes of it in this process: nothing but a letter, or Unreadable."""
    try:
        letter = letters.parsed(raw)
    except letters.Unreadable:
        return "unreadable"
    except (RecursionError, MemoryError):
        return "beyond"
    json.dumps(letter.text + letter.subject + letter.sender).encode()
    assert "\0" not in letter.text + letter.subject + letter.sender and len(letter.text) <= letters.LONGEST
    return "read"


def test_changed_mails_break_nothing(shared_data: Path) -> None:
    chance = random.Random(SEED)
    known = sorted(mails(shared_data).values())
    for _ in range(SOME * 10):
        raw = chance.choice(known)
        assert read_safely(changed(chance, changed(chance, raw)))


def exhaustive(cases: int = 10_000) -> tuple[int, int]:
    """So many changed mails; for `make long`."""
    chance, failed = random.Random(SEED), 0
    known = sorted(mails(ROOT.parent / "shared" / "data").values())
    for _ in range(cases):
        try:
            read_safely(changed(chance, changed(chance, chance.choice(known))))
        except Exception:
            failed += 1
    return cases, failed


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 1000,
        b"From: a@b.example\r\nSubject: " + b"x" * 70_000 + b"\r\n\r\nx",
        b"From: a@b.example\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 3000,
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 300 + b"--b--",
        b"From: a@b.example\r\nTo: " + b"(" * 20_000 + b"\r\n\r\nx",
        b"From: a@b.example\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe",
    ],
    ids=["empty", "zeros", "header", "nested", "parts", "comments", "charset"],
)
def test_hostile_mail_is_kept_for_people_or_read(raw: bytes, post: Post) -> None:
    assert post.deliver(raw) in ("unread", "taken", "repeated")


# ---------------------------------------------------------------------- what it says where it is printed


@pytest.mark.parametrize(
    ("language", "subject", "paper", "mail"),
    [
        ("en", "A hole in the road", "Write to us with the reference", "Reply to this mail"),
        ("fr", "Un trou dans la route", "Écrivez-nous en indiquant la référence", "Répondez à ce message"),
        ("es", "Un agujero en la calle", "Escríbanos indicando la referencia", "Responda a este correo"),
        ("ar", "حفرة في الطريق", "اكتبوا إلينا مع ذكر رقم المرجع", "أجيبوا على هذه الرسالة"),
    ],
)
def test_a_letter_asks_to_be_written_to_and_a_mail_to_be_replied_to(post: Post, language: str, subject: str, paper: str, mail: str) -> None:
    """The same notice, once as it was promised by mail, once for somebody who wants letters instead."""
    said = []
    for wishes in ((), ("post",)):
        post.sent()
        assert post.deliver(written(f"{subject}.", subject=subject, sender=somebody())) == "taken"
        reference = post.ask("SELECT reference FROM cases ORDER BY received_at DESC LIMIT 1")
        assert post.ask("SELECT language FROM cases WHERE reference = %s", reference) == language
        if wishes:
            body = {"channels": list(wishes), "contact": {"address": "Rue Haute 12\n1000 Brussels"}}
            agency = post.ask("SELECT agency FROM cases WHERE reference = %s", reference)
            found = post.client.put(f"/api/v1/cases/{reference}/reach", json=body, headers=post.staff(agency))
            assert found.status_code == 200, found.data
        left = [one.get_body(("plain",)).get_content() for one in post.sent()]  # type: ignore[union-attr]
        kept = "SELECT v.value FROM vault_items v JOIN cases c USING (case_id) WHERE v.kind = 'print' AND c.reference = %s"
        said.append(" ".join(post.ask(kept, reference)["paragraphs"]) if wishes else " ".join(left))
    assert mail in said[0] and paper not in said[0]
    assert paper in said[1] and mail not in said[1]
