"""Tries an adapter on a stand-in over real HTTP: the simulated agency in each of its ways, on a port of its own."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory

from portal.catalogue.definitions import Agency
from portal.local.agencies import Town, serve
from portal.local.agency_files import Clerk
from portal.local.agency_ledger import Ledger
from portal.local.agency_reports import Reporter
from portal.plugins.agency import Adapter, Answer, Asked, Asks, File, Files, HttpCall, Reach, Receipt, Refusal, not_understood
from portal.plugins.proofs import sample
from portal.wire.http import Garbled, Guard, Unreachable, send
from portal.wire.signatures import signed

#: Where the stand-in of a shipped adapter is; what has its own protocol has none.
PLACES = {"rest": "/{agency}", "open311": "/open311/{agency}"}
#: Seconds a call may take here: a stand-in that hangs is not waited for long.
TOTAL = 0.8

Meaning = Receipt | Refusal


@dataclass
class StandIn:
    """The simulated agency, its ledger, and how it is reached."""

    town: Town
    agency: str
    reach: Reach
    adapter: Adapter

    def hand_over(self, behaviour: str, key: str) -> Meaning:
        """One handover, and what the adapter makes of the answer."""
        self.town.behaviour[self.agency] = behaviour
        made = self.adapter.prepare(sample(self.agency, self.reach, key=key))
        assert isinstance(made, HttpCall)
        got = self._sent(made, key)
        return got if isinstance(got, Refusal) else self.adapter.read(got)

    def knows(self, key: str) -> str | None:
        """What the agency says to a key when asked; None where it cannot be asked by keys."""
        if not isinstance(self.adapter, Asks):
            return None
        self.town.behaviour[self.agency] = "works"
        asked = [Asked(key, None, datetime.now(UTC))]
        for question in self.adapter.ask(self.reach, asked):
            got = self._sent(question.call, key)
            told = {} if isinstance(got, Refusal) else self.adapter.told(self.reach, asked, got)
            return "failed" if isinstance(told, Refusal) or key not in told else told[key].status or "known"
        return None

    def effects(self, before: int = 0) -> int:
        """Distinct effects there since then."""
        return len(self.town.ledger.effects()) - before

    def _sent(self, call: HttpCall, key: str) -> Answer | Refusal:
        headers = {**call.headers, **signed(self.town.secrets[self.agency][0], key, datetime.now(UTC), call.body)}
        try:
            got = send(Guard.of([call.url], local=True), call.method, call.url, headers, call.body, total=TOTAL, read=TOTAL)
        except Unreachable as failed:
            return Refusal(str(failed), retry=True, code="unreachable", doubt=failed.sent)
        except Garbled as odd:
            return not_understood(str(odd))
        return Answer(got.status, got.headers, got.body)


@contextmanager
def stand_in(agency: str, name: str, adapter: Adapter, reach: Reach) -> Iterator[StandIn]:
    """A simulated agency for that adapter, gone at the end."""
    with TemporaryDirectory() as place:
        secrets: dict[str, tuple[str, ...]] = {agency: ("whsec_" + b64encode(token_bytes(24)).decode(),)}
        ledger, ended = Ledger(Path(place) / "ledger.sqlite"), threading.Event()
        town = Town(secrets, ledger, Reporter(ledger, secrets, delay=60), {}, ended)
        server = serve(town, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            there = f"http://127.0.0.1:{server.server_port}" + PLACES[name].format(agency=agency)
            options = {**reach.options, "codes": {"pothole": "001"}} if name == "open311" else reach.options
            yield StandIn(town, agency, replace(reach, endpoint=there, options=options, secret=reach.secret or "key"), adapter)
        finally:
            ended.set()
            server.shutdown()
            thread.join()
            server.server_close()
            ledger.close()


def _taken(one: StandIn, way: str) -> str | None:
    meaning = one.hand_over(way, f"k-{way}")
    return None if isinstance(meaning, Receipt) else f"it was taken, and the adapter reads: {meaning.reason}"


def _people(one: StandIn, way: str) -> str | None:
    meaning = one.hand_over(way, f"k-{way}")
    return None if isinstance(meaning, Refusal) and not meaning.retry else f"it is for people, and the adapter reads {meaning}"


def _again(one: StandIn, way: str) -> str | None:
    meaning = one.hand_over(way, f"k-{way}")
    return None if isinstance(meaning, Refusal) and meaning.retry else f"it may pass, and the adapter reads {meaning}"


def _repeated(one: StandIn, way: str) -> str | None:
    before = one.effects()
    for _ in range(3):
        one.hand_over("works", "k-same")
    found = one.effects(before)
    return f"the same key three times had {found} effects, and it promises `idempotent`" if one.adapter.promise == "idempotent" and found != 1 else None


def _lost(one: StandIn, way: str) -> str | None:
    meaning = one.hand_over("loses", "k-lost")
    if not isinstance(meaning, Refusal) or not meaning.doubt:
        return f"it may have arrived, and that is read as {meaning}"
    said = one.knows("k-lost")
    return f"asked for a key it has, it is read as `{said}`" if said not in (None, "accepted", "done", "known") else None


#: Way of the stand-in -> what is proved, and how.
WAYS: dict[str, tuple[str, Callable[[StandIn, str], str | None]]] = {
    "works": ("a receipt", _taken),
    "forgets": ("a receipt, whatever follows", _taken),
    "rejects": ("a clear no goes to people", _people),
    "breaks": ("tried again", _again),
    "busy": ("tried again, when it says", _again),
    "hangs": ("tried again, in time", _again),
    "drips": ("tried again, in time", _again),
    "floods": ("not believed, not swallowed", _people),
    "lies": ("not believed", _people),
    "truncates": ("not believed", _people),
    "redirects": ("not followed", _people),
    "repeats": ("one effect for one key", _repeated),
    "loses": ("doubt is seen, and asked about", _lost),
}


def tried_files(agency: Agency, adapter: Files, reach: Reach) -> dict[str, str | None]:
    """As `tried`, of an agency that works by files: a clerk takes what is put into a folder, and answers as told."""
    return {way: _filed(agency, adapter, reach, way) for way in FILE_WAYS}


def _filed(agency: Agency, adapter: Files, reach: Reach, way: str) -> str | None:
    with TemporaryDirectory() as place:
        root, ledger = Path(place), Ledger(Path(place) / "ledger.sqlite")
        clerk, batch = Clerk(agency, root, ledger, {agency.id: way}), agency.batch
        assert batch is not None
        (root / batch.to).mkdir(parents=True)
        keys = [f"{number:08x}-0000-7000-8000-000000000000" for number in (0xA1, 0xB2)]
        for file in adapter.collect(reach, [sample(agency.id, reach, key=key) for key in keys], 1):
            (root / batch.to / file.name).write_bytes(file.content)
        clerk.turn()
        found = {one["key"] for one in ledger.effects()}
        ledger.close()
        if found != set(keys):
            return f"of {len(keys)} lines the office took {len(found)}"
        there = {one.name: one.read_bytes() for one in (root / batch.back).glob("*")}
    if way == "half":
        there = {name: content for name, content in there.items() if not name.endswith(".control")}
    told = [adapter.understand_file(reach, [File(name, there[name]) for name in group]) for group in adapter.answers(reach, sorted(there))]
    believed = {line.status for one in told if not isinstance(one, Refusal) for line in one}
    expected = FILE_WAYS[way][1] if not (way == "half" and batch.control == "line") else {"accepted", "done"}
    return None if believed == expected else f"it is read as {sorted(believed) or 'nothing'}, and means {sorted(expected) or 'nothing'}"


#: Way of the clerk -> what is proved, and the statuses that may be believed.
FILE_WAYS: dict[str, tuple[str, set[str]]] = {
    "works": ("answers in two files are understood", {"accepted", "done"}),
    "refuses": ("a refusal is one", {"refused"}),
    "repeats": ("what comes three times says the same", {"done"}),
    "lies": ("a total that is wrong is not believed", set()),
    "truncates": ("half a file is not believed", set()),
    "half": ("a file without its control is left alone", set()),
}


def tried(agency: str, name: str, adapter: Adapter, reach: Reach) -> dict[str, str | None]:
    """Every way of the stand-in -> what went wrong, None where it was as it must be; empty where there is no stand-in for the adapter."""
    if name not in PLACES:
        return {}
    with stand_in(agency, name, adapter, reach) as one:
        return {way: prove(one, way) for way, (_, prove) in WAYS.items()}
