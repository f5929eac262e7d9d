"""Who asks and for what: twelve subjects, and of each kind of object one's own, one of the same agency, one of another, a sealed one and none at all."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient

from portal.access import sessions
from portal.app import create_app
from portal.cases import reference as references
from portal.catalogue.store import store
from portal.db import connect
from portal.dispatch.deliver import drain
from portal.pages import own_form
from portal.queues import people
from portal.unit_of_work import ENGINE, Portal, Principal, Work
from tests.contracts.issuer import ISSUER, Issuer
from tests.ledger.test_main_job import needed
from tests.ledger.test_roles import Town, soon

#: Objects of a kind, as somebody may stand to them.
OBJECTS = ("own", "same", "other", "sealed", "none")
#: Subjects, each with the names of the permission table it goes by: what it is, not what the code under test makes of it.
SUBJECTS: dict[str, frozenset[str]] = {
    "anonymous": frozenset({"anyone"}),
    "owner": frozenset({"anyone", "party", "party_acting", "party_disposing", "party_itself", "citizen", "signed_in"}),
    "stranger": frozenset({"anyone", "party", "party_acting", "party_disposing", "party_itself", "citizen", "signed_in"}),
    "delegate": frozenset({"anyone", "party", "party_acting", "citizen", "signed_in"}),
    "staff-same-team": frozenset({"anyone", "caseworker", "signed_in"}),
    "staff-other-team": frozenset({"anyone", "caseworker", "signed_in"}),
    "staff-other-agency": frozenset({"anyone", "caseworker", "signed_in"}),
    "champion-assigned": frozenset({"anyone", "champion", "signed_in"}),
    "champion-elsewhere": frozenset({"anyone", "champion", "signed_in"}),
    "admin": frozenset({"anyone", "administrator", "signed_in"}),
    "agency-own": frozenset({"anyone", "agency_system"}),
    "agency-other": frozenset({"anyone", "agency_system"}),
}
CITIZENS = ("owner", "stranger", "delegate")
#: Subject -> objects it sees. Nobody of the twelve is named on what is sealed.
SEES: dict[str, tuple[str, ...]] = {
    "owner": ("own",),
    "delegate": ("own",),
    "staff-same-team": ("own", "same"),
    "staff-other-team": ("own", "same"),
    "staff-other-agency": ("other",),
    "champion-assigned": ("own", "same"),
}


@dataclass
class Kind:
    """One kind of object: whose it is, and the text that leads to each in an address."""

    agency: str
    team: str
    service: str
    #: Where the staff of the other agency works.
    other: str = "city-council"
    places: dict[str, str] = field(default_factory=dict)
    #: Texts that stand in it and in nothing else, by object.
    canaries: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Undone(Exception):
    """The unit went well, and nothing of it is kept."""


class Tried(Portal):
    """A portal whose units may be tried without being kept, so that one who is allowed changes nothing for the next."""

    keeps = True

    @contextmanager
    def work(self, principal: Principal, **options: Any) -> Iterator[Work]:
        if self.keeps:
            with super().work(principal, **options) as work:
                yield work
            return
        try:
            with super().work(principal, **options) as work:
                yield work
                work.settle()
                raise Undone
        except Undone:
            pass


class World(Town):
    """The portal with everything in it, and the twelve who ask."""

    def __init__(self, database: Any, issuer: Issuer) -> None:
        super().__init__(database.url, issuer)
        self.database = database
        given = self.portal
        self.tried = Tried(given.engine, given.catalogue, given.reactions, replace_settings(given))
        self.portal = self.tried
        self.client: FlaskClient = create_app(self.tried).test_client()
        owner = connect(database.owner_url)
        with owner.begin() as connection:
            store(connection, given.catalogue.stored)
        owner.dispose()
        self.kinds: dict[str, Kind] = {}
        #: Canary -> the reference of its case.
        self._references: dict[str, str] = {}
        self._also: dict[tuple[str, str], set[str]] = {}
        self._sessions: dict[tuple[str, str], tuple[str, str]] = {}
        self._arrange()
        self.tokens = {(name, kind): self._token(name, one) for name in SUBJECTS for kind, one in self.kinds.items()}

    # ------------------------------------------------------------------ objects

    def _arrange(self) -> None:
        carol, named = self.citizen("carol"), f"{ISSUER}|named"
        with self.portal.work(Principal("staff", named, agencies=("social-services",), teams=("benefits",), roles=("caseworker",))) as work:
            people.seen(work, work.principal)
        whose = {"own": self.alice, "same": carol, "sealed": carol}
        case = Kind("social-services", "benefits", "housing-benefit")
        decided, mandate, consent = replace_kind(case), replace_kind(case), replace_kind(case)
        task, letter = replace_kind(case), replace_kind(case)
        for name, who in whose.items():
            self._open(case, name, "housing-benefit", who)
            task.places[name] = self._task(case.places[name], self.worker)
            done = replace_kind(case)
            self._open(done, name, "housing-benefit", who)
            self._finish(done.places[name])
            ((id,),) = self._look("SELECT d.id FROM decisions d JOIN cases c USING (case_id) WHERE c.reference = %s", done.places[name])
            decided.places[name], letter.places[name] = str(id), done.places[name]
            mandate.places[name] = self.ask("POST", f"/cases/{case.places[name]}/mandates", who, {"scope": "act", "until": soon()}, status=201)["id"]
            consent.places[name] = self.ask("POST", f"/cases/{case.places[name]}/consents", who, {}, status=201)["id"]
            consent.canaries[name] = case.canaries[name]
            decided.canaries[name] = letter.canaries[name] = done.canaries[name]
            task.canaries[name] = mandate.canaries[name] = case.canaries[name]
        self._represent(case.places["own"])
        for one in (case, task):
            self._open(case, "other", "noise-complaint", carol) if one is case else None
            task.places["other"] = self._task(case.places["other"], self._staff("city-council", "desk", "inspectors", "safety"))
            task.canaries["other"] = case.canaries["other"]
        document = self._documents(case, whose)
        fee = self._fees(whose)
        delivery, referral = self._deliveries(whose), self._referrals(whose)
        printed, batch = self._prints(whose)
        for reference in (case.places["sealed"], letter.places["sealed"]):
            self.seal(reference, self.worker, named)
        self.kinds = {"case": case, "task": task, "decision": decided, "letter": letter, "mandate": mandate, "consent": consent, "document": document}
        self.kinds |= {"fee": fee, "delivery": delivery, "referral": referral, "print": printed, "batch": batch}
        self.kinds |= {"anything": Kind("social-services", "benefits", "housing-benefit")}
        for one in self.kinds.values():
            one.places["none"] = references.new() if one in (case, letter) else str(uuid4())

    def _open(self, kind: Kind, name: str, service: str, who: dict[str, str], *, by_post: bool = False) -> str:
        canary = f"canary-{uuid4().hex}"
        answers = needed(self.portal, service) | ({"monthly_income": 900, "self_employed": False} if service == "housing-benefit" else {})
        body = {"service": service, "answers": answers, "text": f"words {canary}", "contact": {"name": f"name {canary}", "email": f"{canary}@example.org"}}
        if by_post:
            body |= {"channel": "post", "contact": {"name": f"name {canary}", "address": f"Rue {canary}"}}
        told = self.ask("POST", "/cases", who, body, status=201)
        kind.places[name] = told["reference"]
        public = self.portal.catalogue.services[service].public and name != "sealed"
        kind.canaries[name] = (canary,) if public else (canary, told["reference"])
        self._references[canary] = told["reference"]
        return str(told["reference"])

    def _task(self, reference: str, who: dict[str, str]) -> str:
        return str(self.waiting(reference, who)["id"])

    def _finish(self, reference: str) -> None:
        self.do(reference)
        self.do(reference, outcome="refused", reasons="Your income is too high.")

    def _represent(self, reference: str) -> None:
        given = self.ask("POST", f"/cases/{reference}/mandates", self.alice, {"scope": "act", "until": soon()}, status=201)
        self.ask("POST", "/mandates", self.citizen("delegate"), {"reference": reference, "code": given["code"]})

    def _documents(self, case: Kind, whose: dict[str, dict[str, str]]) -> Kind:
        document = replace_kind(case)
        for name, who in whose.items():
            sent = {"file": (io.BytesIO(b"%PDF-1.4 a small one"), "paper.pdf")}
            found = self.client.post(f"/api/v1/cases/{case.places[name]}/documents", headers=who, data=sent)
            assert found.status_code == 201, found.get_data(as_text=True)
            document.places[name], document.canaries[name] = found.get_json()["id"], case.canaries[name]
        return document

    def _fees(self, whose: dict[str, dict[str, str]]) -> Kind:
        fee, clerk = Kind("civil-registry", "desk", "birth-certificate"), self._staff("civil-registry", "desk")
        for name, who in whose.items():
            reference = self._open(fee, name, "birth-certificate", who)
            fee.places[name] = self.ask("GET", f"/cases/{reference}", clerk)["fees"][0]["id"]
        self.seal(self._references[fee.canaries["sealed"][0]], clerk, f"{ISSUER}|named")
        return fee

    def _deliveries(self, whose: dict[str, dict[str, str]]) -> Kind:
        delivery, roads = Kind("roads", "streets", "pothole"), self._staff("roads", "streets")
        for name, who in whose.items():
            reference = self._open(delivery, name, "pothole", who)
            drain(self.portal, kinds=["delivery"])
            delivery.places[name] = self.ask("GET", f"/cases/{reference}/deliveries", roads)["items"][0]["id"]
        self.seal(self._references[delivery.canaries["sealed"][0]], roads, f"{ISSUER}|named")
        return delivery

    def _referrals(self, whose: dict[str, dict[str, str]]) -> Kind:
        referral = Kind("city-council", "inspectors", "noise-complaint", other="social-services")
        clerk = self._staff("city-council", "desk", "inspectors", "safety")
        for name, who in whose.items():
            reference = self._open(referral, name, "noise-complaint", who)
            id, body = self._task(reference, clerk), {"words": "A cover rattles.", "service": "water-connection", "agency": None}
            told = self.ask("POST", f"/tasks/{id}/refer", clerk, {key: value for key, value in body.items() if value})
            referral.places[name] = told["referral"]["id"]
        self.seal(self._references[referral.canaries["sealed"][0]], clerk, f"{ISSUER}|named")
        return referral

    def _prints(self, whose: dict[str, dict[str, str]]) -> tuple[Kind, Kind]:
        """Letters that answer what came by post, each in a batch of its own."""
        printed = Kind("treasury", "desk", "dog-registration")
        batch, clerk = replace_kind(printed), self._staff("treasury", "desk")
        for name, who in whose.items():
            reference = self._open(printed, name, "dog-registration", who, by_post=True)
            drain(self.portal, kinds=["notice"])
            taken = self.ask("POST", "/prints/batches", clerk, {}, status=201)
            (id,) = [one["id"] for one in taken["items"] if one["reference"] == reference]
            printed.places[name], batch.places[name], batch.canaries[name] = id, taken["batch"], printed.canaries[name]
        self.seal(self._references[printed.canaries["sealed"][0]], clerk, f"{ISSUER}|named")
        return printed, batch

    def _look(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.database.superuser_url) as connection:
            return connection.execute(text, values).fetchall()  # type: ignore[arg-type]

    # ------------------------------------------------------------------ subjects

    def _staff(self, agency: str, *teams: str, sub: str = "staff") -> dict[str, str]:
        return self._bearer(self.issuer, sub=f"{sub}-{agency}", agency=agency, teams=list(teams))

    def _claims(self, name: str, kind: Kind) -> dict[str, Any] | None:
        """Of the token a subject brings to objects of that kind; None where it has none."""
        nowhere: dict[str, Any] = {"agency": None, "teams": None}
        return {
            "owner": {"sub": "alice", "roles": ["citizen"], **nowhere},
            "stranger": {"sub": "bilal", "roles": ["citizen"], **nowhere},
            "delegate": {"sub": "delegate", "roles": ["citizen"], **nowhere},
            "staff-same-team": {"sub": f"same-{kind.agency}", "roles": ["caseworker"], "agency": kind.agency, "teams": [kind.team]},
            "staff-other-team": {"sub": f"team-{kind.agency}", "roles": ["caseworker"], "agency": kind.agency, "teams": ["no-team-of-it"]},
            "staff-other-agency": {"sub": f"else-{kind.other}", "roles": ["caseworker"], "agency": kind.other, "teams": None},
            "champion-assigned": {"sub": "clara", "roles": ["champion"], "services": [kind.service], **nowhere},
            "champion-elsewhere": {"sub": "tom", "roles": ["champion"], "services": ["marriage-certificate"], **nowhere},
            "admin": {"sub": "amir", "roles": ["administrator"], **nowhere},
        }.get(name)

    def _token(self, name: str, kind: Kind) -> dict[str, str]:
        claims = self._claims(name, kind)
        return self._bearer(self.issuer, exp=int(time.time()) + 24 * 3600, **claims) if claims else {}

    def session(self, name: str, kind: str) -> tuple[str, str] | None:
        """The token of a subject's session, and of the forms on its pages; None for those who do not sign in."""
        claims = self._claims(name, self.kinds[kind])
        if claims is None:
            return None
        if (name, kind) not in self._sessions:
            scope = {"citizen": "party", "caseworker": "staff", "champion": "champion", "administrator": "admin"}[claims["roles"][0]]
            agency, teams = claims.get("agency"), claims.get("teams") or ()
            who = Principal(
                scope,  # type: ignore[arg-type]
                f"{ISSUER}|{claims['sub']}",
                agencies=(agency,) if agency else (),
                teams=tuple(teams),
                roles=tuple(claims["roles"]),
                services=tuple(claims.get("services", ())),
            )
            with self.portal.work(ENGINE) as work:
                told = {"person": "", "provider": "test", "provider_session": None, "device": "test", "id_token": None}
                token = sessions.begin(work, who, **told)  # type: ignore[arg-type]
                here = sessions.look_up(work, token)
            assert here is not None
            self._sessions[name, kind] = (token, own_form.token(self.portal, here))
        return self._sessions[name, kind]

    def case_of(self, canary: str) -> UUID:
        """The case a canary stands in."""
        return self.id_of(self._references[canary])

    def also(self, name: str, object: str) -> set[str]:
        """Further agencies that have a case of that kind in hand: of a referral the other door, of a housing benefit what its journey asks."""
        if (name, object) not in self._also:
            references = [self._references[text] for text in self.kinds[name].canaries.get(object, ()) if text in self._references]
            asked = "SELECT agency_id FROM case_access JOIN cases USING (case_id) WHERE reference = ANY(%s)"
            self._also[name, object] = {agency for (agency,) in self._look(asked, references)}
        return self._also[name, object]

    # ------------------------------------------------------------------ looks

    def writes(self) -> int:
        """Transactions that have written so far."""
        return int(str(self._look("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")[0][0]))

    def digest(self) -> str:
        """What stands in the tables of cases and people."""
        tables = [name for (name,) in self._look("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1")]
        return str([self._look(f"SELECT count(*), sum(hashtext(t::text)::bigint) FROM {name} t") for name in tables if name not in ("heartbeats", "sessions")])

    def ids(self) -> dict[str, list[UUID]]:
        """Case ids behind the objects of kind `case`, by object."""
        return {name: [self.id_of(place)] for name, place in self.kinds["case"].places.items() if name != "none"}


def replace_kind(kind: Kind) -> Kind:
    """The same kind, empty."""
    return Kind(kind.agency, kind.team, kind.service, kind.other)


def replace_settings(portal: Portal) -> Any:
    """The settings, without limits: one address asks for everybody."""
    return portal.settings
