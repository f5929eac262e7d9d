"""Who may do what: one table, action -> predicates over the principal. Every route names its action; OpenAPI carries it as `x-authz`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portal.errors import NotAllowed, NotSignedIn
from portal.unit_of_work import Principal

Predicate = Callable[[Principal], bool]


def anyone(_: Principal) -> bool:
    """Everybody, signed in or not."""
    return True


def party(who: Principal) -> bool:
    """Somebody who proved to stand on a case, by its secret or by signing in; which cases is the reader's scope."""
    return who.scope == "party"


def party_acting(who: Principal) -> bool:
    """A party that may write: for itself, or with a mandate that lets it."""
    return who.scope == "party" and who.mandate in (None, "act", "all")


def party_disposing(who: Principal) -> bool:
    """A party that may end things: for itself, or with a mandate for all."""
    return who.scope == "party" and who.mandate in (None, "all")


def party_itself(who: Principal) -> bool:
    """A party that stands on the case for itself."""
    return who.scope == "party" and who.mandate is None


def citizen(who: Principal) -> bool:
    """A citizen who signed in."""
    return who.scope == "party" and who.subject is not None


def signed_in(who: Principal) -> bool:
    """Whoever signed in, as somebody."""
    return who.scope in ("party", "staff", "champion", "admin") and who.subject is not None


def caseworker(who: Principal) -> bool:
    """Staff of an agency."""
    return who.scope == "staff" and "caseworker" in who.roles


def duty_person(who: Principal) -> bool:
    """Who is paged when there is danger."""
    return who.scope == "staff" and "duty" in who.roles


def team_lead(who: Principal) -> bool:
    """Who shares out the work of an agency."""
    return who.scope == "staff" and "team-lead" in who.roles


def champion(who: Principal) -> bool:
    """Who answers for the promise, across agencies."""
    return who.scope == "champion"


def administrator(who: Principal) -> bool:
    """Who keeps adapters and people."""
    return who.scope == "admin"


def monitoring(who: Principal) -> bool:
    """Who brings METRICS_TOKEN: a machine that watches this one."""
    return "monitoring" in who.roles and who.scope == "relay"


def agency_system(who: Principal) -> bool:
    """An agency's machine that signed its call."""
    return who.scope == "agency"


@dataclass(frozen=True)
class Permission:
    """One action: what it is, and who may do it (any predicate is enough)."""

    says: str
    who: tuple[Predicate, ...]

    @property
    def subjects(self) -> list[str]:
        """Names for `x-authz`."""
        return [predicate.__name__ for predicate in self.who]


