"""One story a role: what somebody does on a day, by keyboard, whatever the language, the screen and the browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.unit_of_work import Principal
from tests.browser.conftest import Person
from tests.pages.people import ADMIN, ALICE, CHAMPION, DESK


@dataclass(frozen=True)
class Story:
    """Who it is about (None: somebody who signs in nowhere), and what happens."""

    name: str
    who: Principal | None
    walk: Callable[[Person], None]


def citizen(person: Person) -> None:
    """A pothole is reported, followed, written about."""
    person.go("/")
    person.look("home")
    person.type("#text", "pothole nid de poule bache حفرة")
    person.press("main form button")
    person.look("found")
    person.press("main a[href='/services/pothole']")
    person.look("service")
    person.press("main form button")
    person.press("main form button")
    person.look("step-with-a-fault")
    person.type("#place", "Mill Lane 4")
    person.press("main form button")
    person.tab_to("#surface")
    person.page.keyboard.press("Space")
    person.look("choice")
    person.press("main form button")
    person.type("#depth_cm", "deep")
    person.press("main form button")
    person.look("number-with-a-fault")
    person.type("#depth_cm", "12")
    person.press("main form button")
    person.type("#email", "ada@example.org")
    person.look("contact")
    person.press("main form button")
    person.look("check")
    person.press("main form button")
    person.look("done")
    person.press("main a.govuk-button")
    person.look("case")
    person.type("#words", "It is deeper now.")
    person.press("form[action$='/messages'] button")
    person.look("message")
    person.press("a[href$='/mandates']")
    person.look("mandates")
    person.tab_to("#scope")
    person.page.keyboard.press("Space")
    person.press("main form button")
    person.look("mandate-with-a-fault")
    person.page.fill("#until", (date.today() + timedelta(days=30)).isoformat())
    person.press("form[action$='/mandates'] button")
    person.look("mandate-given")
    person.press(".govuk-back-link")
    person.press("a[href$='/withdrawal']")
    person.look("withdrawal")


def everybody(person: Person) -> None:
    """Somebody looks around without asking for anything."""
    person.go("/performance")
    person.look("performance")
    person.go("/performance/noise-complaint")
    person.look("performance-of")
    person.go("/cases")
    person.type("#reference", "AAAA-AAAA-AAAA")
    person.press("main form button")
    person.look("wrong-secret")
    person.go("/sign-in")
    person.look("sign-in")
    person.go("/docs")
    person.look("interface")
    person.tab_to("summary")
    person.page.keyboard.press("Enter")
    person.look("an-operation")
    for page in ("problems", "problems/not-found", "journeys", "journeys/handled-once"):
        person.go(f"/docs/{page}")
        person.look(page.replace("/", "-"))
    person.go("/nothing-here")
    person.troubles.clear()
    person.look("not-found")


def caseworker(person: Person) -> None:
    """The oldest complaint is asked about, handled, and decided with its letter."""
    person.go("/desk")
    person.look("desk")
    person.press("a[href^='/desk/tasks/']")
    person.press("form[action$='/claim'] button")
    person.look("task-of-mine")
    person.press("a[href$='/question']")
    person.type("#words", "Which nights exactly?")
    person.see("main form button", "#dates section")
    person.look("dates-before-asking")
    person.press("#dates form button")
    person.press("form[action$='/complete'] button")
    person.press("a[href^='/desk/tasks/']")
    person.press("form[action$='/claim'] button")
    person.press("a[href$='/decision']")
    person.tab_to("#outcome")
    person.page.keyboard.press("Space")
    person.type("#reasons", "The noise was measured on three nights.")
    person.see("main form button", "#letter section")
    person.look("letter-before-deciding")
    person.press("#letter form button")
    person.look("desk-afterwards")


def sharer(person: Person) -> None:
    """Given the next task and taking that back, the same to many, the team, a look at where other requests of the same person stand."""
    person.go("/desk")
    person.press("form[action='/desk/next'] button")
    person.look("the-next-one")
    person.press("a[href$='/matters']")
    person.press("main form button")
    person.look("look-across-with-a-fault")
    person.page.go_back()
    person.page.go_back()
    person.press("form[action$='/undo'] button")
    person.look("taken-back")
    person.go("/desk")
    person.tab_to("input[name='task']")
    person.page.keyboard.press("Space")
    person.tab_to("details:has(#many) summary")
    person.page.keyboard.press("Enter")
    person.page.select_option("#act", "claim")
    person.look("many")
    person.press("#many button")
    person.look("what-became-of-them")
    person.go("/desk/team")
    person.look("team")
    person.type("#from", "40")
    person.press("form.od-width button")
    person.look("away-with-a-fault")


def champion(person: Person) -> None:
    """From what is late in all offices to one request."""
    person.go("/champion")
    person.look("promises")
    person.press("main a[href^='/champion?']")
    person.look("one-office")
    person.press("main a[href^='/desk/cases/']")
    person.look("case")


def rarely(person: Person) -> None:
    """A till is looked at, a request is looked at for what is rarely done to it, and sealed."""
    person.go("/desk/cash")
    person.look("cash")
    person.go("/desk")
    person.press("a[href^='/desk/tasks/']")
    person.press("dl a[href^='/desk/cases/']")
    place = person.page.url.removeprefix(person.address).partition("?")[0]
    person.look("case")
    for page in ("publication", "signal", "revocation"):
        person.go(f"{place}/{page}")
        person.look(page)
    person.press("main form button")
    person.look("revocation-with-a-fault")
    person.go(place)
    person.press("a[href$='/seal']")
    person.look("seal")
    person.type("#words", "She is hidden.")
    person.press("main form button")
    person.look("seal-with-a-fault")
    person.tab_to("#ground")
    person.page.keyboard.press("Space")
    person.type("#subject-0", "Dana Osei")
    person.type("#email-0", "desk@office.example")
    person.press("main form button")
    person.look("sealed")


def keeper(person: Person) -> None:
    """An office is closed for a week, its duty list and teams change, and somebody is proposed: no YAML."""
    person.go("/admin")
    person.press("main a[href='/admin/agencies']")
    person.look("offices")
    person.press("main a[href='/admin/agencies/city-council']")
    person.look("office")
    person.press("main a[href$='/hours/office']")
    person.look("hours")
    person.type("#first_day", "2027")
    person.press("main form button")
    person.look("hours-with-a-fault")
    person.page.fill("#first_day", "2027-05-03")
    person.page.fill("#last_day", "2027-05-07")
    person.press("main form button")
    person.look("dates-before-closing")
    person.press("main form .govuk-button:not(.govuk-button--secondary)")
    person.look("closed")
    person.press("a[href='/admin/agencies/city-council']")
    person.press("main a[href$='/lists/duty']")
    person.look("duty-list")
    person.type("#email-0", "nobody")
    person.press("main form button")
    person.look("duty-list-with-a-fault")
    person.go("/admin/agencies/city-council/lists/absences")
    person.look("absences")
    person.go("/admin/agencies/city-council/teams")
    person.look("teams")
    person.go("/admin/agencies/roads/address")
    person.look("address")
    person.type("#endpoint", "https://roads.example/new")
    person.press("main form button")
    person.look("address-proposed")
    person.go("/admin/people")
    person.press("main a[href='/admin/people/new']")
    person.type("#issuer", "https://idp.example")
    person.type("#subject", "zoe")
    person.press("main form button")
    person.look("person-with-a-fault")
    person.tab_to("#roles")
    person.page.keyboard.press("Space")
    person.press("main form button")
    person.look("proposals")


def administrator(person: Person) -> None:
    """Health, definitions, what waits, people, versions."""
    person.go("/admin")
    person.look("health")
    for page in ("definitions", "deliveries", "people", "journeys", "glass"):
        person.go("/admin")
        person.press(f"main a[href='/admin/{page}']")
        person.look(page)


def saver(person: Person) -> None:
    """A form is saved, taken up again with what stands on the paper, and deleted."""
    person.go("/services/pothole")
    person.press("main form button")
    person.type("#place", "Mill Lane 4, شارع النهر")
    person.look("step-that-can-be-saved")
    person.press("main form button[value='later']")
    person.look("saved-for-later")
    reference, secret = (one.text_content() or "" for one in person.page.query_selector_all(".od-code"))
    person.press("main a[href='/drafts']")
    person.type("#reference", reference)
    person.type("#secret", "AAAAA-AAAAA")
    person.press("main form button")
    person.look("not-there")
    person.type("#reference", reference.lower())
    person.type("#secret", secret)
    person.press("main form button")
    person.look("taken-up")
    person.press("main form button")
    person.press("main form button")
    person.press("main form button")
    person.look("check-of-what-was-saved")
    person.go(person.page.url.removeprefix(person.address).replace("/check", "/your:draft"))
    person.press("main form[action$='/deletion'] button")
    person.look("deleted")


def counter(person: Person) -> None:
    """Somebody who speaks Arabic stands at the counter: from what they say to a paper in their hand."""
    person.go("/desk")
    person.press("main a[href='/desk/entry']")
    person.look("counter")
    person.press("form[action='/desk/entry/find'] button")
    person.look("counter-with-a-fault")
    person.type("#text", "a pothole, nid de poule, bache, حفرة")
    person.tab_to("#spoken")
    person.page.select_option("#spoken", "ar")
    person.press("form[action='/desk/entry/find'] button")
    person.look("which-service")
    person.press("main form button")
    person.look("no-consent")
    person.page.focus("#service")
    person.page.keyboard.press("Space")
    person.tab_to("#consent")
    person.page.keyboard.press("Space")
    person.press("main form button")
    person.look("read-aloud")
    person.press("main form button")
    person.look("read-aloud-with-a-fault")
    person.type("#place", "شارع النهر 4")
    person.press("main form button")
    person.look("read-aloud-choices")
    person.press("main form button")
    person.press("main form button")
    person.type("#name", "أمل")
    person.look("who-is-it")
    person.press("main form button[value='later']")
    person.look("they-go-on-at-home")
    person.press("main a[href$='/check']")
    person.look("read-back")
    person.press("main form button")
    person.look("receipt")


def reached(person: Person) -> None:
    """Somebody says how she is reached: on one request, then once for all; faults stand where they are, and what was typed stays."""
    person.go("/services/pothole")
    person.press("main form button")
    person.type("#place", "Mill Lane 4")
    for _ in range(3):
        person.press("main form button")
    person.type("#email", "ada@example.org")
    person.press("main form button")
    person.press("main form button")
    person.press("main a.govuk-button")
    person.press("main a[href$='/reach']")
    person.look("of-a-request")
    person.tab_to("#channel-1")
    person.page.select_option("#channel-1", "sms")
    person.type("#phone", "twelve")
    person.press("main form .govuk-button")
    person.look("with-a-fault")
    person.type("#phone", "+32 470 12 34 56")
    person.page.select_option("#interpreter", "ti")
    person.tab_to("#needs")
    person.page.keyboard.press("Space")
    person.press("main form .govuk-button")
    person.look("kept")
    person.press("main a[href^='/my/reach']")
    person.look("once-for-all")
    person.page.select_option("#channel-1", "post")
    person.press("main form .govuk-button")
    person.look("no-address")
    person.type("#address", "شارع النهر 4")
    person.press("main form .govuk-button")
    person.look("kept-for-all")


STORIES = (
    Story("reached", ALICE, reached),
    Story("citizen", None, citizen),
    Story("saver", None, saver),
    Story("everybody", None, everybody),
    Story("caseworker", replace(DESK, teams=("desk",)), caseworker),
    Story("rarely", replace(DESK, teams=("desk",)), rarely),
    Story("counter", replace(DESK, teams=("desk",)), counter),
    Story("sharer", replace(DESK, teams=("desk",)), sharer),
    Story("champion", CHAMPION, champion),
    Story("administrator", ADMIN, administrator),
    Story("keeper", ADMIN, keeper),
)
