"""A file of handovers: made of its lines, put where the agency takes it, and asked for where nobody knows whether it arrived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from portal.catalogue.definitions import Agency
from portal.dispatch import handover
from portal.dispatch.reach import NoKey, key, reach
from portal.outbox import parcels
from portal.outbox.claims import Claim
from portal.plugins import discovery
from portal.plugins.agency import Delivery, File, Files, Reach, Receipt, Refusal
from portal.settings import Settings
from portal.telemetry import correlation
from portal.unit_of_work import Work
from portal.wire import exchange
from portal.wire.exchange import Place, Unfit, Unreached
from portal.wire.pinned import Forbidden

NO_ANSWER = "the agency may have taken the file"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file ready to leave: nothing of the database is needed any more."""

    agency: Agency
    reach: Reach
    files: tuple[File, ...]
    again: bool
    lines: int

    @property
    def name(self) -> str:
        """What people call it."""
        return self.files[0].name

    @property
    def digest(self) -> str:
        """SHA-256 of what is in it."""
        return sha256(self.files[0].content).hexdigest()


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bundle, or why there is none; and lines that cannot stand in any file, each with why."""

    ready: Bundle | Refusal
    unfit: tuple[tuple[Claim, Refusal], ...] = ()


def prepared(work: Work, claims: Sequence[Claim], crashes: int) -> Prepared:
    """The file of these lines, whose cases are in hand. A line that cannot be made is set aside alone, the others leave."""
    one = claims[0]
    agency, parcel = work.catalogue.agencies.get(one.target), one.parcel
    assert parcel is not None
    if agency is None or agency.batch is None:
        return Prepared(Refusal("the agency no longer takes files", retry=False, code="no-agency"))
    if max(claim.crashes for claim in claims) >= crashes:
        return Prepared(Refusal("attempts ended without a word: something in this file stops the portal", retry=False, code="crashes"))
    if parcel.again and agency.promise == "blind" and agency.on_doubt == "staff":
        return Prepared(handover.in_doubt("an attempt ended without a word"))
    try:
        way = reach(agency, work.portal.settings)
    except (NoKey, OSError):
        return Prepared(Refusal("the file AGENCY_KEYS names cannot be read, or lacks this agency's key", retry=True, code="no-keys"))
    adapter = discovery.adapter(agency.adapter, agency.id)
    if not isinstance(adapter, Files):
        return Prepared(Refusal("its adapter makes no files", retry=False, code="no-files"))
    lines: list[Delivery] = []
    unfit: list[tuple[Claim, Refusal]] = []
    for claim in claims:
        try:
            line = handover.described(work, claim, agency, way, known_at=parcel.made_at)
            adapter.prepare(line)
            lines.append(line)
        except Exception as fault:
            unfit.append((claim, Refusal(f"its line cannot be made ({type(fault).__name__})", retry=False, code="not-prepared")))
    if not lines:
        return Prepared(Refusal("no line of the file can be made", retry=False, code="not-prepared"), tuple(unfit))
    return Prepared(Bundle(agency, way, tuple(adapter.collect(way, lines, parcel.number)), parcel.again, len(lines)), tuple(unfit))


def call(bundle: Bundle, settings: Settings) -> Receipt | Refusal:
    """Puts it there; no transaction is open meanwhile. What lies there already with the same content is what we put there."""
    batch = bundle.agency.batch
    assert batch is not None
    begun = False
    try:
        with opened(bundle.agency, bundle.reach, settings) as place:
            if batch.taken and set(place.names(batch.taken)) & {file.name for file in bundle.files}:
                return _there_already(bundle)
            for file in bundle.files:
                begun = True
                place.put(batch.to, file.name, file.content)
    except Forbidden as refused:
        return Refusal(f"the portal may not go there: {refused}", retry=False, code="forbidden-address")
    except (NoKey, OSError):
        return Refusal("a key of this agency cannot be read: see AGENCY_KEYS", retry=True, code="no-keys", doubt=bundle.again)
    except Unfit as odd:
        return Refusal(str(odd), retry=False, code="name-taken", doubt=bundle.again)
    except Unreached as broken:
        refusal = Refusal(str(broken), retry=True, code="unreachable", doubt=bundle.again or (begun and broken.sent))
        blind = bundle.agency.promise == "blind" and bundle.agency.on_doubt == "staff"
        return handover.in_doubt(refusal.reason) if refusal.doubt and blind else refusal
    return Receipt()


def _there_already(bundle: Bundle) -> Receipt | Refusal:
    """The agency has put a file of that name with those it took: the one of which nobody knew, or another of the same number."""
    if bundle.again:
        return Receipt()
    return Refusal(f"the agency has taken a file {bundle.name} before: our numbers and its own do not agree", retry=False, code="name-taken")


@contextmanager
def opened(agency: Agency, way: Reach, settings: Settings) -> Iterator[Place]:
    """The agency's folder. Forbidden, Unreached, NoKey, OSError where its file of keys cannot be read."""
    address, batch = way.endpoint or "", agency.batch
    assert batch is not None
    if address.startswith("sftp:"):
        from portal.wire import sftp

        password = key(settings, batch.password) if batch.password else None
        login = sftp.Login(batch.user or "", batch.host_key or "", password, key(settings, batch.login_key) if batch.login_key else None)
        with sftp.server(address, login, loopback=settings.mode in ("local", "test")) as place:
            yield place
    elif address.startswith("file:"):
        with exchange.folder(address, settings.exchanges) as place:
            yield place
    else:
        raise Forbidden("the address is neither sftp: nor file:, or names a setting that is empty")


def settled(work: Work, claims: Sequence[Claim], ready: object, outcome: object) -> None:
    """What becomes of the file itself, in the unit that settles its lines: it left, it is tried again as it is, or its number is given again."""
    parcel = claims[0].parcel
    assert parcel is not None
    if isinstance(ready, Bundle) and isinstance(outcome, Receipt):
        parcels.left(work, parcel.target, parcel.number, name=ready.name, lines=ready.lines, digest=ready.digest)
    elif isinstance(outcome, Refusal) and not in_doubt(claims, outcome):
        parcels.dissolved(work, parcel)
    elif isinstance(outcome, Refusal) and not outcome.retry:
        parcels.left(work, parcel.target, parcel.number, name=None, lines=0, digest=None)


def in_doubt(claims: Sequence[Claim], refusal: Refusal) -> bool:
    """Whether the file may lie there, now or since an earlier attempt."""
    parcel = claims[0].parcel
    return refusal.doubt or (parcel is not None and parcel.again)


def traced(claims: Sequence[Claim]) -> str | None:
    """A file of one handover goes under the number of its request; one of several under none."""
    return claims[0].body.get("trace") if len(claims) == 1 else correlation.current()