PERMISSIONS: dict[str, Permission] = {
    "catalogue.read": Permission("See services, standards and their figures.", (anyone,)),
    "health.read": Permission("See whether the portal is up.", (anyone,)),
    "metrics.read": Permission("Read what the portal counts and what waits.", (monitoring,)),
    "documents.read": Permission("Read the API description and problem types.", (anyone,)),
    "indicators.read": Permission("See figures.", (anyone,)),
    "indicators.cases": Permission("See the cases behind a figure, those one may see.", (champion, caseworker)),
    "case.open": Permission("Start a request.", (anyone,)),
    "draft.fill": Permission(
        "Save a form for later, go on with it, send or delete it: with its secret, as who keeps it, or at the desk that has it.", (anyone,)
    ),
    "case.enter": Permission("Enter a request for somebody, at the counter or on the telephone, with their consent.", (caseworker,)),
    "case.speak-for": Permission(
        "With its party at the counter or on the telephone, who agreed: read its status aloud, answer and take back for it.", (caseworker,)
    ),
    "case.renew-secret": Permission("Make a lost case secret anew for who has shown to be its party.", (caseworker,)),
    "draft.keep": Permission("Keep a saved form among one's own.", (citizen,)),
    "draft.list-own": Permission("See which saved forms are one's own.", (citizen,)),
    "case.follow": Permission("Follow a request everybody may see, or follow it no more.", (anyone,)),
    "case.read": Permission("See a case, its events and its clocks.", (party, caseworker, champion, administrator)),
    "case.list-own": Permission("See which requests are one's own.", (citizen,)),
    "case.keep": Permission("Keep a request, proved by its secret, among one's own.", (party_itself,)),
    "case.write": Permission("Answer and say how it was.", (party_acting,)),
    "case.withdraw": Permission("Take a request back.", (party_disposing,)),
    "case.message": Permission("Write on a case.", (party_acting, caseworker)),
    "agency.amend": Permission("Change an agency's hours, closures, absences, teams, duty persons and address book.", (administrator,)),
    "person.list": Permission("See people and proposals.", (administrator,)),
    "person.end": Permission("Say that somebody works here no more.", (administrator,)),
    "proposal.make": Permission("Propose roles of people, or where deliveries go.", (administrator,)),
    "proposal.decide": Permission("Confirm or refuse, as the second administrator.", (administrator,)),
    "case.reads": Permission("See who of the staff looked at the case.", (party,)),
    "case.seal": Permission("Seal a case to named people, change whom it names, and open it again.", (caseworker, champion)),
    "glass.break": Permission("Look into a case one has nothing to do with, for a written reason and a while.", (administrator,)),
    "glass.list": Permission("See who looked into cases one answers for, and why.", (champion,)),
    "consent.read": Permission("See what the case's party agreed to, and which of its answers another request would ask again.", (party,)),
    "consent.give": Permission("Agree that one's office looks at one's other requests; take a consent back.", (party_itself,)),
    "reach.read": Permission("See how a party wants to be reached, and what became of each notice to it.", (party, caseworker)),
    "reach.change": Permission("Say how one wants to be reached; staff say it on behalf of the party.", (party_itself, caseworker)),
    "reach.own": Permission("Say once, for all requests of one's own, how one wants to be reached.", (citizen,)),
    "reach.end": Permission("End courtesy messages with the address they came with.", (anyone,)),
    "case.matters": Permission(
        "See where the other matters of somebody stand whose open case one handles, for a stated purpose: by consent, or on a ground its service names.",
        (caseworker, champion),
    ),
    "look.list": Permission("See who looked across, for which cases one answers for, and why.", (champion,)),
    "mandate.read": Permission("See who may stand on the case for its party.", (party,)),
    "mandate.give": Permission("Let somebody stand on the case for oneself.", (party_itself,)),
    "mandate.accept": Permission("Take up a mandate.", (citizen,)),
    "mandate.end": Permission("End a mandate that was given, or that one holds.", (party,)),
    "document.add": Permission("Send a file.", (party_acting, caseworker)),
    "document.read": Permission("See and open the files of a case.", (party, caseworker, administrator)),
    "case.signal": Permission("Say that something has happened a journey waits for.", (caseworker, champion)),
    "case.publish": Permission("Say what everybody may see of a request for a public service.", (caseworker,)),
    "requests.read": Permission("See requests for public services, without names, words or exact places nobody approved.", (anyone,)),
    "requests.update": Permission("Write about such a request with a key for the channel; people read it.", (anyone,)),
    "text.receive": Permission("Bring in a text message, signed by the carrier.", (anyone,)),
    "text.report": Permission("Say what became of a text message, signed by the carrier.", (anyone,)),
    "decision.object": Permission("Object to a decision.", (party_disposing,)),
    "decision.revoke": Permission("Take back an approval by silence while its law allows it; of the agency whose silence it was.", (caseworker,)),
    "decision.serve": Permission("Write down how and when a decision was served.", (caseworker,)),
    "contact.read": Permission("See who turned to whom about a case, and why.", (caseworker, champion)),
    "contact.keep": Permission("Write down a contact, or put right why it came.", (caseworker,)),
    "letter.receive": Permission("Write down a letter that came in, as of the day it was received.", (caseworker, champion)),
    "print.list": Permission("See which letters wait to be printed, were posted or came back; of one's agency.", (caseworker,)),
    "print.work": Permission("Take letters to print them, post them, write down what came back, print one again.", (caseworker,)),
    "task.list": Permission("See the queue.", (caseworker,)),
    "task.work": Permission("Claim, release, complete, ask, refer, hand over, set priority, tick, undo, note.", (caseworker,)),
    "desk.own": Permission("Say when one is away and who stands in; keep views of the worklist.", (caseworker,)),
    "desk.lead": Permission("Say what colleagues of one's agency know and how much they hold at once.", (team_lead,)),
    "referral.list": Permission("See what is offered between doors: those of one's agency, or all.", (caseworker, champion)),
    "referral.answer": Permission("Accept or decline what one's agency is offered; take back what it offered.", (caseworker,)),
    "referral.settle": Permission("End a dispute between doors.", (champion,)),
    "delivery.list": Permission("See handovers to agencies, those one may see.", (caseworker, champion, administrator)),
    "delivery.read": Permission("See the handovers of a case and every attempt.", (caseworker, champion)),
    "delivery.retry": Permission("Send a handover again that waits for people.", (caseworker, administrator)),
    "fee.read": Permission("See a fee.", (caseworker, champion)),
    "fee.pay": Permission("Pay a fee by card.", (party_acting,)),
    "fee.cash": Permission("Take a fee in cash, or hand one back, at the counter of the agency it is owed to.", (caseworker,)),
    "fee.waive": Permission("Waive a fee owed to one's agency.", (caseworker,)),
    "fee.refund": Permission("Pay back a fee paid to one's agency.", (caseworker,)),
    "fee.confirm": Permission("Confirm or refuse, as the second person, what a colleague proposed.", (caseworker,)),
    "cash-day.read": Permission("See the cash days of one's agency.", (caseworker, champion)),
    "cash-day.close": Permission("Count a till of one's agency, or close its day as the second person.", (caseworker,)),
    "breach.list": Permission("See promises that were missed.", (champion, caseworker)),
    "administration.read": Permission("See what the portal runs on: definitions, people, versions of journeys, what waits.", (administrator,)),
    "journey.move": Permission("Bring running cases to another version of their journey, see how far that is, and undo it.", (administrator,)),
    "duty.acknowledge": Permission("Answer a page for danger.", (caseworker, duty_person)),
    "agency.report": Permission("Report back on a handover.", (agency_system,)),
    "payment.report": Permission("Report what became of a card payment.", (agency_system,)),
    "session.begin": Permission("Sign in, or out.", (anyone,)),
    "session.read": Permission("See with which browsers one is signed in.", (signed_in,)),
    "session.end": Permission("End one's own sessions.", (signed_in,)),
    "development.sign-in": Permission("Sign in as a sample person (local mode only).", (anyone,)),
}


def demand(who: Principal, action: str) -> None:
    """Returns where `who` may do `action`; NotSignedIn or NotAllowed where not; KeyError for an action that is not declared."""
    if any(predicate(who) for predicate in PERMISSIONS[action].who):
        return
    raise NotSignedIn if who.scope == "anonymous" else NotAllowed
